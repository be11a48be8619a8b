// The engine contract, proven for the engine in memory.
#include "eventstore/engine/memory/memory_engine.h"
#include "tests/contract/engine_contract_suite.h"

namespace caseledger::testing {
namespace {

class MemoryHost final : public EngineHost {
 public:
  eventstore::Engine& engine() override { return engine_; }
  absl::Status Reopen() override {
    const absl::Status status = engine_.Close();
    engine_.Reopen();
    return status;
  }

 private:
  eventstore::MemoryEngine engine_;
};

INSTANTIATE_TEST_SUITE_P(Memory, EngineContract,
                         ::testing::Values(EngineFactory{
                             "memory", [] { return std::make_unique<MemoryHost>(); }}),
                         EngineName);

}  // namespace
}  // namespace caseledger::testing
