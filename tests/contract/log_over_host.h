// The event log's contract over the engine of a host: what keeps an engine's storage, and opens it
// again.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "tests/eventstore/log_contract_suite.h"

namespace caseledger::eventstore::testing {

template <typename Host>
class LogOverHost final : public LogEngine {
 public:
  Engine& engine() override { return host_.engine(); }
  void Reopen() override {
    const absl::Status status = host_.Reopen();
    ASSERT_TRUE(status.ok()) << status;
  }

 private:
  Host host_;
};

template <typename Host>
LogEngineParam LogParamOf(const std::string& name) {
  return {name, [] { return std::make_unique<LogOverHost<Host>>(); }};
}

}  // namespace caseledger::eventstore::testing
