// Runs projections: one worker thread each, catch-up to live, rows and position in one commit, stop
// on poison, rebuild beside the live version.
//
// Invariants
//  1. Each applied event has exactly the position after the last one's.
//  2. Rows and position commit together.
//  3. A failing projection stops at the failing event, keeps serving what it has and says so; the
//     others go on.
//  4. A rebuilt table equals the live one byte for byte.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "eventstore/base/clock.h"
#include "eventstore/log.h"
#include "projections/read_model/read_model.h"
#include "projections/runtime/projection.h"

namespace caseledger::projections {

// What came out when a rebuilt table was compared with the one before it, both of the same events.
struct TableComparison {
  // kWaiting: the rebuild goes on.
  enum class State { kWaiting, kRunning, kSame, kDifferent, kFailed };
  State state = State::kWaiting;
  uint64_t events = 0;        // that both reflect
  uint64_t rows = 0;          // compared so far
  uint64_t changed_rows = 0;  // that both have, with other values
  uint64_t lost_rows = 0;     // that only the table before had
  uint64_t new_rows = 0;      // that only the rebuilt one has
  std::string trouble;        // why it failed
};

struct ProjectionHealth {
  // kPaused: by Pause; kDropped: by Drop, without rows.
  enum class State { kCatchingUp, kLive, kRebuilding, kStopped, kPaused, kDropped };
  std::string name;  // `case-list@1`
  State state = State::kCatchingUp;
  uint64_t applied_events = 0;
  uint64_t lag_events = 0;
  double lag_seconds = 0;  // age of the oldest event not applied, by its recorded time; 0 when none
  uint64_t stopped_at_position = 0;
  std::string trouble;  // why it stopped
  // Of the last rebuild that was to be compared; until the next rebuild, or the end of the program.
  std::optional<TableComparison> comparison{};
};

// All projections of one ledger. Thread-safe.
class Runtime {
 public:
  using Factory = std::function<std::unique_ptr<Projection>()>;

  struct Options {
    Clock* clock = nullptr;  // required
    // Events of one commit. A worker that catches up commits that many at once: rows that change
    // again and again are written once.
    size_t max_batch_events = 16384;
    // Bytes of rows after which it commits earlier, but no earlier than after the event that
    // reached them. Each worker that catches up holds about twice as much.
    size_t max_batch_bytes = 8u << 20;
    // A live worker rests this long between two commits, so that under load one commit carries many
    // events; when it was quiet the next event is applied at once.
    std::chrono::microseconds gather{20000};
    // Where log or keys may be away for a while: UNAVAILABLE does not stop a worker, which waits so
    // long and goes on from what it committed. Zero: it stops.
    std::chrono::microseconds outage_pause{0};
  };

  virtual ~Runtime() = default;

  // A consistent view of a projection's live rows, by its name without version, of at least
  // `min_applied_events` events. NOT_FOUND          no such projection DEADLINE_EXCEEDED  not that
  // far within `timeout`; the message says how far it is UNAVAILABLE        it is stopped before
  // that point
  virtual absl::StatusOr<std::unique_ptr<ReadSnapshot>> View(std::string_view name,
                                                             uint64_t min_applied_events,
                                                             absl::Duration timeout) = 0;
  // Left out, nothing of the log is read.
  enum class Ages { kMeasured, kLeftOut };
  virtual std::vector<ProjectionHealth> Health(Ages ages) const = 0;
  std::vector<ProjectionHealth> Health() const { return Health(Ages::kMeasured); }
  // Whether a rebuilt table is compared with the one before it once it is live.
  enum class Compare { kNo, kYes };
  // Begins to rebuild a projection from position 0 beside the live one; swaps when it has caught
  // up. The rebuilt rows are served whatever a comparison says: they follow from the events.
  // NOT_FOUND; FAILED_PRECONDITION when a rebuild or a comparison is running, or when there are no
  // rows to compare with.
  virtual absl::Status Rebuild(std::string_view name, Compare compare) = 0;
  absl::Status Rebuild(std::string_view name) { return Rebuild(name, Compare::kNo); }
  // Applies nothing more until Resume; what is there is served. Until the next start at most.
  // NOT_FOUND; FAILED_PRECONDITION when it does not run, or a rebuild does.
  virtual absl::Status Pause(std::string_view name) = 0;
  // Goes on where it was paused, or stopped: with the event that it failed on.
  // NOT_FOUND; FAILED_PRECONDITION when it runs, was dropped, or a rebuild runs.
  virtual absl::Status Resume(std::string_view name) = 0;
  // Removes its rows; nothing is served until it is rebuilt, or the next start builds it.
  // NOT_FOUND; FAILED_PRECONDITION when it was dropped, or a rebuild runs.
  virtual absl::Status Drop(std::string_view name) = 0;
  // Stops all workers. Idempotent.
  virtual void Stop() = 0;
};

// Starts the workers. `log` and `store` must outlive the runtime.
absl::StatusOr<std::unique_ptr<Runtime>> StartRuntime(eventstore::EventLog& log,
                                                      std::string_view ledger,
                                                      ReadModelStore& store,
                                                      std::vector<Runtime::Factory> projections,
                                                      const Runtime::Options& options);

}  // namespace caseledger::projections
