// Looks for texts in everything that a directory holds: in the bytes of every file, and in every
// row of every RocksDB store, whose files may be compressed.
#pragma once

#include <string>
#include <vector>

namespace caseledger::testing {

struct Found {
  std::string where;  // file, or store and row
  std::string text;
};

struct Scan {
  std::vector<Found> found;  // at most 20
  size_t files = 0;
  size_t rows = 0;
  size_t bytes = 0;  // of files and rows together
};

// No server may have the directory open.
Scan ScanFor(const std::vector<std::string>& texts, const std::string& directory);

}  // namespace caseledger::testing
