// The lines of a rules text: comments taken off, lines that go on joined to the one before, words
// told apart.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace caseledger::access {

struct Token {
  std::string text;   // a word, `,` or `=`
  uint32_t line = 0;  // from 1
};

// A line and the indented ones after it.
struct Statement {
  uint32_t line = 0;
  std::vector<Token> tokens;  // at least one

  // The words with single spaces between them.
  std::string Text() const;
};

// Statements in order. An indented line before the first one begins a statement as well.
std::vector<Statement> SplitStatements(std::string_view text);

}  // namespace caseledger::access
