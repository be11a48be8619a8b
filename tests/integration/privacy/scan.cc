#include "tests/integration/privacy/scan.h"

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string_view>
#include <unordered_map>

#include "gtest/gtest.h"
#include "rocksdb/db.h"
#include "rocksdb/sst_file_reader.h"
#include "tests/integration/support/scratch_directory.h"

namespace caseledger::testing {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostFound = 20;

// Looks for all texts in one pass: at each place the next four bytes tell which may begin there.
class Finder {
 public:
  explicit Finder(const std::set<std::string>& texts) : may_begin_(1U << 16U) {
    for (const std::string& text : texts) {
      EXPECT_GE(text.size(), sizeof(uint32_t)) << "a scan needs four bytes";
      if (text.size() < sizeof(uint32_t)) continue;
      const uint32_t begin = FourBytes(text.data());
      texts_[begin].push_back(text);
      may_begin_[Bucket(begin)] = true;
    }
  }

  template <typename Visit>
  void Find(std::string_view bytes, const Visit& visit) const {
    for (size_t at = 0; at + sizeof(uint32_t) <= bytes.size(); ++at) {
      const uint32_t begin = FourBytes(bytes.data() + at);
      if (!may_begin_[Bucket(begin)]) continue;
      const auto candidates = texts_.find(begin);
      if (candidates == texts_.end()) continue;
      for (const std::string& text : candidates->second) {
        if (bytes.substr(at).starts_with(text)) visit(text);
      }
    }
  }

 private:
  static uint32_t FourBytes(const char* at) {
    uint32_t four = 0;
    std::memcpy(&four, at, sizeof(four));
    return four;
  }
  static uint32_t Bucket(uint32_t four) { return four * 2654435761U >> 16U; }

  std::vector<bool> may_begin_;
  std::unordered_map<uint32_t, std::vector<std::string>> texts_;
};

// Backups keep a store's tables apart from the rest of it: these are looked at by themselves.
bool IsOfBackup(const fs::path& file) {
  return file.parent_path().parent_path().filename() == "private";
}

class Scanner {
 public:
  explicit Scanner(const std::set<std::string>& texts) : finder_(texts) {}

  void Look(std::string_view bytes, const std::string& where) {
    scan_.bytes += bytes.size();
    finder_.Find(bytes, [&](const std::string& text) {
      if (scan_.found.size() < kMostFound) scan_.found.push_back({where, text});
    });
  }

  void LookAtFile(const fs::path& path) {
    ++scan_.files;
    Look(path.filename().string(), path.string());
    Look(ReadWholeFile(path.string()), path.string());
  }

  // What the store holds now, its log of writes included.
  void LookAtStore(const std::string& path) {
    rocksdb::DB* opened = nullptr;
    const rocksdb::Status status = rocksdb::DB::OpenForReadOnly(rocksdb::Options(), path, &opened);
    ASSERT_TRUE(status.ok()) << path << ": " << status.ToString();
    const std::unique_ptr<rocksdb::DB> db(opened);
    LookAtRows(*db->NewIterator(rocksdb::ReadOptions()), path);
  }

  // What the file holds, also of rows that a newer file replaces or deletes.
  void LookAtTable(const std::string& path) {
    rocksdb::SstFileReader table{rocksdb::Options()};
    const rocksdb::Status status = table.Open(path);
    if (!status.ok()) {
      ++scan_.torn;
      return;
    }
    LookAtRows(*table.NewIterator(rocksdb::ReadOptions()), path);
  }

  Scan Take() { return std::move(scan_); }

 private:
  void LookAtRows(rocksdb::Iterator& rows, const std::string& path) {
    const std::unique_ptr<rocksdb::Iterator> owned(&rows);
    for (rows.SeekToFirst(); rows.Valid(); rows.Next()) {
      ++scan_.rows;
      const std::string where = path + " row " + rows.key().ToString(/*hex=*/true);
      Look({rows.key().data(), rows.key().size()}, where);
      Look({rows.value().data(), rows.value().size()}, where);
    }
    EXPECT_TRUE(rows.status().ok()) << rows.status().ToString();
  }

  const Finder finder_;
  Scan scan_;
};

}  // namespace

Scan ScanFor(const std::set<std::string>& texts, const std::string& directory) {
  Scanner scanner(texts);
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    scanner.LookAtFile(entry.path());
    if (entry.path().extension() == ".sst") scanner.LookAtTable(entry.path().string());
    if (entry.path().filename() == "CURRENT" && !IsOfBackup(entry.path())) {
      scanner.LookAtStore(entry.path().parent_path().string());
    }
  }
  return scanner.Take();
}

void ExpectNothingFound(const Scan& scan) {
  for (const Found& found : scan.found) ADD_FAILURE() << found.text << " in " << found.where;
  EXPECT_GT(scan.files, 0U) << "nothing was looked at";
}

}  // namespace caseledger::testing
