// A RocksDB engine in a directory of its own under the system's temporary directory.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "eventstore/engine/rocksdb/rocksdb_engine.h"
#include "tests/contract/engine_contract_suite.h"

namespace caseledger::testing {

// Created empty; removed with all it holds.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

// Small caches; the directory is `directory` + "/store".
eventstore::RocksDbOptions SmallOptions(const TemporaryDirectory& directory);

// The directory's files whose names end in `suffix`, sorted.
std::vector<std::string> FilesEndingIn(const std::string& directory, const std::string& suffix);

std::string ReadFile(const std::string& path);
void WriteFile(const std::string& path, const std::string& bytes);

class RocksDbHost final : public EngineHost {
 public:
  RocksDbHost();
  eventstore::Engine& engine() override { return *engine_; }
  eventstore::RocksDbStore& store() { return *engine_; }
  absl::Status Reopen() override;

  // As a crash leaves it: the write-ahead log keeps what was committed.
  void DropWithoutClose() { engine_.reset(); }
  // Everything in table files.
  absl::Status CloseEngine();
  absl::Status Open();
  std::string path() const { return options_.path; }
  eventstore::RocksDbOptions& options() { return options_; }

 private:
  TemporaryDirectory directory_;
  eventstore::RocksDbOptions options_;
  std::unique_ptr<eventstore::RocksDbStore> engine_;
};

}  // namespace caseledger::testing
