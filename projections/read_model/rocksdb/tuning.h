// How the store of read models uses RocksDB: memory, files, filters. README.md says why.
#pragma once

#include <cstddef>

#include "rocksdb/options.h"

namespace caseledger::projections {

// `block_cache_bytes`: of blocks, indexes and filters that were read, over all tables.
rocksdb::Options ReadModelStoreOptions(size_t block_cache_bytes);

}  // namespace caseledger::projections
