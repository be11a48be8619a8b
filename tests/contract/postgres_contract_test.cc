// The engine contract, proven for PostgreSQL.
#include "tests/contract/postgres_host.h"

namespace caseledger::testing {
namespace {

INSTANTIATE_TEST_SUITE_P(Postgres, EngineContract,
                         ::testing::Values(EngineFactory{
                             "postgres", [] { return std::make_unique<PostgresHost>(); }}),
                         EngineName);

}  // namespace
}  // namespace caseledger::testing
