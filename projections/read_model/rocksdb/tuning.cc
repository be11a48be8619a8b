#include "projections/read_model/rocksdb/tuning.h"

#include "rocksdb/cache.h"
#include "rocksdb/filter_policy.h"
#include "rocksdb/table.h"

namespace caseledger::projections {
namespace {

constexpr double kFilterBitsPerKey = 10;       // about 1 % false positives
constexpr double kMemtableFilterShare = 0.02;  // of the write buffer
constexpr size_t kWriteBufferBytes = 64u << 20;
constexpr size_t kBlockBytes = 8u << 10;
constexpr int kMaxOpenFiles = 1000;

rocksdb::BlockBasedTableOptions TableOptions(size_t block_cache_bytes) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(block_cache_bytes);
  table.cache_index_and_filter_blocks = true;
  table.cache_index_and_filter_blocks_with_high_priority = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  // In parts: a whole filter of a large file does not fit into a shard of the cache, and would be
  // read again for each row that is looked for.
  table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  table.partition_filters = true;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kFilterBitsPerKey));
  table.block_size = kBlockBytes;
  table.format_version = 5;
  return table;
}

}  // namespace

rocksdb::Options ReadModelStoreOptions(size_t block_cache_bytes) {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.write_buffer_size = kWriteBufferBytes;
  options.max_write_buffer_number = 2;
  options.memtable_whole_key_filtering = true;
  options.memtable_prefix_bloom_size_ratio = kMemtableFilterShare;
  options.max_open_files = kMaxOpenFiles;
  options.max_background_jobs = 2;
  options.bytes_per_sync = 1u << 20;
  options.compression = rocksdb::kLZ4Compression;
  // Keys of rows must not outlive the rows: the MANIFEST names those at files' ends, so each change
  // begins a new one, and the info log those at the ends of compactions.
  options.max_manifest_file_size = 1;
  options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(TableOptions(block_cache_bytes)));
  return options;
}

}  // namespace caseledger::projections
