// Tables for people: columns aligned by the width that text takes on a terminal.
#pragma once

#include <string>
#include <vector>

namespace caseledger::cli {

enum class Align { kLeft, kRight };

class TextTable {
 public:
  struct Heading {
    std::string text;
    Align align = Align::kLeft;
    size_t most_columns = 0;  // longer cells are cut; 0: never
  };

  explicit TextTable(std::vector<Heading> headings);

  // As many cells as there are headings.
  void AddRow(std::vector<std::string> cells);

  // Heading, rule, rows; no spaces at the ends of lines.
  std::string ToString() const;

 private:
  std::vector<Heading> headings_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace caseledger::cli
