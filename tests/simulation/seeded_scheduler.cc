#include "tests/simulation/seeded_scheduler.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "eventstore/base/strings.h"

namespace caseledger::simulation {
namespace {

constexpr size_t kRecentLines = 60;
constexpr Micros kLongestStep = 40;
constexpr Micros kLongestHang = 10 * kMicrosPerSecond;
constexpr uint64_t kStepsPerMood = 300;

}  // namespace

SeededScheduler::SeededScheduler(const Options& options)
    : options_(options),
      random_(options.seed),
      stickiness_(random_.Pick<uint64_t>({0, 0, 50, 90, 98})),
      hang_one_in_(random_.Pick<uint64_t>({100, 1000, 100'000})) {}

void SeededScheduler::Run(const std::string& name, const std::function<void()>& body) {
  const ThreadId id = Register(name);
  running_ = baton_ = threads_[id].get();
  SetOfThisThread(this);
  body();
  SetOfThisThread(nullptr);
  threads_[id]->state = State::kEnded;
  for (const auto& thread : threads_) {
    if (thread->state != State::kEnded) Abort(StrCat(thread->name, " was not joined"));
  }
}

void SeededScheduler::Sleep(Micros time) {
  const char own = 0;  // an address that nobody wakes
  Wait(&own, time);
}

void SeededScheduler::Note(std::string_view text) {
  for (const char c : text) Mix(static_cast<uint8_t>(c));
  AddLine(StrCat(now_, " ", running_->name, ": ", text));
}

void SeededScheduler::Yield() {
  Count(Step::kYield);
  SwitchFrom(*running_);
}

bool SeededScheduler::Wait(const void* address, std::optional<Micros> timeout) {
  Count(Step::kWait);
  ThreadState& self = *running_;
  self.state = State::kWaiting;
  self.waits_for = address;
  self.timed_out = false;
  self.until.reset();
  if (timeout.has_value()) self.until = now_ + *timeout;
  SwitchFrom(self);
  return !self.timed_out;
}

void SeededScheduler::Wake(const void* address) {
  for (const auto& thread : threads_) {
    if (thread->state == State::kWaiting && thread->waits_for == address) {
      thread->state = State::kRunnable;
    }
  }
}

Scheduler::ThreadId SeededScheduler::Register(const std::string& name) {
  auto thread = std::make_unique<ThreadState>();
  thread->name = StrCat(name, "#", threads_.size());
  {
    // A thread that was registered before may be looking for itself.
    const std::lock_guard lock(baton_mutex_);
    threads_.push_back(std::move(thread));
  }
  if (running_ != nullptr) Count(Step::kRegister);
  return threads_.size() - 1;
}

void SeededScheduler::Begin(ThreadId thread) {
  ThreadState* self = nullptr;
  {
    const std::lock_guard lock(baton_mutex_);
    self = threads_[thread].get();
  }
  AwaitBaton(*self);
}

void SeededScheduler::End(ThreadId thread) {
  Count(Step::kEnd);
  ThreadState& self = *threads_[thread];
  self.state = State::kEnded;
  Wake(&self);
  GiveBatonTo(Choose());
}

void SeededScheduler::AwaitEnd(ThreadId thread) {
  ThreadState& ended = *threads_[thread];
  while (ended.state != State::kEnded) Wait(&ended, std::nullopt);
}

void SeededScheduler::SwitchFrom(ThreadState& self) {
  ThreadState& next = Choose();
  if (&next == &self) return;
  GiveBatonTo(next);
  AwaitBaton(self);
}

SeededScheduler::ThreadState& SeededScheduler::Choose() {
  PassTime();
  if (steps_ % kStepsPerMood == 0) {
    for (const auto& thread : threads_) thread->weight = random_.Pick<uint64_t>({1, 10, 10, 200});
  }
  const bool stays = running_->state == State::kRunnable && random_.Below(100) < stickiness_;
  ThreadState* next = running_;
  if (!stays) {
    uint64_t total = 0;
    for (const auto& thread : threads_) {
      if (thread->state == State::kRunnable) total += thread->weight;
    }
    uint64_t drawn = random_.Below(total);
    for (const auto& thread : threads_) {
      if (thread->state != State::kRunnable) continue;
      next = thread.get();
      if (drawn < thread->weight) break;
      drawn -= thread->weight;
    }
  }
  Mix(static_cast<uint64_t>(std::find_if(threads_.begin(), threads_.end(),
                                         [&](const auto& thread) { return thread.get() == next; }) -
                            threads_.begin()));
  return *next;
}

void SeededScheduler::PassTime() {
  if (++steps_ > options_.max_steps) Abort("it goes on for ever");
  now_ += random_.Between(0, kLongestStep);
  const std::optional<Micros> earliest = EarliestTime();
  const bool can_run = std::any_of(threads_.begin(), threads_.end(), [](const auto& thread) {
    return thread->state == State::kRunnable;
  });
  if (!can_run && !earliest.has_value()) Abort("nobody can go on: a deadlock or a lost wake-up");
  const bool hangs = random_.OneIn(hang_one_in_);
  // A hang takes seconds, not the hour after which those who can run count as stuck.
  if (earliest.has_value() && !can_run) now_ = std::max(now_, *earliest);
  if (earliest.has_value() && hangs)
    now_ = std::max(now_, std::min(*earliest, now_ + kLongestHang));
  WakeDue();
}

std::optional<Micros> SeededScheduler::EarliestTime() const {
  std::optional<Micros> earliest;
  for (const auto& thread : threads_) {
    if (thread->state != State::kWaiting || !thread->until.has_value()) continue;
    earliest = std::min(earliest.value_or(*thread->until), *thread->until);
  }
  return earliest;
}

void SeededScheduler::WakeDue() {
  for (const auto& thread : threads_) {
    if (thread->state != State::kWaiting || !thread->until.has_value()) continue;
    if (*thread->until > now_) continue;
    thread->state = State::kRunnable;
    thread->timed_out = true;
  }
}

void SeededScheduler::GiveBatonTo(ThreadState& next) {
  const std::lock_guard lock(baton_mutex_);
  baton_ = &next;
  next.chosen.notify_one();
}

void SeededScheduler::AwaitBaton(ThreadState& self) {
  {
    std::unique_lock lock(baton_mutex_);
    self.chosen.wait(lock, [&] { return baton_ == &self; });
  }
  running_ = &self;
}

void SeededScheduler::Count(Step step) {
  Mix(static_cast<uint64_t>(step));
  if (!options_.print_trace) return;
  static constexpr std::array<const char*, 4> kNames = {"registers", "yields", "waits", "ends"};
  std::printf("%lld %s %s\n", static_cast<long long>(now_), running_->name.c_str(),
              kNames[static_cast<size_t>(step)]);
}

// FNV-1a, eight bytes at a time.
void SeededScheduler::Mix(uint64_t value) {
  trace_hash_ = (trace_hash_ ^ value) * 1'099'511'628'211u;
}

void SeededScheduler::AddLine(std::string line) {
  if (options_.print_trace) std::printf("%s\n", line.c_str());
  recent_lines_.push_back(std::move(line));
  if (recent_lines_.size() > kRecentLines) recent_lines_.pop_front();
}

std::string SeededScheduler::RecentTrace() const {
  std::string text;
  for (const std::string& line : recent_lines_) text += StrCat("  ", line, "\n");
  return text;
}

void SeededScheduler::Abort(const std::string& why) const {
  std::fprintf(stderr, "%s\n%s\n%s", options_.title.c_str(), why.c_str(), RecentTrace().c_str());
  for (const auto& thread : threads_) {
    const char* state = thread->state == State::kEnded     ? "has ended"
                        : thread->state == State::kWaiting ? "waits"
                                                           : "can run";
    std::fprintf(stderr, "  %s %s\n", thread->name.c_str(), state);
  }
  std::fflush(nullptr);
  std::abort();
}

}  // namespace caseledger::simulation
