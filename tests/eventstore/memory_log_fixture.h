// A log over a memory engine that fails when it is told to.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <utility>

#include "eventstore/engine/memory/memory_engine.h"
#include "tests/eventstore/log_fixture.h"

namespace caseledger::eventstore::testing {

class MemoryLogTest : public ::testing::Test {
 protected:
  void MakeEngine(MemoryEngineOptions options) {
    engine_ = std::make_unique<MemoryEngine>(std::move(options));
    EXPECT_TRUE(CreateLedger(*engine_, kLedger, clock_, SystemRandom()).ok());
  }
  // What every log needs; tests add to it.
  SequencerOptions LogOptions() {
    SequencerOptions options;
    options.clock = &clock_;
    options.sealer = &caseledger::testing::SealsNothing();
    return options;
  }
  // A hook that fails once `broken_` is set.
  MemoryEngineOptions::Hook FailsWhenBroken(absl::Status failure) {
    return [this, failure](const EngineBatch&) { return broken_ ? failure : absl::OkStatus(); };
  }

  std::atomic<bool> broken_{false};
  FakeClock clock_;
  std::unique_ptr<MemoryEngine> engine_;
  std::unique_ptr<EventLog> log_;
};

}  // namespace caseledger::eventstore::testing
