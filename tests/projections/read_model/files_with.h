// Where the files of a RocksDB directory hold something: rows of table files, whose keys share
// beginnings and which may be compressed, and the bytes of all others.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>

#include "rocksdb/options.h"
#include "rocksdb/sst_file_reader.h"

namespace caseledger::projections::testing {

// Also of rows that a newer file deletes.
inline bool TableFileHolds(const std::string& path, std::string_view text) {
  rocksdb::SstFileReader reader{rocksdb::Options()};
  const rocksdb::Status opened = reader.Open(path);
  EXPECT_TRUE(opened.ok()) << opened.ToString();
  const std::unique_ptr<rocksdb::Iterator> rows(reader.NewIterator(rocksdb::ReadOptions()));
  for (rows->SeekToFirst(); rows->Valid(); rows->Next()) {
    if ((rows->key().ToString() + rows->value().ToString()).find(text) != std::string::npos) {
      return true;
    }
  }
  EXPECT_TRUE(rows->status().ok()) << rows->status().ToString();
  return false;
}

// The names of the files that hold the text.
inline std::string FilesWith(const std::string& text, const std::string& directory) {
  std::string found;
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    ++files;
    std::ostringstream bytes;
    bytes << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    const bool is_table = entry.path().extension() == ".sst";
    const bool holds = bytes.str().find(text) != std::string::npos ||
                       (is_table && TableFileHolds(entry.path(), text));
    if (holds) found += entry.path().filename().string() + " ";
  }
  EXPECT_GT(files, 0U);
  return found;
}

}  // namespace caseledger::projections::testing
