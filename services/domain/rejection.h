// Why a command is refused: a machine-readable reason, a sentence for a case worker in Vietnamese
// and English, and what exactly it is about (keys and ids only, never personal data).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace caseledger::domain {

enum class Reason {
#define CASELEDGER_REASON(name, code, id, vi, en) name,
#include "services/domain/reasons/all.inc"
#undef CASELEDGER_REASON
};

struct ReasonText {
  Reason reason;
  absl::StatusCode code;
  std::string_view id;  // UPPER_SNAKE
  std::string_view vi;
  std::string_view en;
};

// Every reason, in declaration order.
const std::vector<ReasonText>& AllReasons();
const ReasonText& TextOf(Reason reason);

// A status of the reason's code whose message is `ID: English sentence [item]` and which carries
// the reason as payload. `item` says what exactly, such as the key of a referral; never personal
// data.
absl::Status Reject(Reason reason, std::string_view item = "");

// The reason a status made by Reject carries.
std::optional<Reason> ReasonOf(const absl::Status& status);
// The item it carries, or "".
std::string ItemOf(const absl::Status& status);

}  // namespace caseledger::domain
