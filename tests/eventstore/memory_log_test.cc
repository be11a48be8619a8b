// The event log over the memory engine.
#include <memory>

#include "eventstore/engine/memory/memory_engine.h"
#include "tests/eventstore/log_contract_suite.h"

namespace caseledger::eventstore::testing {
namespace {

class MemoryStorage final : public LogEngine {
 public:
  explicit MemoryStorage(MemoryEngineOptions options) : engine_(std::move(options)) {}
  Engine& engine() override { return engine_; }
  void Reopen() override {
    EXPECT_TRUE(engine_.Close().ok());
    engine_.Reopen();
  }

 private:
  MemoryEngine engine_;
};

LogEngineParam MemoryParam(std::string name, int resolve_runs) {
  return {std::move(name), [resolve_runs] {
            MemoryEngineOptions options;
            options.resolve_runs = resolve_runs;
            return std::make_unique<MemoryStorage>(std::move(options));
          }};
}

// Resolving twice plays an engine that retries: nothing of the first run may show.
INSTANTIATE_TEST_SUITE_P(Memory, LogContract,
                         ::testing::Values(MemoryParam("ResolvedOnce", 1),
                                           MemoryParam("ResolvedTwice", 2)),
                         [](const auto& suite) { return suite.param.name; });

}  // namespace
}  // namespace caseledger::eventstore::testing
