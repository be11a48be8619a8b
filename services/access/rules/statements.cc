#include "services/access/rules/statements.h"

namespace caseledger::access {
namespace {

constexpr std::string_view kBlank = " \t\r";

bool IsMark(char c) { return c == ',' || c == '='; }

void AddTokens(std::string_view line, uint32_t number, std::vector<Token>& tokens) {
  size_t at = 0;
  while ((at = line.find_first_not_of(kBlank, at)) != std::string_view::npos) {
    size_t end = at + 1;
    if (!IsMark(line[at])) {
      end = line.find_first_of(" \t\r,=", at);
      if (end == std::string_view::npos) end = line.size();
    }
    tokens.push_back({std::string(line.substr(at, end - at)), number});
    at = end;
  }
}

}  // namespace

std::string Statement::Text() const {
  std::string text;
  for (const Token& token : tokens) {
    if (!text.empty() && token.text != ",") text += ' ';
    text += token.text;
  }
  return text;
}

std::vector<Statement> SplitStatements(std::string_view text) {
  std::vector<Statement> statements;
  uint32_t number = 0;
  while (!text.empty()) {
    ++number;
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    line = line.substr(0, line.find('#'));
    if (line.find_first_not_of(kBlank) == std::string_view::npos) continue;
    const bool goes_on = kBlank.find(line.front()) != std::string_view::npos;
    if (!goes_on || statements.empty()) statements.push_back({number, {}});
    AddTokens(line, number, statements.back().tokens);
  }
  return statements;
}

}  // namespace caseledger::access
