#include "services/domain/directory/programme.h"

#include "services/domain/rejection.h"

namespace caseledger::domain {
namespace {

absl::Status CheckValidity(const event::v1::ProgrammeRecorded& recorded) {
  const bool ends_before = recorded.has_valid_to_time() && ToMicros(recorded.valid_to_time()) <=
                                                               ToMicros(recorded.valid_from_time());
  return ends_before ? Reject(Reason::kProgrammeEndsBeforeItBegins) : absl::OkStatus();
}

}  // namespace

void ProgrammeState::Apply(const DomainEvent& event) {
  const Fact& fact = *event.fact;
  switch (KindOf(fact)) {
    case Fact::kProgrammeRecorded:
      kind = Kind::kProgramme;
      registered_by = AgencyOf(event);
      valid_from = ToMicros(fact.programme_recorded().valid_from_time());
      break;
    case Fact::kOutreachHeld:
      kind = Kind::kOutreach;
      registered_by = AgencyOf(event);
      break;
    case Fact::kProgrammeEnded:
      ended = true;
      break;
    default:
      break;
  }
}

absl::Status ProgrammeState::Check(const DomainEvent& event) const {
  const Fact& fact = *event.fact;
  if (fact.has_programme_recorded() || fact.has_outreach_held()) {
    if (kind != Kind::kNone) return Reject(Reason::kRecordExists);
    return fact.has_programme_recorded() ? CheckValidity(fact.programme_recorded())
                                         : absl::OkStatus();
  }
  if (kind == Kind::kNone) return Reject(Reason::kBeforeRecordBegan);
  if (kind == Kind::kOutreach) return Reject(Reason::kOutreachStandsAlone);
  if (!fact.has_programme_ended()) return absl::OkStatus();
  if (ended) return Reject(Reason::kProgrammeEnded);
  if (event.occurred_at < valid_from) return Reject(Reason::kProgrammeEndsBeforeItBegins);
  return absl::OkStatus();
}

absl::StatusOr<Decided> DecideProgramme(const ProgrammeState&, const Fact& fact, const Context&) {
  return Decided{fact, {}, {}};
}

}  // namespace caseledger::domain
