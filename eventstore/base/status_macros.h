// Early return on a bad status. Abseil 20220623 has none.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define CASELEDGER_CONCAT_INNER(a, b) a##b
#define CASELEDGER_CONCAT(a, b) CASELEDGER_CONCAT_INNER(a, b)

// Returns the status of `expression` from the current function unless it is OK.
#define RETURN_IF_ERROR(expression)                                                     \
  do {                                                                                  \
    if (absl::Status status_of_expression = (expression); !status_of_expression.ok()) { \
      return status_of_expression;                                                      \
    }                                                                                   \
  } while (false)

#define CASELEDGER_ASSIGN_OR_RETURN(result, target, expression) \
  auto result = (expression);                                   \
  if (!result.ok()) {                                           \
    return std::move(result).status();                          \
  }                                                             \
  target = std::move(result).value()

// `ASSIGN_OR_RETURN(auto head, log.Head())`: the value, or return the status.
#define ASSIGN_OR_RETURN(target, expression) \
  CASELEDGER_ASSIGN_OR_RETURN(CASELEDGER_CONCAT(status_or_, __COUNTER__), target, expression)
