#include "eventstore/engine/rocksdb/tuning.h"

#include <utility>

#include "rocksdb/cache.h"
#include "rocksdb/env.h"
#include "rocksdb/filter_policy.h"
#include "rocksdb/table.h"

namespace caseledger::eventstore::rocksdb_engine {
namespace {

constexpr size_t kProtectionBytes = 8;         // checksum of each entry on its way through memory
constexpr double kFilterBitsPerKey = 10;       // about 1 % false positives
constexpr double kMemtableFilterShare = 0.02;  // of the write buffer
constexpr size_t kBlockBytes = 16u << 10;
constexpr int kMaxOpenFiles = 1000;
constexpr size_t kMaxInfoLogBytes = 16u << 20;

void SetDurability(rocksdb::Options& options) {
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.recycle_log_file_num = 0;
  options.allow_fallocate = false;
  options.manual_wal_flush = false;
  options.max_bgerror_resume_count = 0;
  options.paranoid_checks = true;
  options.paranoid_file_checks = true;
  options.flush_verify_memtable_count = true;
  options.force_consistency_checks = true;
  options.fail_if_options_file_error = true;
  options.track_and_verify_wals_in_manifest = true;
  options.verify_sst_unique_id_in_manifest = true;
  options.memtable_protection_bytes_per_key = kProtectionBytes;
}

void SetMemoryAndFiles(const RocksDbOptions& from, rocksdb::Options& options) {
  options.write_buffer_size = from.write_buffer_bytes;
  options.max_write_buffer_number = 2;
  // Most keys asked for are not there: new request ids, new records. Says so without a search.
  options.memtable_whole_key_filtering = true;
  options.memtable_prefix_bloom_size_ratio = kMemtableFilterShare;
  options.max_open_files = kMaxOpenFiles;
  options.max_background_jobs = 2;
  options.keep_log_file_num = 10;
  options.max_log_file_size = kMaxInfoLogBytes;
  options.bytes_per_sync = 1u << 20;
  options.level_compaction_dynamic_level_bytes = true;
  options.compression = rocksdb::kLZ4Compression;
  options.bottommost_compression = rocksdb::kZSTD;
}

rocksdb::BlockBasedTableOptions TableOptions(const RocksDbOptions& from) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(from.block_cache_bytes);
  table.cache_index_and_filter_blocks = true;
  table.cache_index_and_filter_blocks_with_high_priority = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  table.partition_filters = true;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kFilterBitsPerKey));
  table.detect_filter_construct_corruption = true;
  table.checksum = rocksdb::kXXH3;
  table.block_size = kBlockBytes;
  table.format_version = 5;
  return table;
}

}  // namespace

rocksdb::Options DatabaseOptions(const RocksDbOptions& from,
                                 std::shared_ptr<rocksdb::EventListener> listener) {
  rocksdb::Options options;
  options.create_if_missing = from.create_if_missing;
  if (from.env != nullptr) options.env = from.env;
  SetDurability(options);
  SetMemoryAndFiles(from, options);
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(TableOptions(from)));
  options.listeners.push_back(std::move(listener));
  return options;
}

rocksdb::WriteOptions DurableWrite() {
  rocksdb::WriteOptions options;
  options.sync = true;
  options.protection_bytes_per_key = kProtectionBytes;
  return options;
}

rocksdb::ReadOptions PointRead() {
  rocksdb::ReadOptions options;
  options.verify_checksums = true;
  return options;
}

rocksdb::ReadOptions ScanRead() {
  rocksdb::ReadOptions options;
  options.verify_checksums = true;
  options.fill_cache = false;
  return options;
}

}  // namespace caseledger::eventstore::rocksdb_engine
