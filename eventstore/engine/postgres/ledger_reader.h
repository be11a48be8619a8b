// Reads one ledger, and checks what it reads. Inside a transaction and outside it is the same.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/engine/engine.h"
#include "eventstore/postgres/runner.h"

namespace caseledger::eventstore::postgres {

using VisitEvent = absl::FunctionRef<bool(const StoredEvent&)>;

// Invariants
// 1. Reads page by page, and calls the visitor when the page is complete: it may read again, and
//    no session waits for it.
// 2. A position, a revision or a head that ought to be there and is not, is DATA_LOSS. What
//    commits add while a reading is under way is left out.
//
// As thread-safe as its runners, which it must not outlive; nor the ledger's name.
class LedgerReader {
 public:
  LedgerReader(Runner& runner, std::string_view ledger, PostgresPage limits)
      : LedgerReader(runner, runner, ledger, limits) {}
  // `pages` gets the statements that read events; what it answers that is not whole is asked again
  // of `runner`, which alone is believed that something is damaged.
  LedgerReader(Runner& runner, Runner& pages, std::string_view ledger, PostgresPage limits)
      : runner_(runner), pages_(pages), ledger_(ledger), limits_(limits) {}

  // Checks that the last event is there and none beyond.
  absl::StatusOr<LedgerHead> LoadHead() const;
  absl::Status Read(uint64_t from, uint64_t end, VisitEvent visit) const;
  absl::StatusOr<StreamHead> FindStream(const StreamId& stream) const;
  // Those of `streams` that exist, in one round trip.
  absl::StatusOr<std::vector<std::pair<StreamId, StreamHead>>> FindStreams(
      std::span<const StreamId> streams) const;
  absl::Status ReadStream(const StreamId& stream, uint64_t from_revision, VisitEvent visit) const;
  // Up to `end_revision`.
  absl::Status ReadStream(const StreamId& stream, uint64_t from_revision, uint64_t end_revision,
                          VisitEvent visit) const;
  absl::StatusOr<std::optional<std::string>> FindMark(std::string_view mark) const;
  // Values of those of `marks` that exist, in one round trip.
  absl::StatusOr<std::vector<std::pair<std::string, std::string>>> FindMarks(
      std::span<const std::string> marks) const;
  absl::StatusOr<std::optional<std::string>> FindTile(unsigned level, uint64_t index) const;
  absl::StatusOr<std::optional<std::string>> FindSigningState() const;

  absl::Status VisitIndex(absl::FunctionRef<bool(const StreamId&, uint64_t, uint64_t)> visit) const;
  absl::Status VisitStreamHeads(
      absl::FunctionRef<bool(const StreamId&, const StreamHead&)> visit) const;
  absl::Status VisitMarks(std::string_view prefix,
                          absl::FunctionRef<bool(std::string_view, std::string_view)> visit) const;
  absl::Status VisitTiles(
      absl::FunctionRef<bool(unsigned, uint64_t, std::string_view)> visit) const;

 private:
  absl::Status Damaged(std::string_view what) const;
  // Whose numbers in that column begin with `first`.
  absl::StatusOr<Rows> ReadPage(const Statement& statement, const Parameters& parameters,
                                int column, uint64_t first) const;
  absl::StatusOr<std::optional<std::string>> FindOne(const Statement& statement,
                                                     const Parameters& parameters) const;

  Runner& runner_;
  Runner& pages_;
  const std::string_view ledger_;
  const PostgresPage limits_;
};

// The head in columns [column, column + 3) of a row; nullopt when it is not readable.
std::optional<LedgerHead> HeadIn(const Rows& rows, int row, int column);

}  // namespace caseledger::eventstore::postgres
