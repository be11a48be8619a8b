#include "tests/integration/monitoring/promql_tokens.h"

#include <array>
#include <cctype>
#include <regex>

namespace caseledger::testing {
namespace {

using Kind = Token::Kind;

struct Pattern {
  Kind kind;
  std::regex regex;
};

// The first that matches at a place is taken, so durations stand before numbers.
const std::array<Pattern, 5>& Patterns() {
  static const auto& patterns = *new std::array<Pattern, 5>{{
      {Kind::kDuration, std::regex(R"((\d+(ms|[smhdwy]))+\b|\$\{?\w+\}?)")},
      {Kind::kNumber, std::regex(R"((\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\b|(Inf|NaN)\b)")},
      {Kind::kName, std::regex(R"([a-zA-Z_][a-zA-Z0-9_:]*)")},
      {Kind::kString, std::regex(R"re("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')re")},
      {Kind::kSymbol, std::regex(R"(==|!=|>=|<=|=~|!~|[-+*/%^<>=(){}\[\],:@])")},
  }};
  return patterns;
}

}  // namespace

std::vector<Token> TokensOf(const std::string& query) {
  std::vector<Token> tokens;
  auto at = query.cbegin();
  while (at != query.cend()) {
    if (std::isspace(static_cast<unsigned char>(*at)) != 0) {
      ++at;
      continue;
    }
    std::smatch match;
    const Pattern* found = nullptr;
    for (const Pattern& pattern : Patterns()) {
      if (std::regex_search(at, query.cend(), match, pattern.regex,
                            std::regex_constants::match_continuous)) {
        found = &pattern;
        break;
      }
    }
    if (found == nullptr) {
      tokens.push_back({Kind::kError, "not understood: " + std::string(at, query.cend())});
      return tokens;
    }
    std::string text = match.str();
    at += match.length();
    if (found->kind == Kind::kString) text = text.substr(1, text.size() - 2);
    tokens.push_back({found->kind, std::move(text)});
  }
  tokens.push_back({Kind::kEnd, "the end"});
  return tokens;
}

}  // namespace caseledger::testing
