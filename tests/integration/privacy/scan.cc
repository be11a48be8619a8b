#include "tests/integration/privacy/scan.h"

#include <filesystem>
#include <memory>
#include <string_view>

#include "gtest/gtest.h"
#include "rocksdb/db.h"
#include "tests/integration/support/scratch_directory.h"

namespace caseledger::testing {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostFound = 20;

class Scanner {
 public:
  explicit Scanner(const std::vector<std::string>& texts) : texts_(texts) {}

  void Look(std::string_view bytes, const std::string& where) {
    scan_.bytes += bytes.size();
    for (const std::string& text : texts_) {
      if (scan_.found.size() < kMostFound && bytes.find(text) != std::string_view::npos) {
        scan_.found.push_back({where, text});
      }
    }
  }

  void LookAtFile(const fs::path& path) {
    ++scan_.files;
    Look(path.filename().string(), path.string());
    Look(ReadWholeFile(path.string()), path.string());
  }

  void LookAtStore(const std::string& path) {
    rocksdb::DB* opened = nullptr;
    const rocksdb::Status status = rocksdb::DB::OpenForReadOnly(rocksdb::Options(), path, &opened);
    ASSERT_TRUE(status.ok()) << path << ": " << status.ToString();
    const std::unique_ptr<rocksdb::DB> db(opened);
    const std::unique_ptr<rocksdb::Iterator> row(db->NewIterator(rocksdb::ReadOptions()));
    for (row->SeekToFirst(); row->Valid(); row->Next()) {
      ++scan_.rows;
      const std::string where = path + " row " + row->key().ToString(/*hex=*/true);
      Look({row->key().data(), row->key().size()}, where);
      Look({row->value().data(), row->value().size()}, where);
    }
    EXPECT_TRUE(row->status().ok()) << row->status().ToString();
  }

  Scan Take() { return std::move(scan_); }

 private:
  const std::vector<std::string>& texts_;
  Scan scan_;
};

}  // namespace

Scan ScanFor(const std::vector<std::string>& texts, const std::string& directory) {
  Scanner scanner(texts);
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    scanner.LookAtFile(entry.path());
    if (entry.path().filename() == "CURRENT") {
      scanner.LookAtStore(entry.path().parent_path().string());
    }
  }
  return scanner.Take();
}

}  // namespace caseledger::testing
