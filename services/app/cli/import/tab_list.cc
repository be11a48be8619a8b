#include "services/app/cli/import/tab_list.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "eventstore/base/strings.h"
#include "services/app/cli/import/schema.h"
#include "services/app/cli/text/csv.h"

namespace caseledger::cli {
namespace {

using Fields = std::vector<std::string>;

Fields FieldsOf(std::string_view line) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  if (line.empty() || line.front() == '#') return {};
  return absl::StrSplit(absl::string_view(line.data(), line.size()), '\t');
}

size_t FieldCount(const TabList& list) {
  return static_cast<size_t>(*std::ranges::max_element(list.fields)) + 1;
}

std::string AsCsv(Fields fields, const TabList& list) {
  if (fields.empty()) return "\n";
  const size_t wanted = FieldCount(list);
  if (fields.size() < wanted && fields.size() + list.may_leave_out >= wanted) {
    fields.resize(wanted);
  }
  Fields columns;
  if (fields.size() == wanted) {
    for (const int field : list.fields) {
      columns.push_back(field < 0 ? list.constant : fields[static_cast<size_t>(field)]);
    }
  } else {  // whoever has another number of fields is told so where the rows are read
    columns = std::move(fields);
    columns.resize(columns.size() + list.fields.size() - wanted);
  }
  for (std::string& column : columns) column = CsvQuote(column);
  return StrCat(absl::StrJoin(columns, ","), "\n");
}

// The first character of a line's field.
TextPosition PlaceOf(const Fields& fields, size_t line, int field) {
  TextPosition at{line, 1};
  for (size_t i = 0; static_cast<int>(i) < field && i < fields.size(); ++i) {
    const auto begins = [](char c) { return (static_cast<unsigned char>(c) & 0xC0u) != 0x80u; };
    at.column += static_cast<size_t>(std::ranges::count_if(fields[i], begins)) + 1;
  }
  return at;
}

// The header stands above the list: each line is one further down.
void MoveUp(TextPosition& at) {
  if (at.line > 1) --at.line;
}

}  // namespace

absl::Status AddTabList(std::string_view content, const TabList& list, Dataset& dataset,
                        Issues& issues) {
  const Table& table = *FindTable(list.table);
  std::vector<Fields> lines;
  for (const absl::string_view line :
       absl::StrSplit(absl::string_view(content.data(), content.size()), '\n')) {
    lines.push_back(FieldsOf({line.data(), line.size()}));
  }
  std::string csv = absl::StrJoin(
      table.columns, ",", [](std::string* out, const Column& column) { out->append(column.name); });
  csv += "\n";
  for (const Fields& fields : lines) csv += AsCsv(fields, list);
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
    for (size_t i = 0; i < row.cells_at.size(); ++i) {
      row.cells_at[i] = PlaceOf(lines.at(row.at.line - 1), row.at.line, list.fields[i]);
    }
  }
  if (loaded.rows.empty()) return absl::InvalidArgumentError("there is no row in the list");
  return absl::OkStatus();
}

}  // namespace caseledger::cli
