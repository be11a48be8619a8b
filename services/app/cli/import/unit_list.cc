#include "services/app/cli/import/unit_list.h"

#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "eventstore/base/strings.h"
#include "services/app/cli/import/schema.h"
#include "services/app/cli/text/csv.h"

namespace caseledger::cli {
namespace {

constexpr size_t kFields = 4;  // a unit of the highest level may leave out the last

std::string AsCsv(std::string_view line, std::string_view version) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  if (line.empty() || line.front() == '#') return "\n";
  std::vector<std::string> fields =
      absl::StrSplit(absl::string_view(line.data(), line.size()), '\t');
  if (fields.size() == kFields - 1) fields.emplace_back();
  // Whoever has another number of fields is told so where the rows are read.
  if (fields.size() != kFields) {
    std::string row;
    for (const std::string& field : fields) row += CsvQuote(field) + ",";
    return row + "\n";
  }
  return StrCat(CsvQuote(fields[1]), ",", CsvQuote(std::string(version)), ",", CsvQuote(fields[0]),
                ",", CsvQuote(fields[2]), ",", CsvQuote(fields[3]), "\n");
}

// The header stands above the list: each line is one further down.
void MoveUp(TextPosition& at) {
  if (at.line > 1) --at.line;
}

}  // namespace

absl::Status AddUnitList(std::string_view content, std::string_view version, Dataset& dataset,
                         Issues& issues) {
  const Table& table = *FindTable("admin_units");
  std::string csv = "code,version,kind,name,parent_code\n";
  for (const absl::string_view line :
       absl::StrSplit(absl::string_view(content.data(), content.size()), '\n')) {
    csv += AsCsv({line.data(), line.size()}, version);
  }
  Issues of_list;
  if (absl::Status status = dataset.Add(table, csv, of_list); !status.ok()) return status;
  for (Issue& issue : of_list) {
    MoveUp(issue.at);
    issue.at.column = 1;  // that of the list is another
    issues.push_back(issue);
  }
  LoadedTable& loaded = dataset.GetMutable(table.name);
  for (Row& row : loaded.rows) {
    MoveUp(row.at);
    for (TextPosition& at : row.cells_at) at = {row.at.line, 1};
  }
  if (loaded.rows.empty()) return absl::InvalidArgumentError("there is no unit in the list");
  return absl::OkStatus();
}

}  // namespace caseledger::cli
