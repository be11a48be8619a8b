// Which primary is the newest one that anybody met.
#pragma once

#include <atomic>
#include <cstdint>

namespace caseledger::eventstore {

// PostgreSQL counts a timeline up with each promotion. A primary that was suspended while another
// took over goes on as if nothing had happened until it is stopped, and tells what held before: so
// a session of a timeline that is not the newest is not to be asked any more. Thread-safe.
class NewestTimeline {
 public:
  // 0: not known, which is never old.
  void Meet(uint64_t timeline) {
    uint64_t newest = newest_.load();
    while (timeline > newest && !newest_.compare_exchange_weak(newest, timeline)) {
    }
  }
  uint64_t newest() const { return newest_.load(); }
  bool IsOld(uint64_t timeline) const { return timeline != 0 && timeline < newest_.load(); }

 private:
  std::atomic<uint64_t> newest_ = 0;
};

}  // namespace caseledger::eventstore
