// Hands committed batches to live subscribers without making the sequencer wait for any of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "eventstore/base/mutex.h"
#include "eventstore/log.h"
#include "eventstore/sequencer/reader.h"

namespace caseledger::eventstore {

// The events of one commit, shared by all subscribers. Never empty.
struct PublishedBatch {
  std::vector<RecordedEvent> events;
  size_t stored_bytes = 0;

  uint64_t first_position() const { return events.front().position; }
  uint64_t end_position() const { return events.back().position + 1; }
};

using SharedBatch = std::shared_ptr<const PublishedBatch>;

// Where the sequencer leaves batches for one subscriber. Thread-safe.
//
// Invariant: unless it overflowed, it has received every batch from `Restart`'s position on.
class Mailbox {
 public:
  Mailbox(const LogLimits& limits, SubscriberKind kind, uint64_t next_position);

  SubscriberKind kind() const { return kind_; }

  // Never blocks. A batch that does not fit, or does not follow the one before, makes the mailbox
  // overflow: it drops what it has and takes no more until Restart.
  void Put(const SharedBatch& batch);

  struct Contents {
    std::vector<SharedBatch> batches;
    bool overflowed = false;
    bool emptied = false;  // everything published so far has been taken
  };
  // Takes batches until a page is full. With `wait`, waits for something to take.
  // DEADLINE_EXCEEDED, CANCELLED.
  absl::StatusOr<Contents> Take(bool wait, absl::Duration timeout);

  // Accepts batches again after an overflow, from the returned position on.
  uint64_t Restart();

  // Ends waiting for good.
  void Cancel();
  // Cancelled, and not reading any more.
  bool finished() const;

  // Bracket a read of storage: false after Cancel. WaitForRead returns when none is going on.
  bool BeginRead();
  void EndRead();
  void WaitForRead();

 private:
  bool NotReading() const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  bool SomethingToTake() const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  void Clear() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const LogLimits limits_;
  const SubscriberKind kind_;
  mutable Mutex mutex_;
  std::deque<SharedBatch> batches_ ABSL_GUARDED_BY(mutex_);
  size_t events_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t next_position_ ABSL_GUARDED_BY(mutex_);  // of the next batch to be published
  bool overflowed_ ABSL_GUARDED_BY(mutex_) = false;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;
};

// All subscribers of one ledger. Thread-safe.
class Feed {
 public:
  // `reader` must outlive the feed's Close.
  Feed(const LedgerReader& reader, const LogLimits& limits, uint64_t next_position);

  // OUT_OF_RANGE, RESOURCE_EXHAUSTED as EventLog::Subscribe; UNAVAILABLE after Close.
  absl::StatusOr<std::unique_ptr<Subscription>> Subscribe(uint64_t from, SubscriberKind kind);
  // Those that have not ended.
  size_t Count(SubscriberKind kind) const;
  // Never blocks on a subscriber.
  void Publish(const SharedBatch& batch);
  // Ends all subscriptions. When it returns none of them reads storage, now or later.
  void Close();

 private:
  bool HasRoomFor(SubscriberKind kind) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ForgetFinished() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const LedgerReader& reader_;
  const LogLimits limits_;
  mutable Mutex mutex_;
  std::vector<std::shared_ptr<Mailbox>> mailboxes_ ABSL_GUARDED_BY(mutex_);
  uint64_t next_position_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace caseledger::eventstore
