// What is put into the access trail on request.
#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/cord.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "projections/access_trail/access_trail.h"
#include "services/commands/aggregates.h"
#include "services/commands/case_query.h"
#include "services/commands/committed_view.h"
#include "services/commands/ledger_authority.h"
#include "services/commands/related_records.h"
#include "services/commands/text.h"
#include "services/commands/times.h"
#include "services/commands/took_part.h"
#include "services/domain/rejection.h"
#include "services/rpc/recorded_event.h"
#include "services/rpc/trail_answers.h"

namespace caseledger::rpc {
namespace {

using domain::Reason;
using domain::Reject;
using event::v1::Fact;
using eventstore::RecordedEvent;
using eventstore::StreamId;

constexpr auto kCase = options::v1::RECORD_KIND_CASE_RECORD;
constexpr auto kPerson = options::v1::RECORD_KIND_PERSON;
constexpr int64_t kStandardMinutes = 60;
constexpr Micros kMinute = 60 * kMicrosPerSecond;

// Most persons that a note names, as common.proto says of FreeText.
constexpr size_t kMostNamed = 32;

// What makes two requests the same: the method, and all but the ledger's name and the id itself.
template <typename Request>
access::Trail::Request AsSent(const Request& request) {
  Request content = request;
  content.clear_ledger();
  content.clear_request_id();
  return {*Uuid::Parse(request.request_id()),
          StrCat(Request::descriptor()->name(), "\n", content.SerializeAsString())};
}

absl::StatusOr<access::Trail*> TrailFor(const Reading& reading) {
  if (reading.ledger().is_trail()) return Reject(Reason::kTrailLedger);
  if (reading.trail() != nullptr) return reading.trail();
  return absl::UnavailableError("TRAIL_UNAVAILABLE: the ledger has no access trail");
}

// The fact that a request became, also when it was sent before.
absl::StatusOr<Fact> FactAt(const access::Trail& trail, const access::Trail::Place& place) {
  ASSIGN_OR_RETURN(const RecordedEvent event, TrailEventAt(trail.log(), place.position));
  Fact fact;
  if (fact.ParseFromString(event.fact)) return fact;
  return absl::DataLossError(
      StrCat("the entry at position ", place.position, " of the trail cannot be read"));
}

// The same for a use that is not there and for one that is not the caller's to review.
absl::Status UseUnknown(const event::v1::AccessDenied& denial) {
  absl::Status status =
      absl::NotFoundError("BREAK_GLASS_UNKNOWN: there is no use of break-glass with that id");
  status.SetPayload(commands::kDenialUrl, absl::Cord(denial.SerializeAsString()));
  return status;
}

// Who may review a use may do so by the case, or by the trail of whoever used it.
absl::Status CheckMayReview(Reading& reading, const RecordedEvent& use, const Uuid& case_id) {
  const StreamId record{static_cast<uint32_t>(kCase), case_id};
  ASSIGN_OR_RETURN(const bool by_case, reading.Shows(record));
  if (by_case) return absl::OkStatus();
  ASSIGN_OR_RETURN(const bool by_trail,
                   reading.Shows(access::TrailStreamOf(use.origin.agency, use.origin.actor)));
  if (by_trail) return absl::OkStatus();
  ASSIGN_OR_RETURN(const commands::Verdict verdict, reading.Ask(record));
  return UseUnknown(commands::DenialOf("ReviewBreakGlass", &record, verdict));
}

// The person, who must take part in the case; whether others exist is not told.
absl::StatusOr<StreamId> FindParticipant(const commands::Ledger& ledger,
                                         const StreamId& case_record, const std::string& person_id,
                                         Micros now) {
  const auto person = commands::FindRecord(IndexOf(*ledger.parts.log), kPerson, person_id);
  if (absl::IsNotFound(person.status()) || absl::IsInvalidArgument(person.status())) {
    return Reject(Reason::kNotParticipant);
  }
  RETURN_IF_ERROR(person.status());
  ASSIGN_OR_RETURN(const v1::GetCaseResponse state,
                   commands::GetCase(*ledger.parts.log, case_record, now));
  const std::string id = person->id.ToString();
  const bool takes_part =
      std::any_of(state.participants().begin(), state.participants().end(),
                  [&](const auto& participant) { return participant.person_id() == id; });
  if (!takes_part) return Reject(Reason::kNotParticipant);
  return *person;
}

// Puts the text into the note, listed under everyone whom it may name: who ever took part in the
// case and is not erased, those it cares for first. Refused when it cares for nobody any more who
// is not erased: there is nobody whose key the note could go with.
absl::Status WriteNote(const commands::Ledger& ledger, const StreamId& case_record, Micros now,
                       const std::string& text, event::v1::FreeText& note) {
  commands::CommittedView view(*ledger.parts.log, now);
  commands::Aggregates aggregates(1, nullptr);
  const commands::RelatedRecords related(view, aggregates);
  ASSIGN_OR_RETURN(const commands::StreamHistory history, commands::ReadHistory(view, case_record));
  const commands::TookPart persons = commands::WhoTookPart(history);
  const auto name = [&](const std::set<std::string>& those) {
    for (const std::string& id : those) {
      if (static_cast<size_t>(note.about_person_ids_size()) >= kMostNamed) return;
      if (!related.IsErased(id)) note.add_about_person_ids(id);
    }
  };
  name(persons.cared_for);
  RETURN_IF_ERROR(related.status());
  if (!persons.cared_for.empty() && note.about_person_ids().empty()) {
    return Reject(Reason::kPersonErased, *persons.cared_for.begin());
  }
  name(persons.others);
  note.set_text(text);
  return related.status();
}

// The consent to sharing with the recipient that is in force, or "".
absl::StatusOr<std::string> ConsentTo(const commands::Ledger& ledger, const StreamId& person,
                                      const std::string& recipient, Micros now) {
  commands::CommittedView view(*ledger.parts.log, now);
  commands::Aggregates aggregates(1, nullptr);
  const commands::RelatedRecords related(view, aggregates);
  std::string consent =
      related.ConsentInForce(person.id.ToString(), "sharing", recipient, "", now).value_or("");
  RETURN_IF_ERROR(related.status());
  return consent;
}

// Whether what is held of the person is only kept now. Refuses to tell anything of who was erased.
absl::StatusOr<bool> IsRestricted(const commands::Ledger& ledger, const StreamId& person,
                                  Micros now) {
  commands::CommittedView view(*ledger.parts.log, now);
  commands::Aggregates aggregates(1, nullptr);
  const commands::RelatedRecords related(view, aggregates);
  const std::string id = person.id.ToString();
  if (related.IsErased(id)) return Reject(Reason::kPersonErased, id);
  const bool restricted = related.IsRestricted(id, now);
  RETURN_IF_ERROR(related.status());
  return restricted;
}

}  // namespace

absl::Status TrailAnswers::UseBreakGlass(Reading& reading, const v1::UseBreakGlassRequest& request,
                                         absl::Duration,
                                         v1::UseBreakGlassResponse& response) const {
  ASSIGN_OR_RETURN(const commands::Ledger* ledger, reading.Begin(request.ledger(), kCase));
  ASSIGN_OR_RETURN(access::Trail * trail, TrailFor(reading));
  ASSIGN_OR_RETURN(const StreamId record, reading.Open(kCase, request.case_id()));
  ASSIGN_OR_RETURN(const v1::GetCaseResponse state,
                   commands::GetCase(*ledger->parts.log, record, clock_.Now()));
  const Micros lasts = (request.minutes() == 0 ? kStandardMinutes : request.minutes()) * kMinute;
  ASSIGN_OR_RETURN(const Micros longest, reading.LongestBreakGlass());
  if (lasts > longest) {
    return commands::InvalidRequest({commands::Violation{
        "minutes", StrCat("the rules allow at most ", longest / kMinute, " minutes")}});
  }
  const auto compose = [&](Micros now) -> absl::StatusOr<Fact> {
    RETURN_IF_ERROR(reading.StillHolds());
    Fact fact;
    event::v1::BreakGlassUsed& used = *fact.mutable_break_glass_used();
    NameRecord(record, *used.mutable_record());
    *used.mutable_expire_time() = commands::ToTimestamp(now + lasts);
    used.set_owner_agency_id(state.owner_agency_id());
    RETURN_IF_ERROR(WriteNote(*ledger, record, now, request.reason(), *used.mutable_reason()));
    commands::NormalizeText(fact);
    return fact;
  };
  ASSIGN_OR_RETURN(const access::Trail::Place place,
                   trail->AppendAndWait(reading.call(), AsSent(request), compose));
  ASSIGN_OR_RETURN(const Fact fact, FactAt(*trail, place));
  response.set_break_glass_event_id(place.event_id.ToString());
  *response.mutable_expire_time() = fact.break_glass_used().expire_time();
  response.set_case_id(fact.break_glass_used().record().record_id());
  return absl::OkStatus();
}

absl::Status TrailAnswers::ReviewBreakGlass(Reading& reading,
                                            const v1::ReviewBreakGlassRequest& request,
                                            absl::Duration wait,
                                            v1::ReviewBreakGlassResponse& response) const {
  ASSIGN_OR_RETURN(const commands::Ledger* ledger, reading.Begin(request.ledger(), kCase));
  ASSIGN_OR_RETURN(access::Trail * trail, TrailFor(reading));
  ASSIGN_OR_RETURN(const View view, Look(*ledger, trail->log().Head().next_position, wait));
  ASSIGN_OR_RETURN(
      const std::optional<projections::BreakGlassUse> use,
      projections::FindBreakGlassUse(*view.snapshot, *Uuid::Parse(request.break_glass_event_id())));
  if (!use.has_value()) {
    commands::Verdict asked;
    asked.rules_position = reading.About().rules_position();
    return UseUnknown(commands::DenialOfUnknown("ReviewBreakGlass", asked));
  }
  ASSIGN_OR_RETURN(const RecordedEvent event, OpenedAt(view, use->position));
  RETURN_IF_ERROR(CheckMayReview(reading, event, use->case_id));
  event::v1::BreakGlassReviewed review;
  review.set_finding(request.finding());
  if (!request.note().empty()) {
    const StreamId record{static_cast<uint32_t>(kCase), use->case_id};
    RETURN_IF_ERROR(
        WriteNote(*ledger, record, clock_.Now(), request.note(), *review.mutable_note()));
  }
  commands::NormalizeText(review);
  ASSIGN_OR_RETURN(const access::Trail::Place place,
                   trail->Review(reading.call(), AsSent(request), event, std::move(review),
                                 [&reading] { return reading.StillHolds(); }));
  response.set_event_id(place.event_id.ToString());
  return absl::OkStatus();
}

absl::Status TrailAnswers::RecordDisclosure(Reading& reading,
                                            const v1::RecordDisclosureRequest& request,
                                            absl::Duration,
                                            v1::RecordDisclosureResponse& response) const {
  ASSIGN_OR_RETURN(const commands::Ledger* ledger, reading.Begin(request.ledger(), kCase));
  ASSIGN_OR_RETURN(access::Trail * trail, TrailFor(reading));
  ASSIGN_OR_RETURN(const StreamId record, reading.Open(kCase, request.case_id()));
  ASSIGN_OR_RETURN(const StreamId person,
                   FindParticipant(*ledger, record, request.person_id(), clock_.Now()));
  const auto compose = [&](Micros now) -> absl::StatusOr<Fact> {
    RETURN_IF_ERROR(reading.StillHolds());
    ASSIGN_OR_RETURN(const std::string consent,
                     ConsentTo(*ledger, person, request.recipient_agency_id(), now));
    ASSIGN_OR_RETURN(const bool restricted, IsRestricted(*ledger, person, now));
    if (restricted && request.legal_basis().empty()) {
      return Reject(Reason::kProcessingRestricted, person.id.ToString());
    }
    if (consent.empty() && request.legal_basis().empty()) return Reject(Reason::kConsentMissing);
    Fact fact;
    event::v1::DisclosureMade& made = *fact.mutable_disclosure_made();
    event::v1::RecordAccessed& accessed = *made.mutable_access();
    accessed = reading.About();
    accessed.set_stage(event::v1::TRAIL_STAGE_WHOLE);
    accessed.set_level(std::string(NameOf(access::Level::kShared)));
    *accessed.mutable_fields() = request.fields();
    NameRecord(record, *accessed.add_records());
    NameRecord(person, *accessed.add_records());
    made.set_recipient_agency_id(request.recipient_agency_id());
    made.set_person_id(person.id.ToString());
    made.set_consent_id(consent);
    if (consent.empty() || restricted) made.set_legal_basis(request.legal_basis());
    commands::NormalizeText(fact);
    return fact;
  };
  ASSIGN_OR_RETURN(const access::Trail::Place place,
                   trail->AppendAndWait(reading.call(), AsSent(request), compose));
  ASSIGN_OR_RETURN(const Fact fact, FactAt(*trail, place));
  response.set_event_id(place.event_id.ToString());
  response.set_consent_id(fact.disclosure_made().consent_id());
  return absl::OkStatus();
}

}  // namespace caseledger::rpc
