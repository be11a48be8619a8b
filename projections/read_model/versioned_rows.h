// Rows that can be read as of any position: every version of a row is kept with the positions
// between which it held.
//
// "As of N events" is what the ledger's first N events say, positions 0 to N-1. A version put by
// the event at position `from` and ended by the event at position `to` holds as of N when
// from < N <= to. The current version has no `to`.
//
// Layout, within the byte `space` of a table:
//
//   space 'c' KEY                      -> from (8 bytes) VALUE     the current version
//   space 'p' text(KEY) to (8 bytes)   -> from (8 bytes) VALUE     an ended one
//
// (8 bytes: big-endian; text(): the escaped form of keys.h.) Current rows lie together, so a scan
// of what holds now never meets history. A row as of N is one look at the current version and one
// seek to the first ended one with to >= N. A scan as of N also passes over the ended versions of
// its range.
//
// Invariants
//  1. At most one version of a row holds as of any N.
//  2. The same events give the same bytes, however they are cut into batches.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "projections/read_model/read_model.h"

namespace caseledger::projections {

// As of everything the snapshot reflects.
inline constexpr uint64_t kLatest = std::numeric_limits<uint64_t>::max();

// Thread-safe: keeps nothing itself. Reads fail with DATA_LOSS on damage and with OUT_OF_RANGE
// when `as_of_events` (unless kLatest) is beyond what the snapshot reflects.
class VersionedRows {
 public:
  explicit constexpr VersionedRows(char space) : space_(space) {}

  // The row has this value from the event at `position` on. Nothing is written when it has it
  // already. Positions must not go down from one change of a row to the next.
  absl::Status Put(ReadModelBatch& batch, std::string_view key, std::string_view value,
                   uint64_t position) const;
  // The same of a row that is known not to be there now; it is not looked for.
  void PutNew(ReadModelBatch& batch, std::string_view key, std::string_view value,
              uint64_t position) const;
  // There is no such row from the event at `position` on. Nothing happens when there is none.
  absl::Status Remove(ReadModelBatch& batch, std::string_view key, uint64_t position) const;

  absl::StatusOr<std::optional<std::string>> Get(const ReadSnapshot& snapshot, std::string_view key,
                                                 uint64_t as_of_events) const;
  // Rows with begin <= key < end in key order ("" end: all), until `visit` returns false.
  absl::Status Scan(
      const ReadSnapshot& snapshot, std::string_view begin, std::string_view end,
      uint64_t as_of_events,
      absl::FunctionRef<bool(std::string_view key, std::string_view value)> visit) const;

 private:
  // `stored`: what is stored for the current version.
  absl::Status EndCurrent(ReadModelBatch& batch, std::string_view key,
                          const std::optional<std::string>& stored, uint64_t position) const;
  std::string CurrentKey(std::string_view key) const;
  std::string EndedKey(std::string_view key, uint64_t to) const;

  char space_;
};

}  // namespace caseledger::projections
