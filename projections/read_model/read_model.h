// The small storage contract that projections write to and queries read from: ordered rows of bytes
// in tables, and batches that commit together with the position they reflect.
//
// A table belongs to one projection version of one ledger (`case-list@1`); keys never cross tables.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace caseledger::projections {

// A consistent view of one table. Thread-safe.
class ReadSnapshot {
 public:
  virtual ~ReadSnapshot() = default;
  // How many events of the ledger the rows reflect: the position to apply next.
  virtual uint64_t applied_events() const = 0;
  // nullopt when there is no such row. DATA_LOSS on damage.
  virtual absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const = 0;
  // Rows with begin <= key < end in key order ("" end: to the table's end), until `visit` returns
  // false.
  virtual absl::Status Scan(
      std::string_view begin, std::string_view end,
      absl::FunctionRef<bool(std::string_view key, std::string_view value)> visit) const = 0;
};

// Rows to be written together with a position. Reads see its own writes. Not thread-safe.
class ReadModelBatch : public ReadSnapshot {
 public:
  virtual void Put(std::string_view key, std::string_view value) = 0;
  virtual void Delete(std::string_view key) = 0;
  // Bytes of keys and values that wait to be committed.
  virtual size_t changed_bytes() const = 0;
  // What rows of the ledger's tables were before they were deleted or overwritten, by this batch or
  // earlier, is not to stay in the store's files: the commit removes it once it is durable, as soon
  // as no older snapshot needs it, and at the latest when the store is next opened.
  virtual void PurgeDeleted() = 0;
};

// One table. Thread-safe, but only one batch at a time.
class ReadModelTable {
 public:
  virtual ~ReadModelTable() = default;
  virtual std::unique_ptr<ReadSnapshot> Snapshot() const = 0;
  virtual std::unique_ptr<ReadModelBatch> NewBatch() = 0;
  // Commits rows and position at once. FAILED_PRECONDITION unless the table reflects exactly
  // `expected_applied` events. An error of a purge comes after rows and position were committed.
  virtual absl::Status Commit(ReadModelBatch& batch, uint64_t expected_applied,
                              uint64_t new_applied) = 0;
};

// All tables of a server, in files of their own: read models can be dropped without harm.
// Thread-safe.
class ReadModelStore {
 public:
  virtual ~ReadModelStore() = default;
  // Opens or creates a table.
  virtual absl::StatusOr<std::unique_ptr<ReadModelTable>> OpenTable(std::string_view ledger,
                                                                    std::string_view table) = 0;
  // Names of the ledger's tables.
  virtual absl::StatusOr<std::vector<std::string>> ListTables(std::string_view ledger) const = 0;
  // Removes a table's rows and position.
  virtual absl::Status DropTable(std::string_view ledger, std::string_view table) = 0;
  virtual absl::Status Close() = 0;
};

}  // namespace caseledger::projections
