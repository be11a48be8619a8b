// A real log in memory, and small projections that can be told to fail or to wait.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "eventstore/base/random.h"
#include "eventstore/engine/memory/memory_engine.h"
#include "eventstore/log.h"
#include "eventstore/sequencer/sequencer.h"
#include "projections/read_model/keys.h"
#include "projections/read_model/memory/memory_read_models.h"
#include "projections/runtime/projection.h"
#include "projections/runtime/runtime.h"
#include "tests/projections/read_model/rows.h"
#include "tests/support/fake_clock.h"
#include "tests/support/opaque_facts.h"

namespace caseledger::projections::testing {

inline constexpr absl::Duration kLong = absl::Seconds(60);

// A ledger and its log.
class LogInMemory {
 public:
  explicit LogInMemory(const eventstore::LogLimits& limits = {}) {
    const absl::Status created = eventstore::CreateLedger(engine_, "qn", clock_, SystemRandom());
    EXPECT_TRUE(created.ok()) << created;
    eventstore::SequencerOptions options;
    options.clock = &clock_;
    options.sealer = &caseledger::testing::SealsNothing();
    options.limits = limits;
    auto opened = eventstore::OpenLog(engine_, "qn", options);
    EXPECT_TRUE(opened.ok()) << opened.status();
    log_ = std::move(opened).value();
  }
  eventstore::EventLog& log() { return *log_; }
  caseledger::testing::FakeClock& clock() { return clock_; }

  // Appends one event; its fact is these bytes.
  void Append(const eventstore::StreamId& stream, std::string fact, Micros occurred_at = 1,
              Uuid event_id = Uuid::Generate(SystemClock(), SystemRandom()),
              std::vector<std::string> data_quality = {}) {
    eventstore::NewEvent event;
    event.event_id = event_id;
    event.stream = stream;
    event.occurred_at = occurred_at;
    event.fact_type = 10;
    event.fact = std::move(fact);
    event.data_quality = std::move(data_quality);
    eventstore::AppendRequest request;
    request.key = {"agency", Uuid::Generate(SystemClock(), SystemRandom())};
    request.content = "content";
    request.origin.actor = "worker";
    request.origin.agency = "agency";
    request.decide = [event](eventstore::LedgerView&) -> absl::StatusOr<eventstore::Decision> {
      return eventstore::Decision{{event}, {}, {}};
    };
    const auto result = log_->Append(std::move(request));
    ASSERT_TRUE(result.ok()) << result.status();
  }
  // Appends contacts, so many.
  void AppendContacts(int count) {
    for (int i = 0; i < count; ++i) {
      event::v1::Fact fact;
      fact.mutable_contact_received()->set_channel("phone");
      Append({1, Uuid::FromName(Uuid{}, std::to_string(next_++))}, fact.SerializeAsString());
    }
  }

 private:
  caseledger::testing::FakeClock clock_;
  eventstore::MemoryEngine engine_;
  std::unique_ptr<eventstore::EventLog> log_;
  int next_ = 0;
};

// Holds a projection before a position until opened. Open at first.
class Barrier {
 public:
  void CloseBefore(uint64_t position) {
    const std::lock_guard lock(mutex_);
    position_ = position;
  }
  // Lets through now and from now on.
  void Open() {
    const std::lock_guard lock(mutex_);
    position_ = kLatestPosition;
    opened_.notify_all();
  }
  void Pass(uint64_t position) {
    std::unique_lock lock(mutex_);
    opened_.wait(lock, [&] { return position < position_; });
  }

 private:
  static constexpr uint64_t kLatestPosition = UINT64_MAX;
  std::mutex mutex_;
  std::condition_variable opened_;
  uint64_t position_ = kLatestPosition;
};

// One row per event and a count, written before it may fail.
class Recorder final : public Projection {
 public:
  struct Options {
    std::string name = "recorder";
    uint32_t version = 1;
    // Fails at this position.
    std::optional<uint64_t> poison{};
    // Fails so often at position 4, as when keys cannot be read.
    std::atomic<int>* outages = nullptr;
    Barrier* barrier = nullptr;
    bool expects = false;  // fails on an event that was not expected before
  };
  explicit Recorder(Options options) : options_(std::move(options)) {}

  static Runtime::Factory Factory(Options options) {
    return [options] { return std::make_unique<Recorder>(options); };
  }

  std::string_view name() const override { return options_.name; }
  uint32_t version() const override { return options_.version; }
  void Expect(const eventstore::EventList& events) override {
    for (const eventstore::RecordedEvent& event : events) expected_.insert(event.position);
  }
  absl::Status Apply(const eventstore::RecordedEvent& event, const event::v1::Fact& fact,
                     ReadModelBatch& batch) override {
    if (options_.expects && expected_.erase(event.position) == 0) {
      return absl::InternalError("an event that was not expected");
    }
    if (options_.barrier != nullptr) options_.barrier->Pass(event.position);
    const auto count = batch.Get("count");
    if (!count.ok()) return count.status();
    const uint64_t before = count->has_value() ? KeyReader(**count).Number() : 0;
    if (before != event.position) return absl::InternalError("an event twice or left out");
    batch.Put("count", KeyBuilder().Number(before + 1).key());
    batch.Put(KeyBuilder('e').Number(event.position).key(), event.event_id.ToString());
    if (options_.outages != nullptr && event.position == 4 && options_.outages->load() > 0) {
      --*options_.outages;
      return absl::UnavailableError("the keys are away");
    }
    if (options_.poison == event.position) return absl::InternalError("poison");
    if (fact.kind_case() == event::v1::Fact::KIND_NOT_SET) {
      return absl::UnimplementedError("unknown event");
    }
    return absl::OkStatus();
  }

 private:
  const Options options_;
  std::set<uint64_t> expected_;
};

class RuntimeTest : public ::testing::Test {
 protected:
  explicit RuntimeTest(const eventstore::LogLimits& limits = {}) : log_(limits) {}

  void Start(std::vector<Runtime::Factory> projections, size_t max_batch_events = 512,
             size_t max_batch_bytes = 1u << 20) {
    auto started = StartRuntime(log_.log(), "qn", *store_, std::move(projections),
                                {.clock = &log_.clock(),
                                 .max_batch_events = max_batch_events,
                                 .max_batch_bytes = max_batch_bytes});
    ASSERT_TRUE(started.ok()) << started.status();
    runtime_ = std::move(started).value();
  }
  std::unique_ptr<ReadSnapshot> View(std::string_view name, uint64_t events) {
    auto view = runtime_->View(name, events, kLong);
    EXPECT_TRUE(view.ok()) << view.status();
    return view.ok() ? std::move(view).value() : nullptr;
  }
  ProjectionHealth HealthOf(std::string_view table) {
    for (const ProjectionHealth& health : runtime_->Health()) {
      if (health.name == table) return health;
    }
    ADD_FAILURE() << "no health of " << table;
    return {};
  }
  // Waits until the condition holds.
  static void Await(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) {
        FAIL() << "the condition did not come true";
      }
      std::this_thread::yield();
    }
  }
  void AwaitState(std::string_view table, ProjectionHealth::State state) {
    Await([&] { return HealthOf(table).state == state; });
  }
  std::vector<std::string> Tables() { return store_->ListTables("qn").value(); }

  // Before the runtime, whose workers use it to the end.
  Barrier barrier_;
  LogInMemory log_;
  std::unique_ptr<ReadModelStore> store_ = NewMemoryReadModels();
  std::unique_ptr<Runtime> runtime_;
};

using State = ProjectionHealth::State;

}  // namespace caseledger::projections::testing
