#include "tests/simulation/subscriber.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "eventstore/base/strings.h"

namespace caseledger::simulation {
namespace {

using eventstore::Subscription;

constexpr Micros kRetryPause = 1000;

}  // namespace

Subscriber::Subscriber(World& world, eventstore::EventLog& log, uint64_t seed)
    : world_(world), log_(log), random_(seed), pause_(random_.Pick<Micros>({0, 0, 1000, 50'000})) {}

bool Subscriber::HasSeenAll() const {
  return world_.writers == 0 && next_ >= log_.Head().next_position;
}

void Subscriber::Run() {
  next_ = random_.Below(world_.model.size() + 1);
  while (!world_.is_over() && !HasSeenAll()) {
    auto opened = log_.Subscribe(next_);
    if (absl::IsUnavailable(opened.status())) break;
    if (absl::IsResourceExhausted(opened.status())) {
      world_.scheduler.Sleep(kRetryPause);
      continue;
    }
    if (!opened.ok()) return world_.Breach(StrCat("Subscribe: ", opened.status().ToString()));
    caught_up_ = false;
    if (!Follow(**opened)) break;
    // It vanishes, and has forgotten some of what it saw.
    if (random_.OneIn(2)) next_ -= random_.Below(std::min<uint64_t>(next_, 20) + 1);
  }
}

bool Subscriber::Follow(Subscription& subscription) {
  const std::vector<absl::Duration> timeouts = {absl::ZeroDuration(), absl::Milliseconds(1),
                                                absl::Milliseconds(100), absl::Seconds(10)};
  for (uint64_t left = random_.Below(60); left > 0 && !world_.is_over(); --left) {
    const uint64_t acknowledged = world_.model.acknowledged_end();
    const auto delivery = subscription.Next(random_.Pick(timeouts));
    if (delivery.ok()) {
      Take(*delivery, acknowledged);
    } else if (absl::IsDeadlineExceeded(delivery.status())) {
      if (acknowledged > next_) world_.Breach(StrCat("nothing is delivered from ", next_, " on"));
      if (HasSeenAll()) return true;
    } else {
      const bool is_right =
          world_.may_fail || (world_.is_closing && absl::IsCancelled(delivery.status()));
      if (!is_right) world_.Breach(StrCat("Next: ", delivery.status().ToString()));
      return false;
    }
    if (pause_ > 0) world_.scheduler.Sleep(pause_);
  }
  return true;
}

void Subscriber::Take(const Subscription::Delivery& delivery, uint64_t acknowledged) {
  for (const eventstore::RecordedEvent& event : delivery.events) {
    if (event.position != next_) {
      return world_.Breach(StrCat("delivered ", event.position, " where ", next_, " was next"));
    }
    world_.Check(world_.model.Observe(event));
    ++next_;
  }
  world_.scheduler.Note(StrCat("has seen ", next_));
  if (delivery.next_position != next_) {
    world_.Breach(StrCat("told to resume at ", delivery.next_position, ", not ", next_));
  }
  if (delivery.change == Subscription::Change::kNone) return;
  const bool caught_up = delivery.change == Subscription::Change::kCaughtUp;
  if (caught_up == caught_up_) world_.Breach("told the same change twice");
  if (caught_up && acknowledged > next_) world_.Breach(StrCat("not caught up at ", next_));
  caught_up_ = caught_up;
}

}  // namespace caseledger::simulation
