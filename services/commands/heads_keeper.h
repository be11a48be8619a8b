// Commits to how far every stream of a ledger goes (eventstore/verifiable/HEADS.md): appends
// `HeadsCommitted` when it is due or asked for.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/mutex.h"
#include "eventstore/log.h"
#include "projections/stream_heads/stream_heads.h"

namespace caseledger::commands {

// The stream of these events.
eventstore::StreamId HeadsStream();

struct CommittedHeads {
  eventstore::RecordedEvent event;                         // with the fact HeadsCommitted
  std::shared_ptr<const projections::HeadsSnapshot> tree;  // with the event's root
};

// Invariants
// 1. An event's root is that of the tree over the events before its `tree_size`, computed from the
//    log.
// 2. What asks again finds the same event as long as nothing else was recorded.
//
// Thread-safe; every call may block on storage.
class HeadsKeeper {
 public:
  // Heads are due after so many events, or `longest` after the first one.
  static constexpr uint64_t kMostEvents = 10'000;
  // With the time between two looks (services/timers) less than a minute.
  static constexpr Micros kLongest = 58 * kMicrosPerSecond;
  // What an event covers ends at most so many events before the ledger's head, so that whoever
  // computes it again knows how much to remember (HeadsReplay::kMostBehind is much more).
  static constexpr uint64_t kMostBehind = 100'000;

  // Log, store and clock must outlive it. DATA_LOSS when the newest such event cannot be read.
  static absl::StatusOr<std::unique_ptr<HeadsKeeper>> Open(eventstore::EventLog& log,
                                                           std::string_view ledger,
                                                           projections::ReadModelStore& store,
                                                           Clock& clock, Micros longest = kLongest);

  // The event that covers all that was recorded before this call; appended unless it is there.
  //
  // FAILED_PRECONDITION  the ledger is empty
  // DATA_LOSS            the log is not the one that the newest event committed to
  // CANCELLED            after Stop
  // else                 as EventLog::Append
  absl::StatusOr<CommittedHeads> Commit();

  // Whether the time for a commit has come, or its tables have to be made again: Commit does both.
  // To be asked every second.
  bool IsDue();

  // Position of an event; nullopt when the ledger has none of that id.
  absl::StatusOr<std::optional<uint64_t>> FindEvent(const Uuid& event_id) const;

  // Ends a commit that is catching up, and refuses others.
  void Stop() { stopped_ = true; }

 private:
  HeadsKeeper(eventstore::EventLog& log, std::string_view ledger,
              std::unique_ptr<projections::StreamHeads> heads, Clock& clock, Micros longest)
      : log_(log), ledger_(ledger), heads_(std::move(heads)), clock_(clock), longest_(longest) {}

  absl::Status LoadNewest() ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status CatchUp(uint64_t end);
  // The newest event, when nothing but it was recorded since what it covers.
  absl::StatusOr<std::optional<CommittedHeads>> StillNewest(uint64_t events);
  absl::StatusOr<eventstore::RecordedEvent> Append(const projections::HeadsSnapshot& tree);
  uint64_t Uncovered(uint64_t events) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  struct Newest {
    eventstore::RecordedEvent event;
    uint64_t tree_size = 0;
    Hash256 root;
  };

  eventstore::EventLog& log_;
  const std::string ledger_;
  const std::unique_ptr<projections::StreamHeads> heads_;
  Clock& clock_;
  const Micros longest_;
  std::atomic<bool> stopped_ = false;
  Mutex committing_;  // one Commit at a time
  mutable Mutex mutex_;
  std::optional<Newest> newest_ ABSL_GUARDED_BY(mutex_);
  std::optional<Micros> uncovered_since_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace caseledger::commands
