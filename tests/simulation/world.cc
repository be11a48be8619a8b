#include "tests/simulation/world.h"

#include "eventstore/base/strings.h"

namespace caseledger::simulation {
namespace {

constexpr Micros kStart = 1'700'000'000 * kMicrosPerSecond;
constexpr Micros kLongestJump = 7200 * kMicrosPerSecond;
constexpr int kStreams = 6;

}  // namespace

JumpingClock::JumpingClock(SeededScheduler& scheduler, uint64_t seed)
    : scheduler_(scheduler),
      random_(seed),
      jump_one_in_(random_.Pick<uint64_t>({5, 50, 100'000})),
      offset_(kStart) {}

Micros JumpingClock::Now() {
  if (random_.OneIn(jump_one_in_)) offset_ = kStart + random_.Between(-kLongestJump, kLongestJump);
  return scheduler_.MonotonicNow() + offset_;
}

World::World(SeededScheduler& its_scheduler, uint64_t seed)
    : scheduler(its_scheduler), random(seed), clock(scheduler, random.Next()) {
  for (int i = 0; i < kStreams; ++i) {
    streams.push_back({static_cast<uint32_t>(1 + i % 2), random.NextUuid()});
  }
}

void World::Breach(const std::string& what) {
  scheduler.Note("BREACH: " + what);
  if (breach_.empty()) breach_ = what;
}

bool World::Learn(const eventstore::EventLog& log, uint64_t end) {
  while (model.size() < end && breach_.empty()) {
    const auto page = log.ReadLedger(model.size(), 0);
    if (!page.ok()) {
      if (!may_fail) Breach(StrCat("the log cannot be read: ", page.status().ToString()));
      return false;
    }
    if (page->empty()) Breach(StrCat("the log is shorter than ", end));
    for (const eventstore::RecordedEvent& event : *page) Check(model.Learn(event));
  }
  return breach_.empty();
}

uint64_t World::LearnAll(const eventstore::EventLog& log) {
  const uint64_t end = log.Head().next_position;
  Learn(log, end);
  return end;
}

}  // namespace caseledger::simulation
