// Which types of facts any deadline was ever about, so that others cost nothing.
#pragma once

#include <set>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "caseledger/v1/deadlines.pb.h"
#include "projections/read_model/read_model.h"

namespace caseledger::projections {

// Notes the types that these deadlines start with, are met or cancelled by. Types only come to it.
absl::Status NoteTypes(const v1::Deadlines& deadlines, ReadModelBatch& batch);

// All that any deadline was ever about.
struct NotedTypes {
  std::set<int> all;
  std::vector<int> starts;  // that start one; ascending
};
// DATA_LOSS on damage.
absl::StatusOr<NotedTypes> ReadTypes(const ReadSnapshot& snapshot);

}  // namespace caseledger::projections
