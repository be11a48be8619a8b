#include "eventstore/engine/postgres/told_events.h"

#include <algorithm>

namespace caseledger::eventstore::postgres {

void ToldEvents::Tell(uint64_t timeline, uint64_t position, const Hash256& leaf_hash) {
  const MutexLock lock(&mutex_);
  if (timeline < timeline_) return;
  const bool differs =
      !told_.empty() && position == told_.back().position && leaf_hash != told_.back().leaf_hash;
  if (timeline > timeline_ || differs) {
    timeline_ = timeline;
    told_.clear();
    settled_ = false;
  }
  if (!told_.empty() && position <= told_.back().position) return;
  const size_t first = settled_ ? 1 : 0;
  const size_t others = told_.size() - first;
  if (others >= 2 && told_.back().position - told_[told_.size() - 2].position < kApart) {
    told_.pop_back();
  } else if (others == kMost) {
    told_.erase(told_.begin() + static_cast<ptrdiff_t>(first));
  }
  told_.push_back({position, leaf_hash});
}

void ToldEvents::Settle(uint64_t position) {
  const MutexLock lock(&mutex_);
  const auto found = std::find_if(told_.begin(), told_.end(), [&](const ToldEvent& event) {
    return event.position == position;
  });
  // Another one that is newer may have been settled, or it was forgotten.
  if (found == told_.end()) return;
  told_.erase(told_.begin(), found);
  settled_ = true;
}

std::vector<ToldEvent> ToldEvents::From(uint64_t timeline, uint64_t position) const {
  const MutexLock lock(&mutex_);
  if (timeline != timeline_) return {};
  const auto first = std::find_if(told_.begin(), told_.end(), [&](const ToldEvent& event) {
    return event.position >= position;
  });
  return {first, told_.end()};
}

void ToldEvents::LeaveAloneUntil(Micros time) {
  const MutexLock lock(&mutex_);
  left_alone_until_ = time;
}

bool ToldEvents::IsLeftAlone(Micros now) const {
  const MutexLock lock(&mutex_);
  return now < left_alone_until_;
}

}  // namespace caseledger::eventstore::postgres
