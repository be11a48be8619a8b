#include "services/app/cli/print/text_table.h"

#include <algorithm>
#include <utility>

#include "services/app/cli/text/utf8.h"

namespace caseledger::cli {
namespace {

std::string Padded(const std::string& text, size_t width, Align align) {
  const size_t used = DisplayWidth(text);
  const std::string spaces(width > used ? width - used : 0, ' ');
  return align == Align::kLeft ? text + spaces : spaces + text;
}

void EndLine(std::string& text) {
  while (!text.empty() && text.back() == ' ') text.pop_back();
  text += '\n';
}

}  // namespace

TextTable::TextTable(std::vector<Heading> headings) : headings_(std::move(headings)) {}

void TextTable::AddRow(std::vector<std::string> cells) {
  cells.resize(headings_.size());
  for (size_t i = 0; i < cells.size(); ++i) {
    std::ranges::replace(cells[i], '\n', ' ');
    if (headings_[i].most_columns > 0) cells[i] = FitToWidth(cells[i], headings_[i].most_columns);
  }
  rows_.push_back(std::move(cells));
}

std::string TextTable::ToString() const {
  std::vector<size_t> widths;
  for (const Heading& heading : headings_) widths.push_back(DisplayWidth(heading.text));
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], DisplayWidth(row[i]));
  }
  std::string text;
  std::string rule;
  for (size_t i = 0; i < headings_.size(); ++i) {
    const char* gap = i == 0 ? "" : "  ";
    text += gap + Padded(headings_[i].text, widths[i], headings_[i].align);
    rule += gap + std::string(widths[i], '-');
  }
  EndLine(text);
  text += rule + '\n';
  for (const auto& row : rows_) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      line += (i == 0 ? "" : "  ") + Padded(row[i], widths[i], headings_[i].align);
    }
    EndLine(line);
    text += line;
  }
  return text;
}

}  // namespace caseledger::cli
