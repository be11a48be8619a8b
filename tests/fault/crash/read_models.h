// Looks into a stopped server's read models.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/integration/support/client.h"

namespace caseledger::testing {

// A projection's table: its rows, byte for byte, and how many events they reflect.
struct StoredTable {
  uint64_t applied_events = 0;
  std::vector<std::pair<std::string, std::string>> rows;
  bool operator==(const StoredTable&) const = default;
};

// The projections' tables of the ledger by name, such as `case-list@1`. No server may be running.
std::map<std::string, StoredTable> ReadTables(const std::string& data_dir,
                                              const std::string& ledger);

// No projection stands behind where its table stood when the server was killed: each went on from
// there.
void CheckResumed(const Client& client, const std::map<std::string, StoredTable>& killed);

}  // namespace caseledger::testing
