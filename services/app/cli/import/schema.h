// The CSV files of a centre: their columns, keys and the rules their rows keep.
#pragma once

#include <string_view>
#include <vector>

namespace caseledger::cli {

enum class CellKind {
  kId,          // 1 to 64 of `A-Z a-z 0-9 . _ - / :`
  kText,        // anything
  kCode,        // of an open list: unknown ones go through, the server flags them
  kCodes,       // several codes, separated by `;`
  kChoice,      // of a closed list
  kInstant,     // RFC 3339 with an offset
  kDay,         // `2024-01-31`, or an instant
  kNumber,      // 0 to 10,000,000
  kShare,       // `1`, `0.25`: above 0, at most 1, up to six decimals
  kBirth,       // `2014`, `2014-09` or `2014-09-30`
  kReference,   // the id of a row of another file
  kReferences,  // several of them, separated by `;`
};

struct Column {
  std::string_view name;
  CellKind kind = CellKind::kText;
  bool required = false;
  std::string_view refers_to = {};             // kReference(s): the other table
  std::vector<std::string_view> choices = {};  // kChoice
  bool needs_file = false;  // kReference: the row means nothing without the other file
};

// `later` may not lie before `earlier`; not at the same time either when `strictly`.
struct TimeOrder {
  std::string_view earlier;
  std::string_view later;
  bool strictly = false;
};

// A row that has `column` must have `needed`.
struct Needs {
  std::string_view column;
  std::string_view needed;
};

struct Table {
  std::string_view name;  // the file is NAME.csv
  std::vector<Column> columns;
  std::vector<std::string_view> key;  // the columns that name a row, joined with `/`
  std::vector<TimeOrder> time_orders = {};
  std::vector<Needs> needs = {};

  // Index of the column, or -1.
  int Find(std::string_view column) const;
};

// All tables but the corrections, those referred to first. A contact may name its case all the
// same.
const std::vector<Table>& Tables();
const Table& CorrectionsTable();
// The table of this name, or null.
const Table* FindTable(std::string_view name);

}  // namespace caseledger::cli
