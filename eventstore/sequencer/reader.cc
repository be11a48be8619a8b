#include "eventstore/sequencer/reader.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/status/status.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/codec/marks.h"
#include "eventstore/codec/record.h"
#include "eventstore/sequencer/names.h"

namespace caseledger::eventstore {
namespace {

constexpr size_t kUnlimited = std::numeric_limits<size_t>::max();

absl::Status CheckRange(const std::vector<RecordedEvent>& events, uint64_t from, uint64_t end) {
  uint64_t position = from;
  for (const RecordedEvent& event : events) {
    if (event.position != position) {
      return absl::DataLossError(StrCat("no record at position ", position));
    }
    ++position;
  }
  if (events.empty() && from < end) {
    return absl::DataLossError(StrCat("no record at position ", from));
  }
  return absl::OkStatus();
}

}  // namespace

bool EventCollector::Visit(const StoredEvent& stored) {
  if (!events_.empty() && stored.record.size() > max_bytes_ - std::min(bytes_, max_bytes_)) {
    return false;
  }
  status_ = DecodeEvent(ledger_, stored, upgrades_, events_.emplace_back());
  if (!status_.ok()) return false;
  bytes_ += stored.record.size();
  return events_.size() < max_events_;
}

absl::StatusOr<std::vector<RecordedEvent>> EventCollector::Finish(const absl::Status& visit) && {
  RETURN_IF_ERROR(visit);
  RETURN_IF_ERROR(status_);
  return std::move(events_);
}

LedgerReader::LedgerReader(const Engine& engine, std::string_view ledger, const LogLimits& limits,
                           const FactUpgrades& upgrades)
    : engine_(engine), ledger_(ledger), limits_(limits), upgrades_(upgrades) {}

size_t LedgerReader::PageEvents(size_t max_events) const {
  return max_events == 0 ? limits_.max_page_events : std::min(max_events, limits_.max_page_events);
}

absl::StatusOr<std::vector<RecordedEvent>> LedgerReader::ReadPage(uint64_t from, uint64_t end,
                                                                  size_t max_events) const {
  ASSIGN_OR_RETURN(StoredPage page, ReadStoredPage(from, end, max_events));
  return std::move(page.events);
}

absl::StatusOr<StoredPage> LedgerReader::ReadStoredPage(uint64_t from, uint64_t end,
                                                        size_t max_events) const {
  StoredPage read;
  if (from >= end) return read;
  EventCollector page(ledger_, upgrades_, PageEvents(max_events), limits_.max_page_bytes);
  const uint64_t stop = std::min<uint64_t>(end, from + PageEvents(max_events));
  page.Reserve(static_cast<size_t>(stop - from));
  const absl::Status visit = engine_.Read(
      ledger_, from, stop, [&page](const StoredEvent& stored) { return page.Visit(stored); });
  read.stored_bytes = page.bytes();
  ASSIGN_OR_RETURN(read.events, std::move(page).Finish(visit));
  RETURN_IF_ERROR(CheckRange(read.events, from, stop));
  return read;
}

absl::StatusOr<std::vector<RecordedEvent>> LedgerReader::ReadStream(const StreamId& stream,
                                                                    uint64_t from_revision,
                                                                    size_t max_events) const {
  EventCollector page(ledger_, upgrades_, PageEvents(max_events), limits_.max_page_bytes);
  const absl::Status visit =
      engine_.ReadStream(ledger_, stream, std::max<uint64_t>(from_revision, 1),
                         [&page](const StoredEvent& stored) { return page.Visit(stored); });
  ASSIGN_OR_RETURN(std::vector<RecordedEvent> events, std::move(page).Finish(visit));
  uint64_t revision = std::max<uint64_t>(from_revision, 1);
  for (const RecordedEvent& event : events) {
    if (event.revision != revision++) {
      return absl::DataLossError(StrCat("a stream of kind ", stream.kind, " lacks a revision"));
    }
  }
  return events;
}

absl::StatusOr<std::optional<StreamId>> LedgerReader::FindName(uint32_t kind,
                                                               std::string_view source,
                                                               std::string_view value) const {
  return FindNameInMarks(kind, source, value,
                         [this](std::string_view key) { return engine_.FindMark(ledger_, key); });
}

absl::StatusOr<StreamHead> LedgerReader::FindStream(const StreamId& stream) const {
  return engine_.FindStream(ledger_, stream);
}

absl::Status LedgerReader::VisitReferrers(const StreamId& to,
                                          absl::FunctionRef<bool(const StreamId&)> visit) const {
  absl::Status damage;
  RETURN_IF_ERROR(engine_.VisitMarks(ledger_, MarkKeys::ReferencesTo(to),
                                     [&](std::string_view key, std::string_view) {
                                       const absl::StatusOr<StreamId> from = DecodeReferrer(key);
                                       damage.Update(from.status());
                                       return from.ok() && visit(*from);
                                     }));
  return damage;
}

absl::StatusOr<std::optional<AppendResult>> LedgerReader::FindRequest(const RequestKey& key) const {
  ASSIGN_OR_RETURN(const std::string mark_key, MarkKeys::Request(key.agency, key.request_id));
  ASSIGN_OR_RETURN(const std::optional<std::string> bytes, engine_.FindMark(ledger_, mark_key));
  if (!bytes.has_value()) return std::nullopt;
  ASSIGN_OR_RETURN(const RequestMark mark, DecodeRequestMark(*bytes));
  // One append is bounded when it is made, so its events are read whole.
  EventCollector events(ledger_, upgrades_, mark.event_count, kUnlimited);
  const uint64_t end = mark.first_position + mark.event_count;
  const absl::Status visit =
      engine_.Read(ledger_, mark.first_position, end,
                   [&events](const StoredEvent& stored) { return events.Visit(stored); });
  AppendResult result;
  result.already_appended = true;
  ASSIGN_OR_RETURN(std::vector<RecordedEvent> found, std::move(events).Finish(visit));
  RETURN_IF_ERROR(CheckRange(found, mark.first_position, end));
  result.events = std::move(found);
  return result;
}

absl::StatusOr<RecordedEvent> LedgerReader::ReadOne(uint64_t position) const {
  ASSIGN_OR_RETURN(std::vector<RecordedEvent> events, ReadPage(position, position + 1, 1));
  return std::move(events.front());
}

}  // namespace caseledger::eventstore
