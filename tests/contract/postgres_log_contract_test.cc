// The event log's contract, proven over the PostgreSQL engine.
#include "tests/contract/log_over_host.h"
#include "tests/contract/postgres_host.h"

namespace caseledger::eventstore::testing {
namespace {

INSTANTIATE_TEST_SUITE_P(
    Postgres, LogContract,
    ::testing::Values(LogParamOf<caseledger::testing::PostgresHost>("Postgres")),
    [](const auto& suite) { return suite.param.name; });

}  // namespace
}  // namespace caseledger::eventstore::testing
