#include "services/access/limits/agency_limits.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "eventstore/base/strings.h"

namespace caseledger::access {
namespace {

// Agencies that are known before those that rest are forgotten.
constexpr size_t kMostKnown = 1'024;
// A call takes a few milliseconds; a stream or batch stays.
constexpr Micros kCallDelay = 50'000;
constexpr Micros kStreamDelay = kMicrosPerSecond;
constexpr Micros kUndecidedDelay = 5'000;

int64_t BurstOf(int64_t per_second) { return std::max<int64_t>(16, per_second / 4); }

}  // namespace

absl::Status TryAgainIn(Micros delay, std::string_view message) {
  absl::Status status = absl::ResourceExhaustedError(ToAbsl(message));
  status.SetPayload(kRetryDelayUrl, absl::Cord(StrCat(delay)));
  return status;
}

Micros RetryDelayOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kRetryDelayUrl);
  Micros delay = 0;
  if (!payload.has_value() || !absl::SimpleAtoi(std::string(*payload), &delay)) return 0;
  return delay;
}

Pace::Pace(int64_t per_second, int64_t burst) : per_second_(per_second), burst_(Cost(burst)) {}

Micros Pace::Cost(int64_t units) const {
  return per_second_ == 0 ? 0 : units * kMicrosPerSecond / per_second_;
}

Micros Pace::Take(Micros now, int64_t units) {
  if (per_second_ == 0) return 0;
  const Micros cost = Cost(units);
  // What passes alone passes after a quiet time, even when it is more than a burst.
  const Micros most = std::max(burst_, cost);
  due_ = std::clamp(due_, now, now + most + kLongestWait - cost);
  const Micros wait = std::max<Micros>(0, due_ + cost - now - most);
  if (wait == 0) due_ += cost;
  return wait;
}

Micros Pace::Charge(Micros now, int64_t units) {
  due_ = std::clamp(std::max(due_, now) + Cost(units), now, now + burst_ + kLongestWait);
  return Wait(now);
}

Micros Pace::Wait(Micros now) const {
  if (per_second_ == 0) return 0;
  return std::clamp<Micros>(due_ - now - burst_, 0, kLongestWait);
}

// Counts are changed without the mutex, so that letting go of a place waits for nobody.
struct AgencyLimits::Books {
  explicit Books(const Options& options)
      : calls(options.calls_per_second, BurstOf(options.calls_per_second)),
        commands(options.commands_per_second, BurstOf(options.commands_per_second)) {}

  Pace calls;     // guarded by the mutex of the limits
  Pace commands;  // the same
  std::atomic<int64_t> open_calls = 0;
  std::atomic<int64_t> open_streams = 0;  // batches, too
  std::atomic<int64_t> open_batches = 0;
  std::atomic<int64_t> undecided = 0;
};

// One call or stream of an agency.
struct AgencyLimits::Held {
  Held(std::shared_ptr<Books> of, Use how) : books(std::move(of)), use(how) { Count(1); }
  ~Held() { GiveBack(); }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

  void GiveBack() const {
    if (!given_back.exchange(true)) Count(-1);
  }
  void Count(int64_t by) const {
    if (use == Use::kCall) {
      books->open_calls += by;
    } else {
      books->open_streams += by;
      if (use == Use::kBatch) books->open_batches += by;
    }
  }

  const std::shared_ptr<Books> books;
  const Use use;
  mutable std::atomic<bool> given_back = false;
};

AgencyLimits::AgencyLimits(const Options& options, std::function<Micros()> steady_now)
    : options_(options), steady_now_(std::move(steady_now)) {}

std::shared_ptr<AgencyLimits::Books> AgencyLimits::BooksOf(std::string_view agency, Micros now) {
  const auto found = agencies_.find(ToAbsl(agency));
  if (found != agencies_.end()) return found->second;
  if (agencies_.size() >= kMostKnown) {
    absl::erase_if(agencies_, [now](const auto& known) {
      const Books& books = *known.second;
      return known.second.use_count() == 1 && books.calls.rested(now) && books.commands.rested(now);
    });
  }
  return agencies_.emplace(std::string(agency), std::make_shared<Books>(options_)).first->second;
}

absl::Status AgencyLimits::CheckRoom(const Books& books, Use use) const {
  if (use == Use::kCall) {
    if (books.open_calls < options_.calls_at_a_time) return absl::OkStatus();
    return TryAgainIn(kCallDelay, "AGENCY_BUSY: the agency has as many calls open as it may");
  }
  if (books.open_streams >= options_.streams_at_a_time ||
      (use == Use::kBatch && books.open_batches >= options_.batches_at_a_time)) {
    return TryAgainIn(kStreamDelay, "AGENCY_BUSY: the agency has as many streams open as it may");
  }
  return absl::OkStatus();
}

absl::StatusOr<AgencyLimits::Place> AgencyLimits::Admit(std::string_view agency, Use use,
                                                        size_t bytes) {
  const MutexLock lock(&mutex_);
  const Micros now = steady_now_();  // in the order of the calls
  std::shared_ptr<Books> books = BooksOf(agency, now);
  // Also of those that are refused: they were read.
  const auto more = static_cast<int64_t>(bytes / kRequestBytes);
  if (more > 0) books->calls.Charge(now, more);
  if (absl::Status room = CheckRoom(*books, use); !room.ok()) return room;
  const Micros delay = books->calls.Take(now, 1);
  if (delay > 0) {
    return TryAgainIn(delay, "AGENCY_RATE: the agency calls more often than it may");
  }
  return std::make_shared<const Held>(std::move(books), use);
}

void AgencyLimits::GiveBack(const Place& place) { place->GiveBack(); }

Micros AgencyLimits::TurnToRead(const Place& place, int64_t expected) {
  Books& books = *place->books;
  if (options_.commands_per_second == 0) return 0;
  if (books.undecided >= options_.undecided_commands) return kUndecidedDelay;
  const MutexLock lock(&mutex_);
  const Micros now = steady_now_();
  const Micros wait = books.commands.Wait(now);
  if (wait == 0) books.commands.Charge(now, expected);
  return wait;
}

void AgencyLimits::CommandsRead(const Place& place, int64_t commands, int64_t expected) {
  place->books->undecided += commands;
  const MutexLock lock(&mutex_);
  const Micros now = steady_now_();
  place->books->commands.Charge(now, commands - expected);
}

void AgencyLimits::CommandDecided(const Place& place) { --place->books->undecided; }

size_t AgencyLimits::known() const {
  const MutexLock lock(&mutex_);
  return agencies_.size();
}

}  // namespace caseledger::access
