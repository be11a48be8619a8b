#include "eventstore/engine/ledger_rules.h"

#include <string_view>

#include "eventstore/base/strings.h"
#include "eventstore/engine/engine.h"

namespace caseledger::eventstore {

absl::Status CheckUnderstood(const storage::v1::LedgerInfo& info) {
  constexpr std::string_view kAdvice = "Use the program version that wrote it, or a newer one";
  if (info.format_version() != kLedgerFormatVersion) {
    return absl::FailedPreconditionError(StrCat("ledger ", info.ledger(), " has format version ",
                                                info.format_version(), "; this program knows ",
                                                kLedgerFormatVersion, ". ", kAdvice));
  }
  if (!info.incompatible_features().empty()) {
    return absl::FailedPreconditionError(StrCat("ledger ", info.ledger(), " needs the feature ",
                                                info.incompatible_features(0),
                                                ", which this program does not know. ", kAdvice));
  }
  return absl::OkStatus();
}

absl::Status CheckCreatable(const storage::v1::LedgerInfo& info) {
  if (info.ledger().empty() || info.ledger().size() > kMaxLedgerNameBytes) {
    return absl::InvalidArgumentError(
        StrCat("a ledger's name has 1 to ", kMaxLedgerNameBytes, " bytes"));
  }
  return CheckUnderstood(info);
}

}  // namespace caseledger::eventstore
