// The engine contract, proven for RocksDB.
#include "tests/contract/rocksdb_host.h"

namespace caseledger::testing {
namespace {

INSTANTIATE_TEST_SUITE_P(RocksDb, EngineContract,
                         ::testing::Values(EngineFactory{
                             "rocksdb", [] { return std::make_unique<RocksDbHost>(); }}),
                         EngineName);

}  // namespace
}  // namespace caseledger::testing
