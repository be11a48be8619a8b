#include "services/commands/dependants.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_join.h"
#include "eventstore/base/status_macros.h"
#include "services/commands/fact_schema.h"
#include "services/commands/referrers.h"
#include "services/commands/related_records.h"
#include "services/domain/case_record/case_record.h"
#include "services/domain/person/person.h"
#include "services/domain/rejection.h"
#include "services/domain/shelter/shelter.h"

namespace caseledger::commands {
namespace {

using domain::DomainEvent;
using domain::Fact;
using eventstore::LedgerView;
using eventstore::StreamId;

constexpr size_t kMostRecordsRead = 1000;
// Errors travel in trailing metadata, of which gRPC lets 8 KiB through.
constexpr size_t kMostFactsNamed = 20;

// Facts whose decision looks at other records.
bool RestsOnOthers(const Fact& fact) {
  switch (domain::KindOf(fact)) {
    case Fact::kParticipantAdded:
    case Fact::kReferralSent:
    case Fact::kReferralForwarded:
    case Fact::kPlacementRequested:
    case Fact::kPersonsMerged:
      return true;
    default:
      return false;
  }
}

// A fact forwarded names its referral, and only that the person.
bool MayRestOn(const StreamId& from, const Fact& fact, const StreamId& record) {
  if (!RestsOnOthers(fact)) return false;
  return fact.has_referral_forwarded() || NamesRecord(from, fact, record);
}

// The change of one record, as the decisions on others see it.
class Change {
 public:
  Change(LedgerView& view, Aggregates& aggregates, const StreamId& record,
         const std::vector<DomainEvent>& before, const std::vector<DomainEvent>& after)
      : view_(view), record_(record), before_(view, aggregates), after_(view, aggregates) {
    before_.Replace(record, before);
    after_.Replace(record, after);
  }

  // Adds the ids of what no longer stands in `from`.
  template <typename State, typename DecideFunction>
  absl::Status Judge(const StreamId& from, DecideFunction decide,
                     std::vector<std::string>& broken) {
    ASSIGN_OR_RETURN(const StreamHistory history, ReadHistory(view_, from));
    State state;
    for (const DomainEvent& event : history.timeline.in_order()) {
      if (MayRestOn(from, *event.fact, record_)) {
        const absl::StatusOr<domain::Decided> old = decide(state, *event.fact, At(event, before_));
        const absl::StatusOr<domain::Decided> now = decide(state, *event.fact, At(event, after_));
        if (old.ok() && !Same(*old, now)) broken.push_back(event.event_id);
      }
      state.Apply(event);
    }
    RETURN_IF_ERROR(before_.status());
    return after_.status();
  }

 private:
  // The roles are not known any more: a rule about them fails both times, and so breaks nothing.
  domain::Context At(const DomainEvent& event, const RelatedRecords& related) const {
    domain::Context context;
    context.caller.actor = event.actor;
    context.caller.agency = event.agency;
    context.record_id = event.record_id;
    context.now = view_.recorded_at();
    context.occurred_at = event.occurred_at;
    context.legal_basis = event.legal_basis;
    context.imported = event.imported;
    context.related = &related;
    return context;
  }

  static bool Same(const domain::Decided& old, const absl::StatusOr<domain::Decided>& now) {
    return now.ok() && old.fact.SerializeAsString() == now->fact.SerializeAsString();
  }

