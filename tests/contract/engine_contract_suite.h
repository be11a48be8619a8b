// What every engine must do. One suite, instantiated once per engine, so that the same meaning is
// proven for each: see rocksdb_contract_test.cc and memory_contract_test.cc.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "eventstore/engine/engine.h"
#include "gtest/gtest.h"

namespace caseledger::testing {

// An engine with storage of its own, which is removed with it.
class EngineHost {
 public:
  virtual ~EngineHost() = default;
  virtual eventstore::Engine& engine() = 0;
  // Closes the engine and opens it again on the same storage.
  virtual absl::Status Reopen() = 0;
};

struct EngineFactory {
  std::string name;
  std::function<std::unique_ptr<EngineHost>()> make;
};

class EngineContract : public ::testing::TestWithParam<EngineFactory> {
 protected:
  void SetUp() override {
    host_ = GetParam().make();
    ASSERT_NE(host_, nullptr);
  }
  eventstore::Engine& engine() { return host_->engine(); }

  std::unique_ptr<EngineHost> host_;
};

inline std::string EngineName(const ::testing::TestParamInfo<EngineFactory>& info) {
  return info.param.name;
}

}  // namespace caseledger::testing
