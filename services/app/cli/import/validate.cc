#include "services/app/cli/import/validate.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>

#include "services/app/cli/text/time_text.h"

namespace caseledger::cli {
namespace {

constexpr uint32_t kLargestNumber = 10'000'000;

bool IsKey(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("._-/:").find(c) != std::string_view::npos;
  };
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), allowed);
}

bool IsBirth(std::string_view text) {
  if (text.size() == 4) return ParseTime(std::string(text) + "-01-01").has_value();
  if (text.size() == 7) return ParseTime(std::string(text) + "-01").has_value();
  return text.size() == 10 && ParseTime(text).has_value();
}

std::string ChoicesOf(const Column& column) {
  std::string text;
  for (const std::string_view choice : column.choices) {
    text.append(text.empty() ? "" : ", ").append(choice);
  }
  return text;
}

// What is wrong with a cell that is not empty, or "".
std::string Complaint(const Column& column, const Row& row) {
  const std::string& text = row.Get(column.name);
  const auto is_key = [](const std::string& item) { return IsKey(item); };
  switch (column.kind) {
    case CellKind::kText:
      return "";
    case CellKind::kCode:
    case CellKind::kId:
    case CellKind::kReference:
      return IsKey(text) ? "" : "not 1 to 64 of A-Z a-z 0-9 . _ - / :";
    case CellKind::kCodes:
    case CellKind::kReferences: {
      const auto items = row.GetList(column.name);
      const bool good = !items.empty() && std::all_of(items.begin(), items.end(), is_key);
      return good ? "" : "not a list of names with ; between them";
    }
    case CellKind::kChoice:
      return std::ranges::count(column.choices, text) > 0 ? "" : "not one of " + ChoicesOf(column);
    case CellKind::kInstant: {
      const auto time = ParseTime(text);
      const bool good = time && time->form == TimeForm::kInstant;
      return good ? "" : "not a time with its offset, such as 2024-01-31T09:24:39+07:00";
    }
    case CellKind::kDay:
      return ParseTime(text) ? "" : "not a date, such as 2024-01-31";
    case CellKind::kNumber: {
      const auto number = row.GetNumber(column.name);
      return number && *number <= kLargestNumber ? "" : "not a whole number from 0 to 10000000";
    }
    case CellKind::kShare:
      return row.GetMillionths(column.name)
                 ? ""
                 : "not a share above 0 and up to 1, such as 0.25, of up to six decimals";
    case CellKind::kBirth:
      return IsBirth(text) ? "" : "not a birth date: 2014, 2014-09 or 2014-09-30";
  }
  return "";
}

// Reports issues of one row and remembers whether there were any.
class RowReport {
 public:
  RowReport(const Row& row, Issues& issues) : row_(row), issues_(issues) {}

  void Add(IssueKind kind, std::string_view column, std::string reason) {
    const int index = row_.table->Find(column);
    const TextPosition at = index < 0 ? row_.at : row_.cells_at[static_cast<size_t>(index)];
    issues_.push_back({kind, row_.FileName(), at, std::string(column), std::move(reason)});
    good_ = false;
  }
  bool good() const { return good_; }

 private:
  const Row& row_;
  Issues& issues_;
  bool good_ = true;
};

void CheckCells(const Row& row, RowReport& report) {
  for (const Column& column : row.table->columns) {
    if (!row.Has(column.name)) {
      if (column.required) report.Add(IssueKind::kBadRow, column.name, "must not be empty");
      continue;
    }
    std::string complaint = Complaint(column, row);
    if (!complaint.empty()) report.Add(IssueKind::kBadRow, column.name, std::move(complaint));
  }
  for (const Needs& needs : row.table->needs) {
    if (!row.Has(needs.column) || row.Has(needs.needed)) continue;
    report.Add(IssueKind::kBadRow, needs.needed,
               fmt::format("must not be empty when there is {}", needs.column));
  }
  for (const TimeOrder& order : row.table->time_orders) {
    const auto earlier = row.GetTime(order.earlier);
    const auto later = row.GetTime(order.later);
    if (!earlier || !later || *earlier < *later) continue;
    if (*earlier == *later && !order.strictly) continue;
    report.Add(IssueKind::kBadRow, order.later,
               fmt::format("{} {}", order.strictly ? "not after" : "before", order.earlier));
  }
}

