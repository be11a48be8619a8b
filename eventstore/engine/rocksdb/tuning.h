// How RocksDB is set up: durability first, bounded memory, an append-only order of keys. README.md
// says why.
#pragma once

#include <memory>

#include "eventstore/engine/rocksdb/rocksdb_engine.h"
#include "rocksdb/listener.h"
#include "rocksdb/options.h"

namespace caseledger::eventstore::rocksdb_engine {

rocksdb::Options DatabaseOptions(const RocksDbOptions& options,
                                 std::shared_ptr<rocksdb::EventListener> listener);

// Every write: durable before it returns.
rocksdb::WriteOptions DurableWrite();

// Point lookups and streams: checksums verified, blocks kept in the cache.
rocksdb::ReadOptions PointRead();

// Reading the ledger through: checksums verified, the cache left to the streams.
rocksdb::ReadOptions ScanRead();

}  // namespace caseledger::eventstore::rocksdb_engine