  LedgerView& view_;
  const StreamId record_;
  RelatedRecords before_;
  RelatedRecords after_;
};

absl::Status JudgeByKind(Change& change, const StreamId& from, std::vector<std::string>& broken) {
  switch (static_cast<int>(from.kind)) {
    case RecordKind::RECORD_KIND_CASE_RECORD:
      return change.Judge<domain::CaseState>(from, domain::DecideCase, broken);
    case RecordKind::RECORD_KIND_SHELTER:
      return change.Judge<domain::ShelterState>(from, domain::DecideShelter, broken);
    case RecordKind::RECORD_KIND_PERSON:
      return change.Judge<domain::PersonState>(from, domain::DecidePerson, broken);
    default:
      return absl::OkStatus();  // nothing there looks at persons or cases
  }
}

// The key of the referral that the fact begins, or "".
const std::string& BegunReferral(const Fact& fact) {
  return fact.has_referral_forwarded() ? fact.referral_forwarded().new_referral_id()
                                       : fact.referral_sent().referral_id();
}

}  // namespace

absl::Status CheckConsentsCarry(LedgerView& view, Aggregates& aggregates, const StreamId& person,
                                const std::vector<DomainEvent>& after,
                                const std::vector<domain::ProposedFact>& ends) {
  RelatedRecords related(view, aggregates);
  related.Replace(person, after);
  std::vector<std::string> broken;
  for (const domain::ProposedFact& end : ends) {
    const std::string& key = end.fact.referral_consent_lost().referral_id();
    const StreamId record{static_cast<uint32_t>(end.kind),
                          Uuid::Parse(end.record_id).value_or(Uuid())};
    ASSIGN_OR_RETURN(const StreamHistory history, ReadHistory(view, record));
    const std::vector<DomainEvent>& events = history.timeline.in_order();
    const auto begin = std::find_if(events.begin(), events.end(), [&](const DomainEvent& event) {
      return BegunReferral(*event.fact) == key;
    });
    const domain::Referrals state = domain::FoldAll<domain::CaseState>(events).referrals;
    const auto referral = state.referrals.find(key);
    if (begin == events.end() || referral == state.referrals.end()) continue;
    if (end.occurred_at.has_value() && *end.occurred_at <= begin->occurred_at) continue;
    const std::string& consent = referral->second.consent_id;
    if (related.ConsentInForce(referral->second.person, domain::kPurposeSharing,
                               referral->second.to_agency, consent,
                               begin->occurred_at) != consent) {
      broken.push_back(begin->event_id);
    }
    if (broken.size() == kMostFactsNamed) break;
  }
  RETURN_IF_ERROR(related.status());
  if (broken.empty()) return absl::OkStatus();
  return Reject(domain::Reason::kLaterFactWouldBreak, absl::StrJoin(broken, ","));
}

bool OthersMayRestOn(const Fact& fact) {
  switch (domain::KindOf(fact)) {
    case Fact::kConsentGiven:
    case Fact::kRepresentativeAppointed:
    case Fact::kPersonsMerged:
    case Fact::kMergeReversed:
    case Fact::kCaseOpened:
    case Fact::kCaseClosed:
    case Fact::kCaseReopened:
    case Fact::kParticipantAdded:
    case Fact::kParticipantRemoved:
      return true;
    default:
      return false;
  }
}

absl::Status CheckOthersStand(LedgerView& view, Aggregates& aggregates, const StreamId& record,
                              const std::vector<DomainEvent>& before,
                              const std::vector<DomainEvent>& after) {
  std::vector<StreamId> referrers;
  RETURN_IF_ERROR(view.VisitReferrers(record, [&](const StreamId& from) {
    referrers.push_back(from);
    return referrers.size() <= kMostRecordsRead;
  }));
  if (referrers.size() > kMostRecordsRead) return Reject(domain::Reason::kRecordReferredTo);
  Change change(view, aggregates, record, before, after);
  std::vector<std::string> broken;
  for (const StreamId& from : referrers) {
    RETURN_IF_ERROR(JudgeByKind(change, from, broken));
    if (broken.size() >= kMostFactsNamed) break;
  }
  if (broken.empty()) return absl::OkStatus();
  if (broken.size() > kMostFactsNamed) broken.resize(kMostFactsNamed);
  return Reject(domain::Reason::kLaterFactWouldBreak, absl::StrJoin(broken, ","));
}

}  // namespace caseledger::commands