bool IsSoft(const Row& row, const Column& column) {
  return row.table->name == "contacts" && column.refers_to == "cases";
}

using Found = std::function<void(const Column&, const LoadedTable&, const Row*)>;

// Tells `found` of each row that `row` refers to, null for one that is not there. Files that are
// not part of the import are left out.
void ForEachReference(const Dataset& dataset, const Row& row, const Found& found) {
  for (const Column& column : row.table->columns) {
    if (column.refers_to.empty()) continue;
    const LoadedTable& other = dataset.Get(column.refers_to);
    if (!other.present) continue;
    for (const std::string& id : row.GetList(column.name)) found(column, other, other.FindById(id));
  }
}

void CheckReferencesExist(const Dataset& dataset, const Row& row, RowReport& report) {
  for (const Column& column : row.table->columns) {
    if (!column.needs_file || dataset.Get(column.refers_to).present) continue;
    report.Add(IssueKind::kBadRow, column.name,
               fmt::format("{}.csv must be imported together with this file", column.refers_to));
  }
  ForEachReference(dataset, row, [&](const Column& column, const LoadedTable&, const Row* other) {
    if (other != nullptr) return;
    report.Add(IssueKind::kBadRow, column.name,
               fmt::format("no readable row of {}.csv has this id", column.refers_to));
  });
}

void CheckReferencesGood(const Dataset& dataset, const Row& row, RowReport& report) {
  ForEachReference(dataset, row, [&](const Column& column, const LoadedTable&, const Row* other) {
    if (other == nullptr || other->good || IsSoft(row, column)) return;
    report.Add(
        IssueKind::kDependent, column.name,
        fmt::format("refers to {}:{}, which is not imported", other->FileName(), other->at.line));
  });
}

// The contact is imported; that its link is left out has to be said.
void ReportLostLinks(const Dataset& dataset, Issues& issues) {
  for (const Row& row : dataset.Get("contacts").rows) {
    if (!row.good || !row.Has("case_id") || HasGoodCase(dataset, row)) continue;
    RowReport(row, issues)
        .Add(IssueKind::kDependent, "case_id",
             "the contact is imported without its link: the case is not imported");
  }
}

}  // namespace

void Validate(Dataset& dataset, Issues& issues) {
  std::vector<LoadedTable*> tables;
  for (const Table& table : Tables()) tables.push_back(&dataset.GetMutable(table.name));
  tables.push_back(&dataset.corrections());
  for (LoadedTable* table : tables) {
    for (Row& row : table->rows) {
      if (!row.good) continue;
      RowReport report(row, issues);
      CheckCells(row, report);
      CheckReferencesExist(dataset, row, report);
      row.good = report.good();
    }
  }
  // In the order of the tables, what a row refers to is judged before the row itself.
  for (LoadedTable* table : tables) {
    for (Row& row : table->rows) {
      if (!row.good) continue;
      RowReport report(row, issues);
      CheckReferencesGood(dataset, row, report);
      row.good = report.good();
    }
  }
  ReportLostLinks(dataset, issues);
}

bool ValidateRow(const Dataset& dataset, const Row& row, Issues& issues) {
  RowReport report(row, issues);
  CheckCells(row, report);
  CheckReferencesExist(dataset, row, report);
  CheckReferencesGood(dataset, row, report);
  return report.good();
}

bool HasGoodCase(const Dataset& dataset, const Row& contact) {
  const LoadedTable& cases = dataset.Get("cases");
  if (!contact.Has("case_id")) return false;
  if (!cases.present) return true;
  const Row* row = cases.FindById(contact.Get("case_id"));
  return row != nullptr && row->good;
}

}  // namespace caseledger::cli
