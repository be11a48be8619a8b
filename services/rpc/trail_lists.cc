// Lists over the access trail: who saw what, who was refused, what left, break-glass.
#include <algorithm>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "projections/access_trail/access_trail.h"
#include "services/access/redaction.h"
#include "services/commands/ledger_authority.h"
#include "services/commands/times.h"
#include "services/rpc/fill_page.h"
#include "services/rpc/recorded_event.h"
#include "services/rpc/requests.h"
#include "services/rpc/trail_answers.h"

namespace caseledger::rpc {
namespace {

using access::Level;
using event::v1::Fact;
using eventstore::EventLog;
using eventstore::RecordedEvent;
using eventstore::StreamId;
using projections::TrailPaging;

constexpr auto kTrail = options::v1::RECORD_KIND_ACCESS_TRAIL;
constexpr auto kCase = options::v1::RECORD_KIND_CASE_RECORD;
constexpr auto kPerson = options::v1::RECORD_KIND_PERSON;

absl::Status Invalid(const char* field, const char* what) {
  return commands::InvalidRequest({commands::Violation{field, what}});
}

// A trail has no trail of its own to tell of.
absl::Status CheckNoTrail(const commands::Ledger& ledger) {
  if (!ledger.is_trail()) return absl::OkStatus();
  return Invalid("ledger", "must be the ledger whose records are meant, not its access trail");
}

// Whether the oldest comes first.
constexpr Orders<bool, 2> kTrailOrders{{{"recorded_time desc", false}, {"recorded_time", true}}};

template <typename Request>
absl::StatusOr<TrailPaging> PagingOf(const Request& request) {
  TrailPaging paging{request.page_size(), request.page_token()};
  ASSIGN_OR_RETURN(paging.oldest_first, OrderOf(request.order_by(), kTrailOrders));
  return paging;
}

absl::Status CheckOneSubject(const v1::ListAccessRequest& request) {
  const bool of_record =
      !request.record_id().empty() || request.record_kind() != options::v1::RECORD_KIND_UNSPECIFIED;
  if (of_record == !request.actor().empty()) {
    return Invalid("actor", "must be given, or record_kind and record_id, and not both");
  }
  if (!of_record) return absl::OkStatus();
  if (request.record_id().empty()) return Invalid("record_id", "must name the record");
  if (request.record_kind() == options::v1::RECORD_KIND_UNSPECIFIED) {
    return Invalid("record_kind", "must say which kind of record it is");
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::TrailEntry> EntryOf(const RecordedEvent& event) {
  Fact fact;
  v1::TrailEntry entry;
  entry.set_event_id(event.event_id.ToString());
  entry.set_position(event.position);
  *entry.mutable_recorded_time() = commands::ToTimestamp(event.recorded_at);
  entry.set_actor(event.origin.actor);
  entry.set_agency(event.origin.agency);
  entry.set_purpose(event.origin.purpose);
  const bool read = fact.ParseFromString(event.fact);
  if (read && fact.has_record_accessed()) {
    entry.mutable_accessed()->Swap(fact.mutable_record_accessed());
  } else if (read && fact.has_access_denied()) {
    entry.mutable_denied()->Swap(fact.mutable_access_denied());
  } else if (read && fact.has_break_glass_used()) {
    entry.mutable_break_glass_used()->Swap(fact.mutable_break_glass_used());
  } else if (read && fact.has_break_glass_reviewed()) {
    entry.mutable_break_glass_reviewed()->Swap(fact.mutable_break_glass_reviewed());
  } else if (read && fact.has_disclosure_made()) {
    entry.mutable_disclosed()->Swap(fact.mutable_disclosure_made());
  } else {
    return absl::DataLossError(
        StrCat("the entry at position ", event.position, " of the trail cannot be read"));
  }
  return entry;
}

// The records that the entry names and that were shown; null when it is of another kind.
google::protobuf::RepeatedPtrField<event::v1::TrailRecord>* RecordsOf(v1::TrailEntry& entry) {
  if (entry.has_accessed()) return entry.mutable_accessed()->mutable_records();
  if (entry.has_disclosed()) return entry.mutable_disclosed()->mutable_access()->mutable_records();
  return nullptr;
}

// Whoever asks about one record learns of no other from an entry that names several.
void KeepOnly(const StreamId& record, v1::TrailEntry& entry) {
  auto* records = RecordsOf(entry);
  if (records == nullptr) return;
  const std::string id = record.id.ToString();
  records->erase(std::remove_if(records->begin(), records->end(),
                                [&](const event::v1::TrailRecord& each) {
                                  return each.record_id() != id ||
                                         static_cast<uint32_t>(each.kind()) != record.kind;
                                }),
                 records->end());
}

// How much the caller may see by each record, asked once for a page.
class Levels {
 public:
  explicit Levels(Reading& reading) : reading_(reading) {}

  // Nullopt: nothing. Else the record counts as shown.
  absl::StatusOr<std::optional<Level>> By(const StreamId& record) {
    if (const auto known = levels_.find(record); known != levels_.end()) return known->second;
    ASSIGN_OR_RETURN(const commands::Verdict verdict, reading_.Ask(record));
    ASSIGN_OR_RETURN(const bool shown, reading_.Shows(record));
    const std::optional<Level> level =
        verdict.allowed() && shown ? std::optional(verdict.answer.level) : std::nullopt;
    levels_.emplace(record, level);
    return level;
  }

  // Whether By would say something of the record, which does not count as shown.
  absl::StatusOr<bool> MayCount(const StreamId& record) {
    if (const auto known = counted_.find(record); known != counted_.end()) return known->second;
    ASSIGN_OR_RETURN(const commands::Verdict asked, reading_.Ask(record));
    ASSIGN_OR_RETURN(const commands::Verdict shown, reading_.AskToShow(record));
    const bool counts = asked.allowed() && shown.allowed();
    counted_.emplace(record, counts);
    return counts;
  }

 private:
  Reading& reading_;
  absl::flat_hash_map<StreamId, std::optional<Level>> levels_;
  absl::flat_hash_map<StreamId, bool> counted_;
};

// Of lists about one record or actor, which the caller may see or not as a whole.
absl::StatusOr<bool> AllCount(uint64_t /*position*/) { return true; }

StreamId TrailOfActor(const RecordedEvent& event) {
  return access::TrailStreamOf(event.origin.agency, event.origin.actor);
}

// Of a disclosure about the person, what it says of records that the caller may not ask this of is
// left out: that the person has a case is not for everyone who knows the person.
absl::Status KeepSeen(const StreamId& person, Levels& levels, v1::TrailEntry& entry) {
  auto* records = RecordsOf(entry);
  if (records == nullptr) return absl::OkStatus();
  for (int i = records->size() - 1; i >= 0; --i) {
    const event::v1::TrailRecord& each = records->Get(i);
    const std::optional<Uuid> id = Uuid::Parse(each.record_id());
    const StreamId record{static_cast<uint32_t>(each.kind()), id.value_or(Uuid{})};
    if (record == person) continue;
    ASSIGN_OR_RETURN(const std::optional<Level> level, levels.By(record));
    if (level.has_value()) continue;
    records->DeleteSubrange(i, 1);
    // Its key is one of the case.
    if (entry.has_disclosed()) entry.mutable_disclosed()->clear_referral_id();
  }
  return absl::OkStatus();
}

// How much of the actor's trail the caller may see; a refusal when nothing. Whether there is one is
// not told.
absl::StatusOr<Level> OpenTrail(Reading& reading, const std::string& agency,
                                const std::string& actor) {
  const StreamId trail = access::TrailStreamOf(agency, actor);
  ASSIGN_OR_RETURN(const std::optional<Level> level, Levels(reading).By(trail));
  if (level.has_value()) return *level;
  ASSIGN_OR_RETURN(const commands::Verdict verdict, reading.Ask(trail));
  return commands::RefusalOf(commands::DenialOf("ListAccess", &trail, verdict), /*known=*/true);
}

}  // namespace

absl::StatusOr<RecordedEvent> TrailEventAt(const EventLog& log, uint64_t position) {
  ASSIGN_OR_RETURN(std::vector<RecordedEvent> events, log.ReadLedger(position, 1));
  if (events.size() == 1) return std::move(events.front());
  return absl::DataLossError(StrCat("the trail has no entry at position ", position));
}

absl::StatusOr<RecordedEvent> TrailAnswers::OpenedAt(const View& view, uint64_t position) {
  ASSIGN_OR_RETURN(RecordedEvent event, TrailEventAt(*view.trail->log, position));
  ASSIGN_OR_RETURN(event.fact, OpenedFact(event, *view.trail));
  return event;
}

absl::StatusOr<const commands::Ledger*> TrailAnswers::TrailOf(
    const commands::Ledger& ledger) const {
  const auto trail = ledgers_.Find(access::TrailLedgerOf(ledger.parts.name));
  if (trail.ok()) return *trail;
  return absl::UnavailableError("TRAIL_UNAVAILABLE: the ledger has no access trail");
}

absl::StatusOr<TrailAnswers::View> TrailAnswers::Look(const commands::Ledger& ledger,
                                                      uint64_t needed_events,
                                                      absl::Duration wait) const {
  ASSIGN_OR_RETURN(const commands::Ledger* trail, TrailOf(ledger));
  View view{&trail->parts, nullptr};
  ASSIGN_OR_RETURN(view.snapshot, trail->parts.projections->View(projections::kAccessTrailName,
                                                                 needed_events, wait));
  return view;
}

absl::StatusOr<TrailAnswers::View> TrailAnswers::LookAt(const commands::Ledger& ledger,
                                                        uint64_t min_position,
                                                        absl::Duration wait) const {
  ASSIGN_OR_RETURN(const commands::Ledger* trail, TrailOf(ledger));
  const uint64_t events = trail->parts.log->Head().next_position;
  // Also who does not ask waits for the first entry, for its position cannot be asked for.
  if (min_position == 0) return Look(ledger, std::min<uint64_t>(1, events), wait);
  if (min_position >= events) {
    return absl::OutOfRangeError(StrCat(
        "POSITION_PAST_END: min_position is past the end; the trail has ", events, " events"));
  }
  return Look(ledger, min_position + 1, wait);
}

absl::Status TrailAnswers::ListAccess(Reading& reading, const v1::ListAccessRequest& request,
                                      absl::Duration wait, v1::ListAccessResponse& response) const {
  RETURN_IF_ERROR(CheckOneSubject(request));
  const bool of_actor = !request.actor().empty();
  const std::string agency =
      request.agency_id().empty() ? reading.call().agency : request.agency_id();
  ASSIGN_OR_RETURN(const commands::Ledger* ledger,
                   reading.Begin(request.ledger(), of_actor ? kTrail : request.record_kind()));
  RETURN_IF_ERROR(CheckNoTrail(*ledger));
  ASSIGN_OR_RETURN(const TrailPaging paging, PagingOf(request));
  StreamId record;
  Level level = Level::kNothing;
  if (of_actor) {
    reading.AskedFor(StrCat("actor=", KeyOnly(request.actor()), " agency=", KeyOnly(agency),
                            " page_size=", request.page_size(), " order_by=", request.order_by()));
    ASSIGN_OR_RETURN(level, OpenTrail(reading, agency, request.actor()));
  } else {
    reading.AskedFor(StrCat("page_size=", request.page_size(), " order_by=", request.order_by()));
    ASSIGN_OR_RETURN(record, reading.Open(request.record_kind(), request.record_id(), true));
    level = reading.shown().level;
  }
  ASSIGN_OR_RETURN(const View view, LookAt(*ledger, request.min_position(), wait));
  const auto read = [&](const TrailPaging& paged) {
    return of_actor ? projections::EntriesOfActor(*view.snapshot, agency, request.actor(), paged)
                    : projections::EntriesOfRecord(*view.snapshot, record, paged);
  };
  RETURN_IF_ERROR(CountTotal<projections::TrailPage>(
      request, paging, read, &projections::TrailPage::positions, AllCount, response));
  ASSIGN_OR_RETURN(const projections::TrailPage page, read(paging));
  for (const uint64_t position : page.positions) {
    ASSIGN_OR_RETURN(const RecordedEvent event, OpenedAt(view, position));
    ASSIGN_OR_RETURN(v1::TrailEntry entry, EntryOf(event));
    if (!of_actor) KeepOnly(record, entry);
    access::Redact(entry, level, {});
    *response.add_entries() = std::move(entry);
  }
  response.set_next_page_token(page.next_page_token);
  response.set_reflected_events(page.reflected_events);
  return absl::OkStatus();
}

absl::Status TrailAnswers::ListDenials(Reading& reading, const v1::ListDenialsRequest& request,
                                       absl::Duration wait,
                                       v1::ListDenialsResponse& response) const {
  ASSIGN_OR_RETURN(const commands::Ledger* ledger, reading.Begin(request.ledger()));
  RETURN_IF_ERROR(CheckNoTrail(*ledger));
  ASSIGN_OR_RETURN(const TrailPaging paging, PagingOf(request));
  reading.AskedFor(StrCat("agency=", KeyOnly(request.agency_id()),
                          " page_size=", request.page_size(), " order_by=", request.order_by()));
  ASSIGN_OR_RETURN(const View view, LookAt(*ledger, request.min_position(), wait));
  // A refusal is part of the trail of whoever was refused.
  Levels levels(reading);
  const auto read = [&](const TrailPaging& paged) {
    return projections::Denials(*view.snapshot, request.agency_id(), paged);
  };
  const auto show = [&](const projections::TrailPage& page) -> absl::StatusOr<size_t> {
    size_t shown = 0;
    for (const uint64_t position : page.positions) {
      ASSIGN_OR_RETURN(const RecordedEvent event, OpenedAt(view, position));
      ASSIGN_OR_RETURN(const std::optional<Level> level, levels.By(TrailOfActor(event)));
      if (!level.has_value()) continue;
      ASSIGN_OR_RETURN(v1::TrailEntry entry, EntryOf(event));
      access::Redact(entry, *level, {});
      *response.add_entries() = std::move(entry);
      ++shown;
    }
    return shown;
  };
  const auto visible = [&](uint64_t position) -> absl::StatusOr<bool> {
    ASSIGN_OR_RETURN(const RecordedEvent event, TrailEventAt(*view.trail->log, position));
    return levels.MayCount(TrailOfActor(event));
  };
  RETURN_IF_ERROR(CountTotal<projections::TrailPage>(
      request, paging, read, &projections::TrailPage::positions, visible, response));
  return FillPage<projections::TrailPage>(paging, read, show, response);
}

absl::Status TrailAnswers::ListDisclosures(Reading& reading,
                                           const v1::ListDisclosuresRequest& request,
                                           absl::Duration wait,
                                           v1::ListDisclosuresResponse& response) const {
  ASSIGN_OR_RETURN(const commands::Ledger* ledger, reading.Begin(request.ledger(), kPerson));
  RETURN_IF_ERROR(CheckNoTrail(*ledger));
  ASSIGN_OR_RETURN(const TrailPaging paging, PagingOf(request));
  reading.AskedFor(StrCat("consent=", KeyOnly(request.consent_id()),
                          " page_size=", request.page_size(), " order_by=", request.order_by()));
  ASSIGN_OR_RETURN(const StreamId person, reading.Open(kPerson, request.person_id()));
  const Level level = reading.shown().level;
  ASSIGN_OR_RETURN(const View view, LookAt(*ledger, request.min_position(), wait));
  const auto read = [&](const TrailPaging& paged) -> absl::StatusOr<projections::TrailPage> {
    ASSIGN_OR_RETURN(
        projections::DisclosurePage found,
        projections::Disclosures(*view.snapshot, person.id, request.consent_id(), paged));
    return std::move(found.page);
  };
  RETURN_IF_ERROR(CountTotal<projections::TrailPage>(
      request, paging, read, &projections::TrailPage::positions, AllCount, response));
  ASSIGN_OR_RETURN(
      const projections::DisclosurePage disclosures,
      projections::Disclosures(*view.snapshot, person.id, request.consent_id(), paging));
  Levels levels(reading);
  for (const uint64_t position : disclosures.page.positions) {
    ASSIGN_OR_RETURN(const RecordedEvent event, OpenedAt(view, position));
    ASSIGN_OR_RETURN(v1::TrailEntry entry, EntryOf(event));
    if (entry.disclosed().person_id().empty()) {
      KeepOnly(person, entry);  // a file, with whomever else
    } else {
      RETURN_IF_ERROR(KeepSeen(person, levels, entry));
    }
    access::Redact(entry, level, {});
    *response.add_entries() = std::move(entry);
  }
  for (const std::string& agency : disclosures.recipients) {
    response.add_recipient_agency_ids(agency);
  }
  response.set_next_page_token(disclosures.page.next_page_token);
  response.set_reflected_events(disclosures.page.reflected_events);
  return absl::OkStatus();
}

absl::Status TrailAnswers::ListBreakGlass(Reading& reading,
                                          const v1::ListBreakGlassRequest& request,
                                          absl::Duration wait,
                                          v1::ListBreakGlassResponse& response) const {
  ASSIGN_OR_RETURN(const commands::Ledger* ledger, reading.Begin(request.ledger()));
  RETURN_IF_ERROR(CheckNoTrail(*ledger));
  ASSIGN_OR_RETURN(const TrailPaging paging, PagingOf(request));
  reading.AskedFor(StrCat("owner_agency=", KeyOnly(request.owner_agency_id()),
                          " reviewed=", request.reviewed() ? "true" : "false",
                          " page_size=", request.page_size(), " order_by=", request.order_by()));
  ASSIGN_OR_RETURN(const View view, LookAt(*ledger, request.min_position(), wait));
  Levels levels(reading);
  const auto read = [&](const TrailPaging& paged) {
    return projections::BreakGlassUses(*view.snapshot, request.owner_agency_id(),
                                       request.reviewed(), paged);
  };
  const auto show = [&](const projections::BreakGlassPage& page) -> absl::StatusOr<size_t> {
    size_t shown = 0;
    for (const projections::BreakGlassUse& use : page.uses) {
      ASSIGN_OR_RETURN(const RecordedEvent event, OpenedAt(view, use.position));
      ASSIGN_OR_RETURN(std::optional<Level> level,
                       levels.By({static_cast<uint32_t>(kCase), use.case_id}));
      if (!level.has_value()) {
        ASSIGN_OR_RETURN(level, levels.By(TrailOfActor(event)));
      }
      if (!level.has_value()) continue;
      v1::BreakGlassRow& row = *response.add_uses();
      ASSIGN_OR_RETURN(*row.mutable_use(), EntryOf(event));
      if (use.review_position.has_value()) {
        ASSIGN_OR_RETURN(const RecordedEvent review, OpenedAt(view, *use.review_position));
        ASSIGN_OR_RETURN(*row.mutable_review(), EntryOf(review));
      }
      access::Redact(row, *level, {});
      ++shown;
    }
    return shown;
  };
  const auto visible = [&](const projections::BreakGlassUse& use) -> absl::StatusOr<bool> {
    ASSIGN_OR_RETURN(const bool by_case,
                     levels.MayCount({static_cast<uint32_t>(kCase), use.case_id}));
    if (by_case) return true;
    ASSIGN_OR_RETURN(const RecordedEvent event, TrailEventAt(*view.trail->log, use.position));
    return levels.MayCount(TrailOfActor(event));
  };
  RETURN_IF_ERROR(CountTotal<projections::BreakGlassPage>(
      request, paging, read, &projections::BreakGlassPage::uses, visible, response));
  return FillPage<projections::BreakGlassPage>(paging, read, show, response);
}

}  // namespace caseledger::rpc
