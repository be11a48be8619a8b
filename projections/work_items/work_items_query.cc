#include <algorithm>
#include <array>
#include <limits>

#include "eventstore/base/status_macros.h"
#include "projections/read_model/keys.h"
#include "projections/read_model/row_codec.h"
#include "projections/read_model/row_page.h"
#include "projections/work_items/layout.h"
#include "projections/work_items/work_items.h"

namespace caseledger::projections {
namespace {

constexpr std::string_view kOpen = "open";
constexpr std::string_view kOverdue = "overdue";
constexpr std::string_view kMet = "met";
constexpr std::string_view kLate = "late";
constexpr std::string_view kCancelled = "cancelled";

// Of those that run.
constexpr Micros kAfterAll = std::numeric_limits<Micros>::max();
constexpr Micros kBeforeAll = std::numeric_limits<Micros>::min();

bool HasEnded(std::string_view state) {
  return state == kMet || state == kLate || state == kCancelled;
}

// A state nobody knows would find nothing, and an empty list looks like a true answer.
absl::Status Check(const WorkItemQuery& query) {
  constexpr std::array kStates{std::string_view(), kOpen, kOverdue, kMet, kLate, kCancelled};
  if (std::find(kStates.begin(), kStates.end(), query.state) == kStates.end()) {
    return absl::InvalidArgumentError("the state must be open, overdue, met, late or cancelled");
  }
  if (!query.worker_id.empty() && query.agency_id.empty()) {
    return absl::InvalidArgumentError(
        "a worker is known by the name their agency gives them: "
        "name the agency, too");
  }
  return absl::OkStatus();
}

// What is running, up to the rows that the state asks for.
RowsAsked Running(const WorkItemQuery& query) {
  KeyBuilder key(query.agency_id.empty()   ? work_items::kRunningSpace
                 : query.worker_id.empty() ? work_items::kRunningOfAgencySpace
                                           : work_items::kRunningOfWorkerSpace);
  if (!query.agency_id.empty()) key.Text(query.agency_id);
  if (!query.worker_id.empty()) key.Text(query.worker_id);
  RowsAsked asked;
  asked.space = key.Take();
  asked.end = query.state == kOverdue ? KeyBuilder().Raw(asked.space).Time(query.now).Take()
                                      : EndOfPrefix(asked.space);
  return asked;
}

RowsAsked Ended(const WorkItemQuery& query) {
  KeyBuilder key(query.agency_id.empty() ? work_items::kEndedSpace
                                         : work_items::kEndedOfAgencySpace);
  if (!query.agency_id.empty()) key.Text(query.agency_id);
  RowsAsked asked;
  asked.space = key.Take();
  asked.end = EndOfPrefix(asked.space);
  return asked;
}

bool Matches(const WorkItem& item, const WorkItemQuery& query) {
  return (query.state.empty() || StateOf(item, query.now) == query.state) &&
         (query.worker_id.empty() || item.worker_id == query.worker_id) &&
         (query.deadline_id.empty() || item.deadline_id == query.deadline_id);
}

// Null when the items lie in the order that is asked for.
SortKey<WorkItem> SortKeyOf(const WorkItemQuery& query) {
  const auto by = [](auto time) {
    return [time](const WorkItem& item) { return KeyBuilder().Time(time(item)).Take(); };
  };
  const auto by_descending = [](auto time) {
    return [time](const WorkItem& item) { return KeyBuilder().TimeDescending(time(item)).Take(); };
  };
  const auto due = [](const WorkItem& item) { return item.due_at; };
  const auto started = [](const WorkItem& item) { return item.started_at; };
  switch (query.order) {
    case WorkItemOrder::kAsListed:
      return nullptr;
    case WorkItemOrder::kFirstDue:
      if (!HasEnded(query.state)) return nullptr;
      return by(due);
    case WorkItemOrder::kLastDue:
      return by_descending(due);
    case WorkItemOrder::kFirstStarted:
      return by(started);
    case WorkItemOrder::kLastStarted:
      return by_descending(started);
    case WorkItemOrder::kFirstEnded:
      return by([](const WorkItem& item) { return item.ended_at.value_or(kAfterAll); });
    case WorkItemOrder::kLastEnded:
      if (HasEnded(query.state)) return nullptr;
      return by_descending([](const WorkItem& item) { return item.ended_at.value_or(kBeforeAll); });
  }
  return nullptr;
}

}  // namespace

std::string_view StateOf(const WorkItem& item, Micros now) {
  if (!item.ended_at.has_value()) return item.IsOverdue(now) ? kOverdue : kOpen;
  if (item.cancelled) return kCancelled;
  return *item.ended_at <= item.due_at ? kMet : kLate;
}

absl::StatusOr<WorkItemPage> ListWorkItems(const ReadSnapshot& snapshot,
                                           const WorkItemQuery& query) {
  RETURN_IF_ERROR(Check(query));
  RowsAsked asked = HasEnded(query.state) ? Ended(query) : Running(query);
  asked.question = KeyBuilder()
                       .Text("work-items@1")
                       .Text(query.state)
                       .Text(query.agency_id)
                       .Text(query.worker_id)
                       .Text(query.deadline_id)
                       .Number(static_cast<uint64_t>(query.order))
                       .Take();
  asked.now = query.now;
  asked.memo = &query.memo;
  asked.page_size = query.page_size;
  asked.page_token = query.page_token;
  const auto read = [&](std::string_view,
                        std::string_view value) -> absl::StatusOr<std::optional<WorkItem>> {
    ASSIGN_OR_RETURN(WorkItem item, DecodeRow<WorkItem>(value));
    if (!Matches(item, query)) return std::nullopt;
    return item;
  };
  ASSIGN_OR_RETURN(RowPage<WorkItem> page,
                   ReadRowPage<WorkItem>(snapshot, asked, read, SortKeyOf(query)));
  return WorkItemPage{std::move(page.rows), std::move(page.next_page_token),
                      snapshot.applied_events()};
}

}  // namespace caseledger::projections
