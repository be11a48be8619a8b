// The rows of all files of one import.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "services/app/cli/import/issue.h"
#include "services/app/cli/import/schema.h"

namespace caseledger::cli {

// One row. The cells stand in the order of the table's columns, in normal form C.
class Row {
 public:
  Row(const Table* of_table, TextPosition begins_at) : table(of_table), at(begins_at) {}

  const Table* table;
  TextPosition at;
  std::vector<std::string> cells;
  std::vector<TextPosition> cells_at;
  std::string key;   // or "" when the row has none
  bool good = true;  // nothing is wrong with it or with what it refers to

  std::string FileName() const;
  // The cell; "" for a column the table does not have.
  const std::string& Get(std::string_view column) const;
  bool Has(std::string_view column) const { return !Get(column).empty(); }
  // The items of a cell with `;` between them.
  std::vector<std::string> GetList(std::string_view column) const;
  // The time in the cell; nullopt when it is empty or wrong.
  std::optional<Micros> GetTime(std::string_view column) const;
  // The share in the cell, in millionths; nullopt when it is empty or wrong.
  std::optional<uint32_t> GetMillionths(std::string_view column) const;
  // The number in the cell; nullopt when it is empty or wrong.
  std::optional<uint32_t> GetNumber(std::string_view column) const;
};

// The rows of one file, good and bad ones.
struct LoadedTable {
  const Table* table = nullptr;
  bool present = false;  // whether the file exists
  size_t row_count = 0;  // rows in the file, also those that are no rows at all
  std::vector<Row> rows;
  std::map<std::string, size_t, std::less<>> by_key;  // the first row of each key
  std::map<std::string, size_t, std::less<>> by_id;   // by the first column, which others refer to

  const Row* FindByKey(std::string_view key) const;
  const Row* FindById(std::string_view id) const;
};

// At most 512 MiB; errors as ReadFile.
absl::StatusOr<std::string> ReadWholeFile(const std::string& name);

class Dataset {
 public:
  // Reads what there is of the files in `directory` and reports wrong rows.
  //
  // NOT_FOUND           no such directory, or none of the files is in it
  // INVALID_ARGUMENT    a file lacks a column, or is too large
  static absl::StatusOr<Dataset> Load(const std::string& directory, Issues& issues);

  const LoadedTable& Get(std::string_view table) const;
  LoadedTable& GetMutable(std::string_view table);
  const LoadedTable& corrections() const { return Get("corrections"); }
  LoadedTable& corrections() { return GetMutable("corrections"); }

  // Adds one file's content.
  absl::Status Add(const Table& table, std::string_view content, Issues& issues);

 private:
  std::map<std::string, LoadedTable, std::less<>> tables_;
};

}  // namespace caseledger::cli
