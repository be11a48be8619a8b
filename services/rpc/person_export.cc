#include "services/rpc/person_export.h"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "services/commands/committed_view.h"
#include "services/commands/records_about.h"
#include "services/domain/rejection.h"
#include "services/rpc/occurrences.h"
#include "services/rpc/recorded_event.h"
#include "services/rpc/stream_gate.h"

namespace caseledger::rpc {
namespace {

using commands::RecordAbout;

constexpr size_t kEventsRead = 256;
constexpr int kMostOnPage = 256;
constexpr size_t kMostBytesOnPage = 512u << 10;  // and what the log gives at once

// Whoever works for the agency, and what only its systems know, is not data of the person.
void TakeOutEnvelope(v1::RecordedEvent& event) {
  event.clear_actor();
  event.clear_on_behalf_of();
  event.clear_correlation_id();
  event.clear_causation_id();
  event.clear_traceparent();
  event.clear_request_id();
  event.clear_source_file();
  event.clear_source_row();
}

// The event that a correction or a void is about; "": it is neither.
const std::string& TargetOf(const event::v1::Fact& fact) {
  if (fact.has_event_voided()) return fact.event_voided().target_event_id();
  return fact.fact_corrected().target_event_id();
}

class PersonExporter {
 public:
  PersonExporter(Reading reading, const v1::ExportPersonDataRequest& request)
      : gate_(std::move(reading)), ledger_(request.ledger()), person_(request.person_id()) {}

  absl::StatusOr<bool> NextPage(v1::ExportPersonDataResponse& page) {
    if (!found_.has_value()) {
      const absl::Status begun = Begin();
      if (!begun.ok()) return gate_.Refused(begun);
    }
    RETURN_IF_ERROR(gate_.NewPage());
    bytes_ = 0;
    while (next_record_ < found_->records.size() && page.events_size() < kMostOnPage &&
           page.records_size() < kMostOnPage && bytes_ < kMostBytesOnPage) {
      RETURN_IF_ERROR(Continue(found_->records[next_record_], page));
    }
    if (page.events_size() > 0 || page.records_size() > 0) return true;
    RETURN_IF_ERROR(gate_.End());
    return false;
  }

 private:
  absl::Status Begin() {
    ASSIGN_OR_RETURN(const eventstore::StreamId person,
                     gate_.BeginRecord(ledger_, options::v1::RECORD_KIND_PERSON, person_));
    const commands::LedgerParts& parts = gate_.reading().ledger().parts;
    // Without keys the answer would be empty and look as if nothing were held.
    RETURN_IF_ERROR(KeysOf(parts).IndexKey(parts.name).status());
    commands::CommittedView view(*parts.log, gate_.reading().now());
    ASSIGN_OR_RETURN(found_, commands::FindRecordsAbout(view, person));
    return absl::OkStatus();
  }

  // Some events of the record, or its end.
  absl::Status Continue(const RecordAbout& about, v1::ExportPersonDataResponse& page) {
    if (next_revision_ == 1) RETURN_IF_ERROR(BeginRecord(about));
    if (reason_ != v1::KEPT_BACK_REASON_UNSPECIFIED) return EndRecord(about, page);
    ASSIGN_OR_RETURN(const auto events, gate_.reading().ledger().parts.log->ReadStream(
                                            about.record, next_revision_, kEventsRead));
    for (const eventstore::RecordedEvent& event : events) {
      if (event.revision > last_revision_) break;
      next_revision_ = event.revision + 1;
      RETURN_IF_ERROR(Add(about, event, page));
    }
    return events.empty() || next_revision_ > last_revision_ ? EndRecord(about, page)
                                                             : absl::OkStatus();
  }

