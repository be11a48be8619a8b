// The rows of a list as columns of a table that leaves the system.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "services/app/cli/print/sheet.h"

namespace caseledger::cli {

// What a field of a row is called, in the language asked for: `opened_time` is "Mở lúc" or
// "Opened time".
std::string ColumnTitle(std::string_view field_name, bool vietnamese);

// A mark, or nothing.
SheetCell YesCell(bool yes, bool vietnamese);

// Columns by what each is called.
class NamedColumns {
 public:
  NamedColumns(std::initializer_list<std::string_view> names, bool vietnamese) {
    for (const std::string_view name : names) titles_.push_back(ColumnTitle(name, vietnamese));
  }
  const std::vector<std::string>& Titles() const { return titles_; }

 private:
  std::vector<std::string> titles_;
};

// A column for each field of a kind of row, in order: text, numbers and times as they are, enums by
// their names, lists of text with commas between, messages as the text of their fields. Of labels
// in two languages the other one is left out.
class RowColumns {
 public:
  RowColumns(const google::protobuf::Descriptor& row, bool vietnamese);

  std::vector<std::string> Titles() const;
  // Of a row of that kind.
  std::vector<SheetCell> CellsOf(const google::protobuf::Message& row) const;

 private:
  std::vector<const google::protobuf::FieldDescriptor*> fields_;
  const bool vietnamese_;
};

}  // namespace caseledger::cli
