// The only place that knows the bytes of the store's keys.
//
//   0x00 "format"                              -> "1"
//   0x00 "purge" L ledger T table              -> "", while a purge of the table's ledger is due
//   L ledger T table 0x00                      -> applied events (8 bytes, big-endian)
//   L ledger T table 0x01 ROWKEY               -> row value
//
// L and T are the lengths of the names, one byte each, so that no ledger's or table's keys begin
// like another's. L is never 0. A table exists when its position row does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"

namespace caseledger::projections {

inline constexpr std::string_view kFormatKey{"\0format", 7};
inline constexpr std::string_view kFormat = "1";

inline constexpr std::string_view kPurgePrefix{"\0purge", 6};
std::string PurgeKey(std::string_view ledger, std::string_view table);
// Ledger and table when `key` is one of PurgeKey.
std::optional<std::pair<std::string, std::string>> TableOfPurgeKey(std::string_view key);

// INVALID_ARGUMENT unless both names have 1 to 255 bytes.
absl::Status CheckNames(std::string_view ledger, std::string_view table);

std::string LedgerPrefix(std::string_view ledger);

// The keys of one table.
struct TableKeys {
  TableKeys(std::string_view ledger, std::string_view table);

  std::string position;  // also the first of the table's keys
  std::string rows;      // prefix of its rows
  std::string end;       // after all its keys
};

// The table's name when `key`, which begins with the ledger's prefix, is a position row.
std::optional<std::string> TableOfPositionKey(std::string_view ledger_prefix, std::string_view key);

}  // namespace caseledger::projections
