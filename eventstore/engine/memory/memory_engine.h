// The engine that forgets: keeps every ledger in memory. For tests, and as the plainest reading of
// the engine contract.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "eventstore/base/mutex.h"
#include "eventstore/engine/engine.h"

namespace caseledger::eventstore {

// Lets tests bring about what storage does on a bad day.
struct MemoryEngineOptions {
  using Hook = std::function<absl::Status(const EngineBatch&)>;
  // Before anything is kept. A status other than OK fails the commit; nothing of it is kept.
  Hook before_write;
  // After all is kept. A status other than OK fails the commit although the batch is there: the
  // outcome that a caller cannot know.
  Hook after_write;
  // How often each commit runs `resolve`, at least 1; only the last batch counts. More than 1 plays
  // an engine that retries on a newer head.
  int resolve_runs = 1;
  // After a hook failed a commit the next one is tried, as by an engine that loads the head for
  // each.
  bool goes_on = false;
};

// Thread-safe. Hooks run on the committing thread, without locks. After a hook failed a commit,
// every later commit fails with the same status until Reopen, unless `goes_on`.
class MemoryEngine final : public Engine {
 public:
  explicit MemoryEngine(MemoryEngineOptions options = {});
  ~MemoryEngine() override;

  absl::StatusOr<std::vector<storage::v1::LedgerInfo>> ListLedgers() const override;
  absl::Status CreateLedger(const storage::v1::LedgerInfo& info) override;
  absl::Status ReplaceInfo(const storage::v1::LedgerInfo& info) override;
  absl::Status AddMarks(std::string_view ledger,
                        std::span<const std::pair<std::string, std::string>> marks) override;
  absl::StatusOr<LedgerHead> LoadHead(std::string_view ledger) const override;
  absl::Status Commit(std::string_view ledger, Resolve resolve) override;
  absl::Status Read(std::string_view ledger, uint64_t from, uint64_t end,
                    absl::FunctionRef<bool(const StoredEvent&)> visit) const override;
  absl::StatusOr<StreamHead> FindStream(std::string_view ledger,
                                        const StreamId& stream) const override;
  absl::Status ReadStream(std::string_view ledger, const StreamId& stream, uint64_t from_revision,
                          absl::FunctionRef<bool(const StoredEvent&)> visit) const override;
  absl::StatusOr<std::optional<std::string>> FindMark(std::string_view ledger,
                                                      std::string_view key) const override;
  absl::StatusOr<std::optional<std::string>> FindTile(std::string_view ledger, unsigned level,
                                                      uint64_t index) const override;
  absl::Status VisitIndex(
      std::string_view ledger,
      absl::FunctionRef<bool(const StreamId&, uint64_t, uint64_t)> visit) const override;
  absl::Status VisitStreamHeads(
      std::string_view ledger,
      absl::FunctionRef<bool(const StreamId&, const StreamHead&)> visit) const override;
  absl::Status VisitMarks(
      std::string_view ledger, std::string_view prefix,
      absl::FunctionRef<bool(std::string_view, std::string_view)> visit) const override;
  absl::Status VisitTiles(
      std::string_view ledger,
      absl::FunctionRef<bool(unsigned, uint64_t, std::string_view)> visit) const override;
  absl::StatusOr<std::optional<std::string>> FindSigningState(
      std::string_view ledger) const override;
  absl::Status ReplaceSigningState(std::string_view ledger, std::string_view state) override;
  absl::Status Close() override;

  // Plays a restart: the engine accepts commits again, and keeps what it had.
  void Reopen();

  // Replaces the stored bytes of one event, for tests of damage. The position must exist.
  void OverwriteRecord(std::string_view ledger, uint64_t position, std::string record);
  // The same for a tile; "" removes it.
  void OverwriteTile(std::string_view ledger, unsigned level, uint64_t index, std::string hashes);

 private:
  class Ledger;
  class View;

  absl::StatusOr<Ledger*> Find(std::string_view ledger) const ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status failure() const ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status Fail(absl::Status status) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<EngineBatch> RunResolve(View& view, Resolve resolve) const;

  const MemoryEngineOptions options_;
  mutable Mutex mutex_;
  absl::flat_hash_map<std::string, std::unique_ptr<Ledger>> ledgers_ ABSL_GUARDED_BY(mutex_);
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace caseledger::eventstore
