// How much one agency may ask at a time, so that none takes the room of the others.
//
//   ASSIGN_OR_RETURN(Place place, limits.Admit(agency, AgencyLimits::Use::kCall));
//   ... answer the call, and let go of the place
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/mutex.h"

namespace caseledger::access {

// Payload of a refusal for want of room: after how many microseconds to try again, as a decimal.
inline constexpr char kRetryDelayUrl[] = "type.caseledger/retry-delay-us";

absl::Status TryAgainIn(Micros delay, std::string_view message);
// What a refusal says of that; 0 when nothing.
Micros RetryDelayOf(const absl::Status& status);

// Lets so many a second through, and as many at once as `burst` holds after a quiet time: the
// generic cell rate algorithm (ITU-T I.371, virtual scheduling). Not thread-safe.
class Pace {
 public:
  // `per_second` 0: no limit. Both at most 1'000'000.
  Pace(int64_t per_second, int64_t burst);

  // No wait is longer, whatever was charged and whatever a clock does: what is owed beyond is
  // forgiven.
  static constexpr Micros kLongestWait = 10 * kMicrosPerSecond;

  // Takes `units` when they may pass now, and else nothing. How long to wait before they may; 0
  // when they were taken.
  Micros Take(Micros now, int64_t units);
  // Takes them in any case, or gives them back when negative; the same answer for the next ones.
  Micros Charge(Micros now, int64_t units);
  // How long one unit would have to wait.
  Micros Wait(Micros now) const;
  // Whether a quiet time has made up for all that was taken.
  bool rested(Micros now) const { return due_ <= now; }

 private:
  Micros Cost(int64_t units) const;

  const int64_t per_second_;
  const Micros burst_;
  Micros due_ = 0;  // when all that was taken would have passed at an even pace
};

// Thread-safe.
class AgencyLimits {
 public:
  // After a quiet time a quarter of a second's worth may come at once, at least 16.
  struct Options {
    int64_t calls_per_second = 1'000;  // unary calls and openings of streams; 0: no limit
    // Of batches, all together. 0: no limit, and none of undecided ones.
    int64_t commands_per_second = 2'000;
    int64_t calls_at_a_time = 128;
    int64_t streams_at_a_time = 32;  // replays, subscriptions, exports and batches
    int64_t batches_at_a_time = 8;
    int64_t undecided_commands = 256;  // of batches, all together
  };
  // Of each of these; see services/app/server/options.h.
  static constexpr int64_t kMost = 1'000'000;
  static constexpr size_t kRequestBytes = 16u << 10;

  enum class Use { kCall, kStream, kBatch };

  struct Books;
  struct Held;
  // Room for one call or stream; given back when the last copy goes. Never null.
  using Place = std::shared_ptr<const Held>;

  // `steady_now`: microseconds that only grow. Called with a mutex held.
  AgencyLimits(const Options& options, std::function<Micros()> steady_now);

  // `bytes` of the request: each kRequestBytes count as one call more, which are taken in any case,
  // so that the next calls wait for them.
  //
  // RESOURCE_EXHAUSTED, with a delay after which to try again:
  //   AGENCY_RATE  more calls a second than the agency may make
  //   AGENCY_BUSY  as many calls or streams of the agency are open as may be
  absl::StatusOr<Place> Admit(std::string_view agency, Use use, size_t bytes = 0);

  // Gives the room back before the last copy goes; once is enough.
  static void GiveBack(const Place& place);

  // How long a batch has to wait before it may ask again whether to read; 0: it may read a message
  // now, of about `expected` commands, which are taken.
  Micros TurnToRead(const Place& place, int64_t expected);
  // A batch read so many commands, when so many were expected; they count as undecided until
  // CommandDecided is called for each.
  void CommandsRead(const Place& place, int64_t commands, int64_t expected);
  static void CommandDecided(const Place& place);

  // Agencies that are kept in mind; those that rest are forgotten when they are many.
  size_t known() const;

 private:
  std::shared_ptr<Books> BooksOf(std::string_view agency, Micros now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status CheckRoom(const Books& books, Use use) const;

  const Options options_;
  const std::function<Micros()> steady_now_;
  mutable Mutex mutex_;
  absl::flat_hash_map<std::string, std::shared_ptr<Books>> agencies_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace caseledger::access
