#include "projections/report_facts/facts_as_of.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"
#include "projections/report_facts/rows.h"

namespace caseledger::projections {
namespace {

using eventstore::StreamId;
using report_rows::FactRow;
using report_rows::TimeIndexRow;

// Places read before their timelines are: no scan is open while another one runs.
constexpr size_t kPageFacts = 1024;
// Timelines kept for the next fact of the same stream; some 100 MB at most.
constexpr size_t kMaxCachedFacts = 200'000;
// Rows of other streams that are passed over, in a row, rather than looking for the next stream.
constexpr size_t kMostOthers = 24;

absl::Status Damaged() {
  return absl::DataLossError("report-facts: a row is damaged; rebuild the projection");
}

std::string TimeEnd(uint32_t kind, Micros to) {
  return to == kEndOfTime ? report_rows::TimeIndexEnd(kind) : report_rows::TimeIndexBegin(kind, to);
}

std::optional<FactInForce> ToEffectiveFact(FactRow row) {
  FactInForce fact;
  fact.occurred_at = row.key.occurred_at;
  fact.revision = row.key.revision;
  fact.from = row.key.from;
  fact.recorded_at = row.recorded_at;
  fact.event_id = row.event_id;
  fact.agency = std::move(row.agency);
  if (!fact.fact.ParseFromString(row.fact) || fact.kind() == 0) return std::nullopt;
  return fact;
}

}  // namespace

absl::StatusOr<std::unique_ptr<FactsAsOf>> FactsAsOf::Open(const ReadSnapshot& snapshot,
                                                           uint64_t as_of_events) {
  if (as_of_events > snapshot.applied_events()) {
    return absl::OutOfRangeError(absl::StrCat("report-facts reflects ", snapshot.applied_events(),
                                              " events, not yet ", as_of_events));
  }
  return std::unique_ptr<FactsAsOf>(new FactsAsOf(snapshot, as_of_events));
}

absl::StatusOr<std::shared_ptr<const Timeline>> FactsAsOf::TimelineOf(const StreamId& stream) {
  NoteRead(stream);
  if (const auto cached = cache_.find(stream); cached != cache_.end()) return cached->second;
  auto timeline = std::make_shared<Timeline>();
  timeline->stream = stream;
  bool damaged = false;
  RETURN_IF_ERROR(snapshot_.Scan(report_rows::StreamBegin(stream), report_rows::StreamEnd(stream),
                                 [&](std::string_view key, std::string_view value) {
                                   damaged = !AddRow(key, value, *timeline);
                                   return !damaged;
                                 }));
  if (damaged) return Damaged();
  MakeRoom();
  Keep(timeline);
  return std::shared_ptr<const Timeline>(std::move(timeline));
}

absl::Status FactsAsOf::ReadAhead(const std::vector<StreamId>& streams) {
  MakeRoom();
  std::vector<StreamId> missing;
  for (const StreamId& stream : streams) {
    if (!cache_.contains(stream)) missing.push_back(stream);
  }
  for (size_t next = 0; next < missing.size();) RETURN_IF_ERROR(ReadRun(missing, next));
  return absl::OkStatus();
}

// Goes from row to row as long as streams that are asked for stand close to each other.
absl::Status FactsAsOf::ReadRun(const std::vector<StreamId>& streams, size_t& next) {
  std::string begin;
  std::shared_ptr<Timeline> timeline;
  const auto start = [&] {
    begin = report_rows::StreamBegin(streams[next]);
    timeline = std::make_shared<Timeline>();
    timeline->stream = streams[next];
  };
  const auto finish = [&] {
    Keep(timeline);
    ++next;
  };
  start();
  bool damaged = false;
  size_t others = 0;
  RETURN_IF_ERROR(snapshot_.Scan(begin, report_rows::StreamEnd(streams.back()),
                                 [&](std::string_view key, std::string_view value) {
                                   while (key > begin && !key.starts_with(begin)) {
                                     finish();
                                     if (next == streams.size()) return false;
                                     start();
                                     others = 0;
                                   }
                                   if (key < begin) return ++others < kMostOthers;
                                   damaged = !AddRow(key, value, *timeline);
                                   return !damaged;
                                 }));
  if (damaged) return Damaged();
  // The rows are at their end; or those of other streams are not, and then nothing of this one was
  // reached.
  if (next < streams.size() && others < kMostOthers) finish();
  return absl::OkStatus();
}

// False: damaged.
bool FactsAsOf::AddRow(std::string_view key, std::string_view value, Timeline& timeline) const {
  std::optional<FactRow> row = report_rows::ReadFactRow(key, value);
  if (!row.has_value()) return false;
  if (!row->InForceAt(as_of_events_)) return true;
  std::optional<FactInForce> fact = ToEffectiveFact(*std::move(row));
  if (!fact.has_value()) return false;
  timeline.facts.push_back(*std::move(fact));
  return true;
}

void FactsAsOf::Keep(std::shared_ptr<const Timeline> timeline) {
  cached_facts_ += timeline->facts.size() + 1;
  const StreamId stream = timeline->stream;
  cache_[stream] = std::move(timeline);
}

void FactsAsOf::MakeRoom() {
  if (cached_facts_ <= kMaxCachedFacts) return;
  cache_.clear();
  cached_facts_ = 0;
}

absl::Status FactsAsOf::NextPage(std::string& begin, const std::string& end,
                                 std::vector<Place>& page) const {
  page.clear();
  bool damaged = false;
  std::string next = end;
  RETURN_IF_ERROR(snapshot_.Scan(begin, end, [&](std::string_view key, std::string_view value) {
    if (page.size() == kPageFacts) {
      next = std::string(key);
      return false;
    }
    const std::optional<TimeIndexRow> row = report_rows::ReadTimeIndexRow(key, value);
    damaged = !row.has_value();
    if (damaged) return false;
    if (row->InForceAt(as_of_events_)) {
      page.push_back({row->key.stream, row->key.occurred_at, row->key.revision});
    }
    return true;
  }));
  if (damaged) return Damaged();
  begin = next;
  return absl::OkStatus();
}

absl::Status FactsAsOf::VisitTimes(
    int kind, const Period& period,
    absl::FunctionRef<void(const StreamId& stream, Micros occurred_at)> visit) const {
  const auto number = static_cast<uint32_t>(kind);
  bool damaged = false;
  RETURN_IF_ERROR(snapshot_.Scan(
      report_rows::TimeIndexBegin(number, period.from), TimeEnd(number, period.to),
      [&](std::string_view key, std::string_view value) {
        const std::optional<TimeIndexRow> row = report_rows::ReadTimeIndexRow(key, value);
        damaged = !row.has_value();
        if (damaged) return false;
        if (row->InForceAt(as_of_events_)) visit(row->key.stream, row->key.occurred_at);
        return true;
      }));
  return damaged ? Damaged() : absl::OkStatus();
}

absl::Status FactsAsOf::VisitByTime(
    int kind, Micros from, Micros to,
    absl::FunctionRef<absl::Status(const Timeline&, const FactInForce&)> visit) {
  const auto number = static_cast<uint32_t>(kind);
  std::string begin = report_rows::TimeIndexBegin(number, from);
  const std::string end = TimeEnd(number, to);
  std::vector<Place> page;
  while (begin < end) {
    RETURN_IF_ERROR(NextPage(begin, end, page));
    for (const Place& place : page) {
      ASSIGN_OR_RETURN(const std::shared_ptr<const Timeline> timeline, TimelineOf(place.stream));
      const auto found =
          std::lower_bound(timeline->facts.begin(), timeline->facts.end(),
                           std::pair(place.occurred_at, place.revision),
                           [](const FactInForce& fact, const std::pair<Micros, uint64_t>& wanted) {
                             return std::pair(fact.occurred_at, fact.revision) < wanted;
                           });
      if (found == timeline->facts.end() || found->revision != place.revision) return Damaged();
      RETURN_IF_ERROR(visit(*timeline, *found));
    }
  }
  return absl::OkStatus();
}

}  // namespace caseledger::projections
