// A read model as a question wants to see it.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "caseledger/v1/common.pb.h"
#include "projections/read_model/read_model.h"
#include "projections/read_model/versioned_rows.h"
#include "services/commands/ledgers.h"

namespace caseledger::rpc {

// A view that reflects what the client asks for, and how many events count.
struct ReadModelView {
  std::unique_ptr<projections::ReadSnapshot> snapshot;
  uint64_t as_of_events = projections::kLatest;
};

// How many events the ledger has; OUT_OF_RANGE when `min_position`, unless 0, is none of them.
absl::StatusOr<uint64_t> EventsBeyond(const commands::Ledger& ledger, uint64_t min_position);

// `min_position` 0 asks for nothing: the list then shows what the read model has. `as_of` may be
// null. Errors as Queries.
absl::StatusOr<ReadModelView> LookAt(const commands::Ledger& ledger, std::string_view projection,
                                     uint64_t min_position, const v1::AsOf* as_of,
                                     absl::Duration wait);

}  // namespace caseledger::rpc
