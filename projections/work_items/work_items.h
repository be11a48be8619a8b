// What is to be done by when: deadlines of cases and contacts that run, and those that ended, as
// the deadlines loaded for each agency say.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/uuid.h"
#include "projections/read_model/read_model.h"
#include "projections/read_model/sorted_rows.h"
#include "projections/runtime/projection.h"

namespace caseledger::projections {

inline constexpr std::string_view kWorkItemsName = "work-items";

// One deadline, from the fact that started it. Holds nothing personal.
struct WorkItem {
  uint32_t record_kind = 0;  // case or contact
  Uuid record_id;
  std::string deadline_id;
  std::string label_vi;
  std::string label_en;
  std::string basis;
  std::string case_type;  // "": a contact's
  std::string agency_id;  // that owns the case now, or recorded what started it
  std::string worker_id;  // of the case, by the name the agency gives its staff
  Uuid started_by;        // event
  Micros started_at = 0;
  Micros due_at = 0;  // the last moment in which it is met
  std::optional<Micros> ended_at;
  bool cancelled = false;  // it ended without being met

  bool IsOverdue(Micros now) const { return !ended_at.has_value() && now > due_at; }

  template <typename Archive>
  void Fields(Archive& archive) {
    archive(record_kind, record_id, deadline_id, label_vi, label_en, basis, case_type, agency_id,
            worker_id, started_by, started_at, due_at, ended_at, cancelled);
  }
};

// "open", "overdue", "met" (in time), "late" (met after it was due) or "cancelled".
std::string_view StateOf(const WorkItem& item, Micros now);

std::unique_ptr<Projection> MakeWorkItems();

// Which item comes first; of equal ones the one that is due first, or of ended ones the newest.
enum class WorkItemOrder {
  kAsListed,  // what runs by due time, what has ended the newest first
  kFirstDue,
  kLastDue,
  kFirstStarted,
  kLastStarted,
  kFirstEnded,  // those that run last
  kLastEnded,   // the same
};

struct WorkItemQuery {
  WorkItemOrder order = WorkItemOrder::kAsListed;
  Micros now = 0;
  std::string state{};        // one of the above; "open" without those overdue; "": all that run
  std::string agency_id{};    // "": any
  std::string worker_id{};    // "": any; only with an agency, whose name for them it is
  std::string deadline_id{};  // "": any
  int64_t page_size = 0;      // 0: 50; at most 1000
  std::string page_token{};   // of the answer before, to the same filters
  SortMemo memo{};
};

struct WorkItemPage {
  std::vector<WorkItem> items;
  std::string next_page_token;  // "" at the end
  uint64_t reflected_events = 0;
};

// INVALID_ARGUMENT     no such state, a worker without an agency, page size or token
// FAILED_PRECONDITION  SORT_NEEDS_FILTER
// DATA_LOSS            damaged rows
absl::StatusOr<WorkItemPage> ListWorkItems(const ReadSnapshot& snapshot,
                                           const WorkItemQuery& query);

}  // namespace caseledger::projections
