#include "tests/simulation/simulation.h"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "eventstore/base/strings.h"
#include "eventstore/base/thread.h"
#include "eventstore/sequencer/sequencer.h"
#include "projections/read_model/memory/memory_read_models.h"
#include "projections/runtime/runtime.h"
#include "tests/simulation/digest.h"
#include "tests/simulation/prober.h"
#include "tests/simulation/storage.h"
#include "tests/simulation/subscriber.h"
#include "tests/simulation/viewer.h"
#include "tests/simulation/world.h"
#include "tests/simulation/writer.h"
#include "tests/support/opaque_facts.h"

namespace caseledger::simulation {
namespace {

using eventstore::EventLog;
using eventstore::LogLimits;
using projections::Runtime;

constexpr std::string_view kLedger = "quang-ninh";

// Small, so that every limit is met; or as in production, but for the size of an event.
LogLimits SomeLimits(Random& random) {
  LogLimits limits;
  limits.max_event_bytes = 2048;
  if (random.OneIn(4)) return limits;
  limits.max_appends_waiting = random.Pick<size_t>({4, 4096});
  limits.max_batch_appends = random.Pick<size_t>({1, 3, 512});
  limits.max_batch_bytes = random.Pick<size_t>({1000, 8u << 20});
  limits.max_page_events = random.Pick<size_t>({1, 3, 4096});
  limits.max_page_bytes = random.Pick<size_t>({500, 4u << 20});
  limits.recent_events = random.Pick<size_t>({1, 10, 16384});
  limits.max_subscribers = random.Pick<size_t>({2, 256});
  limits.subscriber_buffer_events = random.Pick<size_t>({1, 8, 4096});
  return limits;
}

// The life of the ledger, told by the director's thread.
class Director {
 public:
  Director(World& world, Storage& storage, RunReport& report)
      : world_(world), storage_(storage), report_(report) {}

  void Run() {
    const int64_t sessions = world_.random.Between(1, 4);
    if (!CreateLedger()) return;
    for (int64_t i = 0; i < sessions && world_.breach().empty(); ++i) PlaySession();
    // Whatever happened, the store opens and is whole.
    if (world_.breach().empty()) PlayLastSession();
  }

 private:
  bool CreateLedger() {
    absl::Status status = storage_.Open();
    if (status.ok()) {
      status = eventstore::CreateLedger(storage_.engine(), kLedger, world_.clock, world_.random);
    }
    if (status.ok()) status = storage_.Close();
    if (!status.ok()) world_.Breach(StrCat("a new store: ", status.ToString()));
    return status.ok();
  }

