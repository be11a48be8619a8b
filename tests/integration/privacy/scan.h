// Looks for texts in everything that a directory holds: in names and bytes of every file, and in
// every row of every RocksDB store, whose files may be compressed, also in rows that were replaced
// or deleted since.
#pragma once

#include <set>
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
  size_t torn = 0;   // tables that a kill left unfinished: of these the bytes alone were looked at
};

// The texts have at least four bytes each. No server may have the directory open.
Scan ScanFor(const std::set<std::string>& texts, const std::string& directory);

// Fails the test for each text found, and when there was nothing to look at.
void ExpectNothingFound(const Scan& scan);

}  // namespace caseledger::testing
