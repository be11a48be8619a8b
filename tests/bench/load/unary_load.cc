#include "tests/bench/load/unary_load.h"

#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <optional>
#include <sstream>
#include <utility>
#include <vector>

#include "caseledger/v1/intake.grpc.pb.h"
#include "tests/bench/load/contact_commands.h"
#include "tests/bench/load/latch.h"

namespace caseledger::bench {
namespace {

// CPU seconds a process has used, from /proc; 0 for none.
double CpuSeconds(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (pid == 0 || !std::getline(file, line)) return 0;
  std::istringstream fields(line.substr(line.rfind(')') + 1));
  std::string skipped;
  double user = 0;
  double system = 0;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  fields >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

class Lane;

// Lets resting lanes go at an even rate, whatever the answers do. Thread-safe.
class Pacer {
 public:
  // False when the pacer has ended: nobody will send the lane again.
  bool Rest(Lane* lane) {
    const std::lock_guard lock(mutex_);
    if (ended_) return false;
    resting_.push_back(lane);
    return true;
  }
  // Sends `per_second` until `until`, every millisecond what is due; then ends the resting lanes.
  void Run(double per_second, SteadyClock::time_point until, Latch& latch);

 private:
  std::vector<Lane*> Take(size_t most) {
    const std::lock_guard lock(mutex_);
    const size_t count = std::min(most, resting_.size());
    std::vector<Lane*> taken(resting_.end() - static_cast<std::ptrdiff_t>(count), resting_.end());
    resting_.resize(resting_.size() - count);
    return taken;
  }

  std::mutex mutex_;
  std::condition_variable never_;
  std::vector<Lane*> resting_;
  bool ended_ = false;
};

// One command in flight. Only one of its callbacks runs at a time.
class Lane {
 public:
  Lane(const Caller& caller, v1::IntakeService::Stub& stub, uint64_t seed,
       const std::string& ledger, SteadyClock::time_point until, Pacer* pacer, Latch& latch)
      : caller_(caller),
        stub_(stub),
        commands_(seed, ledger),
        until_(until),
        pacer_(pacer),
        latch_(latch) {}

  void Send() {
    context_.emplace();
    caller_.Prepare(*context_);
    sent_ = SteadyClock::now();
    const auto done = [this](const grpc::Status& status) { Done(status); };
    auto& async = *stub_.async();
    switch (commands_.Next()) {
      case ContactCommands::Step::kReceive:
        return async.ReceiveContact(&*context_, &commands_.receive(), &answer_, done);
      case ContactCommands::Step::kClassify:
        return async.ClassifyContact(&*context_, &commands_.classify(), &answer_, done);
      case ContactCommands::Step::kEnd:
        return async.EndContact(&*context_, &commands_.end(), &answer_, done);
    }
  }

  uint64_t failed() const { return failed_; }
  const std::string& error() const { return error_; }
  Samples TakeSamples() { return std::move(samples_); }

 private:
  void Done(const grpc::Status& status) {
    if (status.ok()) {
      samples_.Add(sent_);
    } else {
      ++failed_;
      if (error_.empty()) error_ = status.error_message();
    }
    if (SteadyClock::now() >= until_ || failed_ > 0) return latch_.Leave();
    if (pacer_ == nullptr) return Send();
    if (!pacer_->Rest(this)) latch_.Leave();
  }

  const Caller& caller_;
  v1::IntakeService::Stub& stub_;
  ContactCommands commands_;
  const SteadyClock::time_point until_;
  Pacer* const pacer_;  // null: at full speed
  Latch& latch_;
  std::optional<grpc::ClientContext> context_;
  v1::CommandResult answer_;
  SteadyClock::time_point sent_;
  Samples samples_;
  uint64_t failed_ = 0;
  std::string error_;
};

void Pacer::Run(double per_second, SteadyClock::time_point until, Latch& latch) {
  const auto start = SteadyClock::now();
  double sent = 0;
  for (auto tick = start; tick < until; tick += std::chrono::milliseconds(1)) {
    {
      std::unique_lock lock(mutex_);
      never_.wait_until(lock, tick, [] { return false; });
    }
    const double due = per_second * SecondsSince(start) - sent;
    if (due < 1) continue;
    const std::vector<Lane*> taken = Take(static_cast<size_t>(due));
    sent += static_cast<double>(taken.size());
    for (Lane* lane : taken) lane->Send();
  }
  const std::lock_guard lock(mutex_);
  ended_ = true;  // who comes to rest from now on leaves
  for (size_t i = 0; i < resting_.size(); ++i) latch.Leave();
  resting_.clear();
}

}  // namespace

LoadResult RunUnaryLoad(const Caller& caller, const UnaryLoad& load) {
  const auto stub = v1::IntakeService::NewStub(caller.channel());
  Latch latch(load.in_flight);
  const double cpu_before = CpuSeconds(load.server) + CpuSeconds(getpid());
  const auto start = SteadyClock::now();
  const auto seconds = [](double s) {
    return std::chrono::duration_cast<SteadyClock::duration>(std::chrono::duration<double>(s));
  };
  const bool paced = load.most_per_second > 0;
  Pacer pacer;
  const auto until = start + seconds(load.seconds);
  std::vector<std::unique_ptr<Lane>> lanes;
  lanes.reserve(static_cast<size_t>(load.in_flight));
  for (int i = 0; i < load.in_flight; ++i) {
    lanes.push_back(
        std::make_unique<Lane>(caller, *stub, load.seed * 1000 + static_cast<uint64_t>(i),
                               load.ledgers[static_cast<size_t>(i) % load.ledgers.size()], until,
                               paced ? &pacer : nullptr, latch));
  }
  for (const auto& lane : lanes) {
    if (paced) {
      pacer.Rest(lane.get());
    } else {
      lane->Send();
    }
  }
  if (paced) pacer.Run(load.most_per_second, until, latch);
  latch.Wait();
  LoadResult result;
  result.seconds = SecondsSince(start);
  if (load.server != 0) {
    result.cpu_seconds = CpuSeconds(load.server) + CpuSeconds(getpid()) - cpu_before;
  }
  for (const auto& lane : lanes) {
    result.latency.Merge(lane->TakeSamples());
    result.failed += lane->failed();
    if (result.first_error.empty()) result.first_error = lane->error();
  }
  return result;
}

}  // namespace caseledger::bench
