// The event log's contract, proven over the PostgreSQL engine.
#include <memory>

#include "tests/contract/postgres_host.h"
#include "tests/eventstore/log_contract_suite.h"

namespace caseledger::eventstore::testing {
namespace {

class PostgresStorage final : public LogEngine {
 public:
  Engine& engine() override { return host_.engine(); }
  void Reopen() override {
    const absl::Status status = host_.Reopen();
    ASSERT_TRUE(status.ok()) << status;
  }

 private:
  caseledger::testing::PostgresHost host_;
};

INSTANTIATE_TEST_SUITE_P(Postgres, LogContract,
                         ::testing::Values(LogEngineParam{
                             "Postgres", [] { return std::make_unique<PostgresStorage>(); }}),
                         [](const auto& suite) { return suite.param.name; });

}  // namespace
}  // namespace caseledger::eventstore::testing
