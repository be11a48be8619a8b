// What tests of the event log share: a log over any engine, and short ways to make appends.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "eventstore/base/random.h"
#include "eventstore/engine/engine.h"
#include "eventstore/log.h"
#include "eventstore/sequencer/sequencer.h"
#include "tests/support/fake_clock.h"
#include "tests/support/opaque_facts.h"

namespace caseledger::eventstore::testing {

using caseledger::testing::FakeClock;

// An engine with storage that outlives its being closed.
class LogEngine {
 public:
  virtual ~LogEngine() = default;
  virtual Engine& engine() = 0;
  // Closes the engine and opens it again on the same storage. No log may be open.
  virtual void Reopen() = 0;
};

struct LogEngineParam {
  std::string name;
  std::function<std::unique_ptr<LogEngine>()> make;
};

inline void PrintTo(const LogEngineParam& param, std::ostream* out) { *out << param.name; }

inline constexpr std::string_view kLedger = "quang-ninh";
inline constexpr std::string_view kAgency = "hotline";
inline constexpr uint32_t kCase = 3;

// A UUID that shows its number.
inline Uuid NumberedId(uint64_t number) {
  Uuid id;
  id.bytes[0] = 0xAA;
  for (size_t i = 0; i < 8; ++i) id.bytes[15 - i] = static_cast<uint8_t>(number >> (8 * i));
  return id;
}

inline StreamId CaseStream(uint64_t number) { return {kCase, NumberedId(number)}; }

inline Uuid NextId() {
  static std::atomic<uint64_t> next{1'000'000};
  return NumberedId(next.fetch_add(1));
}

inline NewEvent EventFor(const StreamId& stream, std::string fact = "fact") {
  NewEvent event;
  event.event_id = NextId();
  event.stream = stream;
  event.occurred_at = 1'700'000'000'000'000;
  event.fact_type = 40;
  event.fact = std::move(fact);
  return event;
}

inline AppendRequest RequestWith(Decide decide, Uuid request_id = NextId(),
                                 std::string content = "content") {
  AppendRequest request;
  request.key = {std::string(kAgency), request_id};
  request.content = std::move(content);
  request.origin.actor = "worker-1";
  request.origin.agency = std::string(kAgency);
  request.decide = std::move(decide);
  return request;
}

inline AppendRequest RequestWith(Decision decision, Uuid request_id = NextId(),
                                 std::string content = "content") {
  return RequestWith([decision = std::move(decision)](
                         LedgerView&) -> absl::StatusOr<Decision> { return decision; },
                     request_id, std::move(content));
}

inline AppendRequest RequestFor(const StreamId& stream, Expected expected = Expected::Any()) {
  return RequestWith(Decision{{EventFor(stream)}, {{stream, expected}}, {}});
}

// A log, closed and opened again at will.
class LogHarness {
 public:
  explicit LogHarness(std::unique_ptr<LogEngine> storage) : storage_(std::move(storage)) {
    const absl::Status created = CreateLedger(engine(), kLedger, clock_, SystemRandom());
    EXPECT_TRUE(created.ok()) << created;
  }

  Engine& engine() { return storage_->engine(); }
  FakeClock& clock() { return clock_; }

  EventLog& Open(const LogLimits& limits = {}) {
    log_.reset();
    SequencerOptions options;
    options.limits = limits;
    options.clock = &clock_;
    options.sealer = &caseledger::testing::SealsNothing();
    absl::StatusOr<std::unique_ptr<EventLog>> log = OpenLog(engine(), kLedger, options);
    if (!log.ok()) {
      ADD_FAILURE() << log.status();
      std::abort();
    }
    log_ = *std::move(log);
    return *log_;
  }

  // As after a restart of the program.
  EventLog& Restart(const LogLimits& limits = {}) {
    log_.reset();
    storage_->Reopen();
    return Open(limits);
  }

 private:
  FakeClock clock_;
  std::unique_ptr<LogEngine> storage_;
  std::unique_ptr<EventLog> log_;
};

class LogContract : public ::testing::TestWithParam<LogEngineParam> {
 protected:
  LogHarness harness_{GetParam().make()};
};

using Answer = std::future<absl::StatusOr<AppendResult>>;

inline Answer SubmitTo(EventLog& log, AppendRequest request) {
  auto promise = std::make_shared<std::promise<absl::StatusOr<AppendResult>>>();
  Answer answer = promise->get_future();
  log.Submit(std::move(request), [promise](absl::StatusOr<AppendResult> result) {
    promise->set_value(std::move(result));
  });
  return answer;
}

// Holds the log's thread inside a decision, so that what is submitted meanwhile shares a batch.
class Gate {
 public:
  explicit Gate(EventLog& log) {
    answer_ = SubmitTo(log, RequestWith([this](LedgerView&) -> absl::StatusOr<Decision> {
                         if (!std::exchange(announced_, true)) entered_.set_value();
                         released_.wait();
                         return Decision{};
                       }));
    entered_.get_future().wait();
  }
  ~Gate() {
    release_.set_value();
    answer_.wait();
  }

 private:
  bool announced_ = false;  // of the log's thread only
  std::promise<void> entered_;
  std::promise<void> release_;
  std::shared_future<void> released_{release_.get_future()};
  Answer answer_;
};

// Appends one event to the stream and returns it.
inline RecordedEvent MustAppend(EventLog& log, const StreamId& stream) {
  absl::StatusOr<AppendResult> result = log.Append(RequestFor(stream));
  if (!result.ok() || result->events.size() != 1) {
    ADD_FAILURE() << result.status();
    return {};
  }
  return result->events.front();
}

template <typename Events>
std::vector<uint64_t> PositionsOf(const Events& events) {
  std::vector<uint64_t> positions;
  for (const RecordedEvent& event : events) positions.push_back(event.position);
  return positions;
}

// All events of the ledger, page by page.
inline std::vector<RecordedEvent> ReadAll(const EventLog& log) {
  std::vector<RecordedEvent> all;
  while (true) {
    absl::StatusOr<std::vector<RecordedEvent>> page = log.ReadLedger(all.size(), 0);
    if (!page.ok()) ADD_FAILURE() << page.status();
    if (!page.ok() || page->empty()) return all;
    all.insert(all.end(), page->begin(), page->end());
  }
}

}  // namespace caseledger::eventstore::testing