  void PlaySession() {
    ++report_.sessions;
    world_.is_closing = false;
    world_.may_fail = world_.random.OneIn(2);
    if (!Open()) return;
    CheckRecovered();
    // Before anything is written, in the midst of it, or never.
    const bool breaks_first = world_.may_fail && world_.random.OneIn(2);
    if (breaks_first) BreakStorage();
    StartProjections();
    StartActors();
    if (world_.may_fail || world_.random.OneIn(3)) {
      world_.scheduler.Sleep(world_.random.Between(0, 100'000));
      if (world_.may_fail && !breaks_first) BreakStorage();
      if (world_.random.OneIn(3)) EndLog();
    }
    JoinActors();
    if (world_.random.OneIn(2)) runtime_->Stop();
    EndLog();
    runtime_.reset();
    log_.reset();
    EndStorage();
  }

  void PlayLastSession() {
    world_.is_closing = false;
    world_.may_fail = false;
    if (!Open()) return;
    CheckRecovered();
    Prober(world_, *log_, world_.random.Next()).AskEverything();
    EndLog();
    log_.reset();
    const absl::Status closed = storage_.Close();
    if (!closed.ok()) world_.Breach(StrCat("closing: ", closed.ToString()));
    report_.events = world_.model.size();
  }

  // False: the store cannot be opened now.
  bool Open() {
    absl::Status status = storage_.Open();
    if (status.ok()) {
      eventstore::SequencerOptions options;
      options.limits = SomeLimits(world_.random);
      options.clock = &world_.clock;
      options.sealer = &testing::SealsNothing();
      auto opened = eventstore::OpenLog(storage_.engine(), kLedger, options);
      status = opened.status();
      if (opened.ok()) log_ = *std::move(opened);
    }
    world_.scheduler.Note(StrCat("opens: ", status.ToString()));
    if (status.ok()) return true;
    world_.Breach(StrCat("a whole store does not open: ", status.ToString()));
    return false;
  }

  // Everything that anybody ever saw is there, as he saw it.
  void CheckRecovered() {
    const uint64_t end = log_->Head().next_position;
    uint64_t position = 0;
    while (position < end && world_.breach().empty()) {
      const auto page = log_->ReadLedger(position, 0);
      if (!page.ok()) return world_.Breach(StrCat("reading: ", page.status().ToString()));
      for (const auto& event : *page) world_.Check(world_.model.Learn(event));
      position += page->size();
    }
    if (end < world_.model.size()) world_.Breach(StrCat("the log has become shorter: ", end));
    world_.Check(world_.model.CheckNothingIsMissing());
  }

  void BreakStorage() {
    world_.scheduler.Note("breaks the storage");
    storage_.Break(world_.random);
  }

  // On the rows of the last session, or from the first event on.
  void StartProjections() {
    if (read_models_ == nullptr || world_.random.OneIn(3)) {
      read_models_ = projections::NewMemoryReadModels();
    }
    Runtime::Options options;
    options.clock = &world_.clock;
    options.max_batch_events = world_.random.Pick<size_t>({1, 3, 512});
    options.gather = std::chrono::microseconds(world_.random.Pick<int64_t>({0, 20'000}));
    std::vector<Runtime::Factory> factories;
    factories.reserve(kProjections.size());
    for (const std::string& name : kProjections) factories.push_back(DigestFactory(name));
    auto started =
        projections::StartRuntime(*log_, kLedger, *read_models_, std::move(factories), options);
    if (started.ok()) {
      runtime_ = *std::move(started);
    } else {
      world_.Breach(StrCat("the projections do not start: ", started.status().ToString()));
    }
  }

  void StartActors() {
    const int64_t writers = world_.random.Between(3, 6);
    const int64_t subscribers = world_.random.Between(1, 4);
    world_.writers = static_cast<int>(writers);
    for (int64_t i = 0; i < writers; ++i) {
      const std::string name = StrCat("s", report_.sessions, "w", i);
      const int actions = static_cast<int>(world_.random.Between(1, 15));
      Start("writer", [this, name, actions, seed = world_.random.Next()] {
        Writer(world_, *log_, name, seed).Run(actions);
      });
    }
    for (int64_t i = 0; i < subscribers; ++i) {
      Start("subscriber",
            [this, seed = world_.random.Next()] { Subscriber(world_, *log_, seed).Run(); });
    }
    Start("viewer", [this, seed = world_.random.Next()] {
      Viewer(world_, *log_, *runtime_, kProjections, seed).Run();
    });
    Start("prober", [this, seed = world_.random.Next()] { Prober(world_, *log_, seed).Run(); });
  }

  void Start(const std::string& name, std::function<void()> body) {
    actors_.emplace_back(name, std::move(body));
  }

  void JoinActors() {
    for (Thread& actor : actors_) actor.Join();
    actors_.clear();
  }

  void EndLog() {
    if (world_.is_closing) return;
    world_.scheduler.Note("closes the log");
    world_.is_closing = true;
    log_->Close();
  }

  void EndStorage() {
    if (storage_.is_broken()) ++report_.failures;
    const bool crashes = storage_.is_broken() || world_.random.OneIn(3);
    world_.scheduler.Note(crashes ? "crashes" : "closes the storage");
    if (!crashes) {
      const absl::Status closed = storage_.Close();
      if (closed.ok()) return;
      if (!storage_.is_broken()) world_.Breach(StrCat("closing: ", closed.ToString()));
    }
    ++report_.crashes;
    storage_.Crash(world_.random);
  }

  World& world_;
  Storage& storage_;
  RunReport& report_;
  inline static const std::vector<std::string> kProjections = {"left", "right"};

  std::unique_ptr<projections::ReadModelStore> read_models_;
  std::unique_ptr<EventLog> log_;
  std::unique_ptr<Runtime> runtime_;
  std::vector<Thread> actors_;
};

}  // namespace

std::string NameOf(EngineKind kind) { return kind == EngineKind::kMemory ? "memory" : "rocksdb"; }

std::string ReplayCommand(const RunOptions& options) {
  return StrCat("simulation_test --engine ", NameOf(options.engine), " --seed ", options.seed);
}

RunReport RunSimulation(const RunOptions& options) {
  RunReport report;
  Random random(options.seed);
  SeededScheduler scheduler({.seed = random.Next(),
                             .title = StrCat("replay: ", ReplayCommand(options)),
                             .print_trace = options.print_trace});
  World world(scheduler, random.Next());
  scheduler.Run("director", [&] {
    const std::unique_ptr<Storage> storage =
        options.engine == EngineKind::kMemory
            ? NewMemoryStorage(world.random)
            : NewRocksDbStorage([&world](const std::string& what) { world.Breach(what); });
    Director(world, *storage, report).Run();
  });
  report.breach = world.breach();
  if (!report.breach.empty()) report.trace = scheduler.RecentTrace();
  report.trace_hash = scheduler.trace_hash();
  report.steps = scheduler.steps();
  return report;
}

}  // namespace caseledger::simulation
