// A ledger as an engine keeps it, for whoever proves what is in it: stored bytes, leaves and the
// tiles of the tree.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/engine/engine.h"
#include "eventstore/verifiable/tree_reader.h"

namespace caseledger::eventstore {

// One event, and what its leaf commits to, made again from the stored record.
struct StoredLeaf {
  uint64_t position = 0;
  std::string record;
  std::string entry;
};

// Thread-safe; every call may block on storage. The engine must outlive it.
class StoredLedger {
 public:
  using VisitLeaf = absl::FunctionRef<bool(const StoredLeaf&)>;

  StoredLedger(const Engine& engine, std::string_view ledger) : engine_(engine), ledger_(ledger) {}

  // Reads any tile of the tree; this must outlive what is returned.
  ReadTile Tiles() const;

  // DATA_LOSS when the record is missing or damaged.
  absl::StatusOr<StoredLeaf> Leaf(uint64_t position) const;
  // Events [from, end) in order, until `visit` returns false. DATA_LOSS.
  absl::Status Read(uint64_t from, uint64_t end, VisitLeaf visit) const;
  // The stream's events from `from_revision` on, until `visit` returns false. DATA_LOSS.
  absl::Status ReadStream(const StreamId& stream, uint64_t from_revision, VisitLeaf visit) const;

 private:
  const Engine& engine_;
  const std::string ledger_;
};

}  // namespace caseledger::eventstore
