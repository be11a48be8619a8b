// CSV as RFC 4180 has it: quoted fields, embedded separators, quotes and line ends, LF or CRLF, a
// byte order mark. A wrong record is reported and left out; the rest goes on.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace caseledger::cli {

// Where something stands in a file: both count from 1, columns in characters.
struct TextPosition {
  size_t line = 1;
  size_t column = 1;
};

struct CsvField {
  std::string text;
  TextPosition at;  // of its first character, the opening quote included
};

struct CsvRecord {
  TextPosition at;
  std::vector<CsvField> fields;
};

struct CsvIssue {
  TextPosition at;
  std::string reason;
};

struct CsvFile {
  std::vector<CsvRecord> records;  // the header is the first; empty lines are left out
  std::vector<CsvIssue> issues;    // one for each record left out
};

inline constexpr size_t kMostFieldBytes = 1 << 20;
inline constexpr size_t kMostFields = 256;

// Reads a whole file's content. A quoted field that is never closed is reported at its opening
// quote, and reading goes on at the next line.
CsvFile ReadCsv(std::string_view content);

// The value as a CSV field, in quotes only where they are needed.
std::string CsvQuote(std::string_view value);

// Text as a field of a CSV file for spreadsheets: what they would take for a formula begins with an
// apostrophe (OWASP, "CSV Injection"): after = + - @, tab or return, also of full width, and
// after a semicolon, tab or line end, where other programs begin a new field.
std::string CsvSafe(std::string_view text);

}  // namespace caseledger::cli
