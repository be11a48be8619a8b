// Tables that leave the system: CSV and XLSX files that a spreadsheet opens without harm.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"

namespace caseledger::cli {

// A time, to be shown in the ledger's zone.
struct SheetTime {
  Micros at = 0;
  friend bool operator==(const SheetTime&, const SheetTime&) = default;
};

// A number in decimal, such as `12.5`.
struct SheetDecimal {
  std::string digits;
  friend bool operator==(const SheetDecimal&, const SheetDecimal&) = default;
};

// Nothing, text, a number or a time.
using SheetCell = std::variant<std::monostate, std::string, uint64_t, SheetDecimal, SheetTime>;

// The number, or nothing.
inline SheetCell DecimalCell(const std::string& digits) {
  return digits.empty() ? SheetCell{} : SheetDecimal{digits};
}

// The cell as CSV has it, before it is quoted.
std::string TextOfCell(const SheetCell& cell);

// One table in a file that is there whole or not at all, readable by its owner alone. Not
// thread-safe.
//
// CSV: RFC 4180 with CRLF in UTF-8 with a byte order mark, by which spreadsheets know it; times as
// `2024-01-31T15:04:05+07:00`. XLSX (ECMA-376), by libxlsxwriter: text is text whatever it looks
// like, times are times, the heading stays in view and filters.
class SheetFile {
 public:
  // Rows of a table in XLSX, the heading included.
  static constexpr size_t kMostXlsxRows = 1'048'576;

  // INVALID_ARGUMENT     the name ends neither in .csv nor in .xlsx
  // FAILED_PRECONDITION  something is there already
  // UNAVAILABLE          it cannot be written there
  static absl::StatusOr<std::unique_ptr<SheetFile>> Create(const std::string& path,
                                                           const std::string& title,
                                                           const std::vector<std::string>& columns);
  // `csv` or `xlsx`, by the name; the same error.
  static absl::StatusOr<std::string> FormatOf(std::string_view path);

  // FAILED_PRECONDITION when something has that name, UNAVAILABLE when nothing can be written into
  // its folder: to be asked before anything is read for it.
  static absl::Status CheckFree(const std::string& path);

  // Removes what was not put in place.
  virtual ~SheetFile() = default;

  // As many cells as there are columns. RESOURCE_EXHAUSTED when the format takes no more rows, or
  // no text of that length; UNAVAILABLE when nothing can be written.
  virtual absl::Status Add(const std::vector<SheetCell>& cells) = 0;
  // Puts the file in place. Once.
  virtual absl::Status Finish() = 0;
};

}  // namespace caseledger::cli
