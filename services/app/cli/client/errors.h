// Errors of the server in words.
#pragma once

#include <grpcpp/grpcpp.h>

#include <string>

#include "absl/status/status.h"
#include "google/rpc/status.pb.h"

namespace caseledger::cli {

// What an error says, taken from its details.
struct ErrorText {
  std::string reason;    // `CASE_ALREADY_CLOSED`, or ""
  std::string sentence;  // in the language asked for
  std::string extra;     // wrong fields and what else the server says, or ""

  // One line: sentence, what else there is, and the reason in brackets.
  std::string ToLine() const;
};

ErrorText Explain(const google::rpc::Status& status, bool vietnamese);

// The status of a call with its details, also when the server sent none.
google::rpc::Status DetailsOf(const grpc::Status& status);

// A failed call as a status whose message is one line: what is wrong, and what to do next.
absl::Status ToAbslStatus(const grpc::Status& status, const std::string& server, bool vietnamese);

}  // namespace caseledger::cli
