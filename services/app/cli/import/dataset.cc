#include "services/app/cli/import/dataset.h"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "services/app/cli/text/file_text.h"
#include "services/app/cli/text/time_text.h"
#include "services/app/cli/text/utf8.h"

namespace caseledger::cli {
namespace {

constexpr size_t kMostFileBytes = 512u << 20;

std::string FileNameOf(const Table& table) { return std::string(table.name) + ".csv"; }

// Which field of a record holds each column of the table.
using Layout = std::vector<size_t>;

absl::StatusOr<Layout> ReadHeader(const Table& table, const CsvRecord& header, Issues& issues) {
  std::map<std::string, size_t> fields;
  for (size_t i = 0; i < header.fields.size(); ++i) {
    const CsvField& field = header.fields[i];
    if (!fields.emplace(field.text, i).second) {
      return absl::InvalidArgumentError(fmt::format(
          "{}:1:{}: column {} is there twice", FileNameOf(table), field.at.column, field.text));
    }
    if (table.Find(field.text) < 0) {
      issues.push_back({IssueKind::kUnknownColumn, FileNameOf(table), field.at, field.text,
                        "not a column of this file; it is left unread"});
    }
  }
  Layout layout;
  for (const Column& column : table.columns) {
    const auto found = fields.find(std::string(column.name));
    if (found == fields.end()) {
      return absl::InvalidArgumentError(
          fmt::format("{}:1:1: column {} is missing", FileNameOf(table), column.name));
    }
    layout.push_back(found->second);
  }
  return layout;
}

std::string KeyOf(const Row& row) {
  std::string key;
  for (const std::string_view column : row.table->key) {
    if (!row.Has(column)) return "";
    if (!key.empty()) key += '/';
    key += row.Get(column);
  }
  return key;
}

Row ToRow(const Table& table, const Layout& layout, const CsvRecord& record) {
  Row row(&table, record.at);
  for (const size_t field : layout) {
    const bool there = field < record.fields.size();
    row.cells.push_back(there ? ToNfc(record.fields[field].text) : "");
    row.cells_at.push_back(there ? record.fields[field].at : record.at);
  }
  row.key = KeyOf(row);
  return row;
}

void Index(LoadedTable& loaded, Issues& issues) {
  const Row& row = loaded.rows.back();
  const size_t index = loaded.rows.size() - 1;
  if (!row.cells[0].empty()) loaded.by_id.emplace(row.cells[0], index);
  if (row.key.empty()) return;
  const auto [first, inserted] = loaded.by_key.emplace(row.key, index);
  if (inserted) return;
  const size_t line = loaded.rows[first->second].at.line;
  issues.push_back({IssueKind::kBadRow, row.FileName(), row.cells_at[0], "",
                    fmt::format("the same key stands in line {} already", line)});
  loaded.rows.back().good = false;
}

}  // namespace

absl::StatusOr<std::string> ReadWholeFile(const std::string& name) {
  return ReadFile(name, kMostFileBytes);
}

std::string Row::FileName() const { return FileNameOf(*table); }

const std::string& Row::Get(std::string_view column) const {
  static const std::string& empty = *new std::string();
  const int index = table->Find(column);
  return index < 0 ? empty : cells[static_cast<size_t>(index)];
}

std::vector<std::string> Row::GetList(std::string_view column) const {
  std::vector<std::string> items;
  std::string_view rest = Get(column);
  while (!rest.empty()) {
    const size_t end = rest.find(';');
    if (end != 0) items.emplace_back(rest.substr(0, end));
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return items;
}

std::optional<Micros> Row::GetTime(std::string_view column) const {
  const auto time = ParseTime(Get(column));
  if (!time) return std::nullopt;
  return time->micros;
}

std::optional<uint32_t> Row::GetNumber(std::string_view column) const {
  const std::string& text = Get(column);
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<uint32_t> Row::GetMillionths(std::string_view column) const {
  constexpr size_t kDecimals = 6;
  std::string text = Get(column);
  const size_t point = text.find('.');
  const size_t decimals = point == std::string::npos ? 0 : text.size() - point - 1;
  if (decimals > kDecimals || point == 0 || (point != std::string::npos && decimals == 0)) {
    return std::nullopt;
  }
  if (point != std::string::npos) text.erase(point, 1);
  text.append(kDecimals - decimals, '0');
  uint32_t millionths = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), millionths);
  const bool in_range = error == std::errc() && end == text.data() + text.size() &&
                        !Get(column).empty() && millionths > 0 && millionths <= 1'000'000;
  return in_range ? std::optional(millionths) : std::nullopt;
}

const Row* LoadedTable::FindByKey(std::string_view key) const {
  const auto found = by_key.find(key);
  return found == by_key.end() ? nullptr : &rows[found->second];
}

const Row* LoadedTable::FindById(std::string_view id) const {
  const auto found = by_id.find(id);
  return found == by_id.end() ? nullptr : &rows[found->second];
}

absl::StatusOr<Dataset> Dataset::Load(const std::string& directory, Issues& issues) {
  if (!std::filesystem::is_directory(directory)) {
    return absl::NotFoundError(directory + " is not a directory; give the one with the CSV files");
  }
  Dataset dataset;
  bool any = false;
  std::vector<const Table*> tables;
  for (const Table& table : Tables()) tables.push_back(&table);
  tables.push_back(&CorrectionsTable());
  for (const Table* table : tables) {
    const auto path = std::filesystem::path(directory) / FileNameOf(*table);
    if (!std::filesystem::exists(path)) continue;
    ASSIGN_OR_RETURN(const std::string content, ReadWholeFile(path.string()));
    RETURN_IF_ERROR(dataset.Add(*table, content, issues));
    any = true;
  }
  if (!any)
    return absl::NotFoundError("none of the CSV files (contacts.csv, ...) is in " + directory);
  return dataset;
}

absl::Status Dataset::Add(const Table& table, std::string_view content, Issues& issues) {
  LoadedTable& loaded = GetMutable(table.name);
  loaded.present = true;
  const CsvFile file = ReadCsv(content);
  for (const CsvIssue& issue : file.issues) {
    issues.push_back({IssueKind::kBadRow, FileNameOf(table), issue.at, "", issue.reason});
  }
  if (file.records.empty()) {
    return absl::InvalidArgumentError(FileNameOf(table) + ":1:1: the header is missing");
  }
  ASSIGN_OR_RETURN(const Layout layout, ReadHeader(table, file.records[0], issues));
  const size_t columns = file.records[0].fields.size();
  loaded.row_count = file.records.size() - 1 + file.issues.size();
  loaded.rows.reserve(file.records.size() - 1);
  for (size_t i = 1; i < file.records.size(); ++i) {
    const CsvRecord& record = file.records[i];
    loaded.rows.push_back(ToRow(table, layout, record));
    if (record.fields.size() != columns) {
      const bool more = record.fields.size() > columns;
      issues.push_back(
          {IssueKind::kBadRow, FileNameOf(table),
           more ? record.fields[columns].at : record.fields.back().at, "",
           fmt::format("{} columns, the header has {}", record.fields.size(), columns)});
      loaded.rows.back().good = false;
    }
    Index(loaded, issues);
  }
  return absl::OkStatus();
}

const LoadedTable& Dataset::Get(std::string_view table) const {
  static const LoadedTable& absent = *new LoadedTable();
  const auto found = tables_.find(table);
  return found == tables_.end() ? absent : found->second;
}

LoadedTable& Dataset::GetMutable(std::string_view table) {
  LoadedTable& loaded = tables_[std::string(table)];
  loaded.table = table == CorrectionsTable().name ? &CorrectionsTable() : FindTable(table);
  return loaded;
}

}  // namespace caseledger::cli
