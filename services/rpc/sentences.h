// What a case worker reads when a call fails for a reason that no rule of the domain gave.
#pragma once

#include <string_view>

namespace caseledger::rpc {

struct Sentences {
  std::string_view vi;
  std::string_view en;
};

// For reasons such as `LEDGER_UNKNOWN`; others get the sentence of `FAILED`.
Sentences SentencesOfReason(std::string_view reason);

}  // namespace caseledger::rpc
