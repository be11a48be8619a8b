// The EventLog of one ledger: a queue, one thread that commits what waits, and a feed.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/thread.h"
#include "eventstore/engine/engine.h"
#include "eventstore/log.h"
#include "eventstore/sequencer/batch.h"
#include "eventstore/sequencer/feed.h"
#include "eventstore/sequencer/foresight.h"
#include "eventstore/sequencer/log_counts.h"
#include "eventstore/sequencer/reader.h"
#include "eventstore/sequencer/recent_events.h"

namespace caseledger::eventstore {

// Invariants
// 1. Only the log's thread commits, so positions follow the order of decisions.
// 2. An answer that rests on events is given after they are durable, and after the head and the
//    feed show them.
// 3. After a failed commit nothing is committed any more: what storage holds is unknown until it is
//    opened again. Of a ledger that is shared this holds only where the failure is no outage: its
//    engine loads the head for each commit.
// 4. Every accepted append is answered exactly once.
// 5. Head, tree and feed show whole appends in their order, whoever made them. What others
//    committed is shown before what was decided on it is answered.
class LedgerLog final : public EventLog {
 public:
  // Starts the thread. `engine` and `clock` must outlive the log; `head` and `tree`
  // are the ledger's.
  LedgerLog(Engine& engine, BatchContext context, const LedgerHead& head, TreeEdge tree,
            Clock& clock);
  ~LedgerLog() override;

  void Submit(AppendRequest request, Done done) override;
  LedgerHead Head() const override;
  std::shared_ptr<const TreeEdge> Tree() const override;
  absl::StatusOr<std::vector<RecordedEvent>> ReadLedger(uint64_t from,
                                                        size_t max_events) const override;
  absl::StatusOr<std::vector<RecordedEvent>> ReadStream(const StreamId& stream,
                                                        uint64_t from_revision,
                                                        size_t max_events) const override;
  absl::StatusOr<std::optional<StreamId>> FindName(uint32_t kind, std::string_view source,
                                                   std::string_view value) const override;
  absl::StatusOr<StreamHead> FindStream(const StreamId& stream) const override;
  absl::Status VisitReferrers(const StreamId& to,
                              absl::FunctionRef<bool(const StreamId&)> visit) const override;
  absl::StatusOr<std::optional<AppendResult>> FindRequest(const RequestKey& key) const override;
  absl::StatusOr<uint64_t> CountRecordedUntil(Micros time) const override;
  using EventLog::Subscribe;
  absl::StatusOr<std::unique_ptr<Subscription>> Subscribe(uint64_t from,
                                                          SubscriberKind kind) override;
  absl::Status health() const override;
  LogStats Stats() const override;
  void Close() override;

 private:
  struct Waiting {
    AppendRequest request;
    Done done;
    Micros submitted = 0;  // MonotonicNow
  };

  absl::Status Enqueue(AppendRequest& request, Done& done) ABSL_LOCKS_EXCLUDED(mutex_);
  bool HasWorkOrCloses() const ABSL_SHARED_LOCKS_REQUIRED(mutex_);

  // The log's thread.
  void Run();
  bool TakeWaiting() ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status CommitAndAnswer();
  absl::Status CommitTaken(ResolvedBatch& resolved, std::shared_ptr<const TreeEdge>& tree);
  // Shows what others committed before position `end`.
  absl::Status TakeOver(uint64_t end) ABSL_LOCKS_EXCLUDED(mutex_);
  void Show(StoredPage read) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status LookForOthers() ABSL_LOCKS_EXCLUDED(mutex_);
  // Whether a later commit may succeed.
  bool GoesOnAfter(const absl::Status& failure) const;
  bool IsClosing() const ABSL_LOCKS_EXCLUDED(mutex_);
  // OK: it is over.
  void SetTrouble(const absl::Status& trouble) ABSL_LOCKS_EXCLUDED(mutex_);
  void Publish(const LedgerHead& head, std::shared_ptr<const TreeEdge> tree,
               const SharedBatch& batch) ABSL_LOCKS_EXCLUDED(mutex_);
  void AnswerCommitted(std::vector<Outcome> outcomes, const SharedBatch& batch);
  void StopAfter(const absl::Status& failure);
  // Answers those taken: what became of them without the commit, else `failure`.
  void AnswerFailed(const absl::Status& failure, std::vector<Outcome> outcomes);
  std::vector<Waiting> Release(size_t count) ABSL_LOCKS_EXCLUDED(mutex_);

  Engine& engine_;
  const BatchContext context_;
  Clock& clock_;
  RecentEvents recent_;  // of the log's thread only
  UsualStreams usual_;   // so, too
  const LedgerReader reader_;
  Feed feed_;
  LogCounts counts_;

  mutable Mutex mutex_;
  LedgerHead head_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const TreeEdge> tree_ ABSL_GUARDED_BY(mutex_);
  std::deque<Waiting> queue_ ABSL_GUARDED_BY(mutex_);
  size_t unanswered_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  absl::Status trouble_ ABSL_GUARDED_BY(mutex_);  // of a shared ledger, that may pass

  std::deque<Waiting> taken_;  // of the log's thread only
  Mutex close_mutex_;
  Thread thread_ ABSL_GUARDED_BY(close_mutex_);
};

}  // namespace caseledger::eventstore
