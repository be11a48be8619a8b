// The words of a PromQL query.
#pragma once

#include <string>
#include <vector>

namespace caseledger::testing {

struct Token {
  enum class Kind {
    kName,      // metric, recording rule, function, keyword, label
    kNumber,    // 0.99, 1e3, Inf, NaN
    kDuration,  // 5m, 1h30m; and Grafana's variables, such as $__rate_interval
    kString,    // without its quotes
    kSymbol,    // operators and brackets
    kEnd,
    kError,  // the text says what
  };
  Kind kind = Kind::kEnd;
  std::string text;
};

// Ends with kEnd or kError.
std::vector<Token> TokensOf(const std::string& query);

}  // namespace caseledger::testing
