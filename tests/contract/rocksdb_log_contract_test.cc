// The event log's contract, proven over the RocksDB engine.
#include "tests/contract/log_over_host.h"
#include "tests/contract/rocksdb_host.h"

namespace caseledger::eventstore::testing {
namespace {

INSTANTIATE_TEST_SUITE_P(RocksDb, LogContract,
                         ::testing::Values(LogParamOf<caseledger::testing::RocksDbHost>("RocksDb")),
                         [](const auto& suite) { return suite.param.name; });

}  // namespace
}  // namespace caseledger::eventstore::testing
