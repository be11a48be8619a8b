// The CSV reader: any bytes give records and issues with places inside the file, and what was read
// can be written and read again.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "services/app/cli/text/csv.h"
#include "services/app/cli/text/utf8.h"
#include "tests/fuzz/support/check.h"

namespace caseledger::fuzz {
namespace {

void CheckPlace(const cli::TextPosition& at, size_t lines, size_t bytes) {
  Check(at.line >= 1 && at.line <= lines, "the line is one of the file's");
  Check(at.column >= 1 && at.column <= bytes + 1, "the column is one of the file's");
}

// An empty line is no record, so a record of one empty field cannot be written without quotes.
bool IsEmptyLine(const cli::CsvRecord& record) {
  return record.fields.size() == 1 && record.fields[0].text.empty();
}

void CheckWrittenIsReadAgain(const cli::CsvFile& file) {
  std::string written = "\xEF\xBB\xBF";
  for (const cli::CsvRecord& record : file.records) {
    if (IsEmptyLine(record)) continue;
    for (size_t i = 0; i < record.fields.size(); ++i) {
      if (i > 0) written += ',';
      written += cli::CsvQuote(record.fields[i].text);
    }
    written += '\n';
  }
  const cli::CsvFile again = cli::ReadCsv(written);
  Check(again.issues.empty(), "what was written can be read");
  auto read = again.records.begin();
  for (const cli::CsvRecord& record : file.records) {
    if (IsEmptyLine(record)) continue;
    Check(read != again.records.end(), "no record is lost");
    Check(std::ranges::equal(record.fields, read->fields, {}, &cli::CsvField::text,
                             &cli::CsvField::text),
          "fields come back as they were");
    ++read;
  }
  Check(read == again.records.end(), "no record is new");
}

}  // namespace
}  // namespace caseledger::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace caseledger;
  const std::string_view content(reinterpret_cast<const char*>(data), size);
  const auto lines = static_cast<size_t>(std::ranges::count(content, '\n')) + 1;
  const cli::CsvFile file = cli::ReadCsv(content);
  for (const cli::CsvIssue& issue : file.issues) fuzz::CheckPlace(issue.at, lines, size);
  for (const cli::CsvRecord& record : file.records) {
    fuzz::CheckPlace(record.at, lines, size);
    fuzz::Check(!record.fields.empty() && record.fields.size() <= cli::kMostFields,
                "a record has 1 to 256 fields");
    for (const cli::CsvField& field : record.fields) {
      fuzz::CheckPlace(field.at, lines, size);
      fuzz::Check(!cli::FirstInvalidUtf8(field.text).has_value(), "fields are text");
    }
  }
  fuzz::CheckWrittenIsReadAgain(file);
  return 0;
}
