// The event log's contract, proven over the RocksDB engine.
#include <memory>

#include "tests/contract/rocksdb_host.h"
#include "tests/eventstore/log_contract_suite.h"

namespace caseledger::eventstore::testing {
namespace {

class RocksDbStorage final : public LogEngine {
 public:
  Engine& engine() override { return host_.engine(); }
  void Reopen() override {
    const absl::Status status = host_.Reopen();
    ASSERT_TRUE(status.ok()) << status;
  }

 private:
  caseledger::testing::RocksDbHost host_;
};

INSTANTIATE_TEST_SUITE_P(RocksDb, LogContract,
                         ::testing::Values(LogEngineParam{
                             "RocksDb", [] { return std::make_unique<RocksDbStorage>(); }}),
                         [](const auto& suite) { return suite.param.name; });

}  // namespace
}  // namespace caseledger::eventstore::testing