  absl::Status BeginRecord(const RecordAbout& about) {
    occurrences_ = Occurrences();
    left_out_.clear();
    given_ = 0;
    kept_back_ = 0;
    last_revision_ = 0;
    reason_ = about.reason;
    ASSIGN_OR_RETURN(const commands::Verdict verdict, gate_.reading().AskToShow(about.record));
    const bool all = verdict.allowed() && ShownBy(verdict).level >= access::Level::kSensitive;
    if (!all) reason_ = v1::KEPT_BACK_REASON_RULES;
    if (reason_ != v1::KEPT_BACK_REASON_UNSPECIFIED) return absl::OkStatus();
    // A corrected event says so, although its correction comes later.
    const eventstore::EventLog& log = *gate_.reading().ledger().parts.log;
    while (true) {
      ASSIGN_OR_RETURN(const auto events,
                       log.ReadStream(about.record, last_revision_ + 1, kEventsRead));
      if (events.empty()) return absl::OkStatus();
      for (const eventstore::RecordedEvent& event : events) {
        last_revision_ = event.revision;
        ASSIGN_OR_RETURN(const v1::RecordedEvent shown, ToPublicEvent(event, LedgerName()));
        occurrences_.Note(shown);
      }
    }
  }

  absl::Status Add(const RecordAbout& about, const eventstore::RecordedEvent& event,
                   v1::ExportPersonDataResponse& page) {
    eventstore::RecordedEvent opened = event;
    ASSIGN_OR_RETURN(opened.fact, OpenedFact(event, gate_.reading().ledger().parts));
    ASSIGN_OR_RETURN(v1::RecordedEvent shown, ToPublicEvent(opened, LedgerName()));
    if (!IsForThem(about, shown)) {
      left_out_.insert(shown.event_id());
      ++kept_back_;
      return absl::OkStatus();
    }
    v1::PersonDataEvent& out = *page.add_events();
    for (v1::KeptBackPart& part : found_->copy.TakeOut(*shown.mutable_fact(), about.standing)) {
      *out.add_kept_back() = std::move(part);
    }
    TakeOutEnvelope(shown);
    const std::string& standing = occurrences_.StandingFor(shown.event_id());
    if (standing != shown.event_id()) shown.set_superseded_by_event_id(standing);
    *out.mutable_event() = std::move(shown);
    bytes_ += event.fact.size();
    ++given_;
    return gate_.Note(about.record);
  }

  // What corrects an event that is left out is left out, unless it makes it one about them.
  bool IsForThem(const RecordAbout& about, const v1::RecordedEvent& event) const {
    commands::SubjectStanding standing = about.standing;
    if (left_out_.contains(TargetOf(event.fact()))) standing.client = false;
    return found_->copy.IsForThem(event.fact(), standing);
  }

  absl::Status EndRecord(const RecordAbout& about, v1::ExportPersonDataResponse& page) {
    v1::PersonDataRecord& record = *page.add_records();
    record.set_record_kind(static_cast<options::v1::RecordKind>(about.record.kind));
    record.set_record_id(about.record.id.ToString());
    record.set_events_given(given_);
    record.set_events_kept_back(kept_back_);
    if (reason_ == v1::KEPT_BACK_REASON_UNSPECIFIED && given_ == 0) {
      reason_ = v1::KEPT_BACK_REASON_OTHERS;
    }
    record.set_reason(reason_);
    ++next_record_;
    next_revision_ = 1;
    // That there is a record is shown, too.
    return given_ == 0 ? gate_.Note(about.record) : absl::OkStatus();
  }

  const std::string& LedgerName() const { return gate_.reading().ledger().parts.name; }

  StreamGate gate_;
  const std::string ledger_;
  const std::string person_;
  std::optional<commands::RecordsAbout> found_;  // once begun
  size_t bytes_ = 0;                             // of the page's facts
  size_t next_record_ = 0;
  // Of the record that comes next:
  uint64_t next_revision_ = 1;
  uint64_t last_revision_ = 0;  // when it was begun
  v1::KeptBackReason reason_ = v1::KEPT_BACK_REASON_UNSPECIFIED;
  Occurrences occurrences_;
  std::set<std::string> left_out_;  // ids of events
  uint64_t given_ = 0;
  uint64_t kept_back_ = 0;
};

}  // namespace

PersonExportSource ExportOfPerson(Reading reading, const v1::ExportPersonDataRequest& request) {
  auto exporter = std::make_shared<PersonExporter>(std::move(reading), request);
  return [exporter](v1::ExportPersonDataResponse& page) { return exporter->NextPage(page); };
}

}  // namespace caseledger::rpc
