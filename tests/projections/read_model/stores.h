// The stores that every read model test runs against.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "projections/read_model/memory/memory_read_models.h"
#include "projections/read_model/read_model.h"
#include "projections/read_model/rocksdb/rocksdb_read_models.h"
#include "tests/projections/read_model/rows.h"

namespace caseledger::projections::testing {

enum class StoreKind { kMemory, kRocksDb };

inline std::string NameOf(const ::testing::TestParamInfo<StoreKind>& info) {
  return info.param == StoreKind::kMemory ? "Memory" : "RocksDb";
}

// A directory that goes away with the test.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "read-models-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class StoreTest : public ::testing::TestWithParam<StoreKind> {
 protected:
  StoreTest() { store_ = Open(); }

  std::unique_ptr<ReadModelStore> Open() {
    if (GetParam() == StoreKind::kMemory) return NewMemoryReadModels();
    auto opened = OpenRocksDbReadModels({.path = directory_.path(), .env = nullptr});
    EXPECT_TRUE(opened.ok()) << opened.status();
    return std::move(opened).value();
  }
  std::unique_ptr<ReadModelTable> OpenTable(std::string_view ledger, std::string_view table) {
    auto opened = store_->OpenTable(ledger, table);
    EXPECT_TRUE(opened.ok()) << opened.status();
    return std::move(opened).value();
  }

  TemporaryDirectory directory_;
  std::unique_ptr<ReadModelStore> store_;
};

}  // namespace caseledger::projections::testing
