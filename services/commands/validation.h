// Checks requests by the rules their fields carry (options.proto): every violation at once, never
// the value itself in the text, for values may be personal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "eventstore/base/clock.h"
#include "google/protobuf/message.h"

namespace caseledger::commands {

struct Violation {
  std::string field;        // path such as `fact.unit.code`
  std::string description;  // what is wrong and what would be right
};

// How far a client's clock may be ahead.
inline constexpr Micros kClockSkew = 120 * kMicrosPerSecond;

// All violations of `message`, depth first in field order. `path` is put before every field's path.
std::vector<Violation> Validate(const google::protobuf::Message& message, Micros now,
                                std::string_view path = "");

// `UNKNOWN_CODE:LIST` for every open code that this program does not know: kept, but worth a second
// look.
std::vector<std::string> UnknownCodes(const google::protobuf::Message& message);

// Whether the text is 1 to 64 of A-Z a-z 0-9 . _ - / :
bool IsKey(const std::string& text);

// At most so many violations are told in one answer: it must fit the metadata of a call.
inline constexpr size_t kMostViolations = 24;

// INVALID_ARGUMENT carrying the violations as a serialised google.rpc.BadRequest in payload
// kViolationsUrl.
absl::Status InvalidRequest(const std::vector<Violation>& violations);
inline constexpr char kViolationsUrl[] = "caseledger/violations";

}  // namespace caseledger::commands
