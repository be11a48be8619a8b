// The deadlines of one record, computed from its effective facts.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "caseledger/v1/deadlines.pb.h"
#include "eventstore/event.h"
#include "projections/read_model/read_model.h"
#include "projections/work_items/work_items.h"

namespace caseledger::projections {

// What the fold asks of the projection.
struct WorkItemSources {
  const ReadSnapshot& snapshot;
  // Types of facts that start deadlines.
  const std::vector<int>& start_types;
  // The deadlines that the agency works to at that time.
  absl::FunctionRef<absl::StatusOr<std::shared_ptr<const v1::Deadlines>>(const std::string& agency,
                                                                         Micros at)>
      deadlines;
};

// Of a case or a contact, in order of what started them. Errors are those of the sources.
absl::StatusOr<std::vector<WorkItem>> FoldWorkItems(const eventstore::StreamId& record,
                                                    const WorkItemSources& sources);

// Whether who owns a case, or that it went elsewhere, depends on facts of that type.
bool IsAboutOwner(int fact_type);

}  // namespace caseledger::projections
