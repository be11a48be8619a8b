#include "eventstore/engine/ledger_rules.h"

#include <string_view>

#include "eventstore/base/status_macros.h"
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
  for (const std::string& feature : info.incompatible_features()) {
    if (feature == kFeatureArriving || feature == kFeatureMoved) continue;
    return absl::FailedPreconditionError(StrCat("ledger ", info.ledger(), " needs the feature ",
                                                feature, ", which this program does not know. ",
                                                kAdvice));
  }
  return absl::OkStatus();
}

absl::Status CheckNotMoved(const storage::v1::LedgerInfo& info) {
  if (!info.has_moved()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      StrCat("LEDGER_MOVED: ledger ", info.ledger(), " was moved with its ", info.moved().size(),
             " events, and goes on in ", info.moved().place(),
             ": use it there. Here nothing is written to it any more"));
}

absl::Status CheckServable(const storage::v1::LedgerInfo& info) {
  RETURN_IF_ERROR(CheckNotMoved(info));
  return CheckArrived(info);
}

absl::Status CheckArrived(const storage::v1::LedgerInfo& info) {
  if (!info.has_arriving()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      StrCat("LEDGER_ARRIVING: ledger ", info.ledger(),
             " is not copied here to its end: run 'caseledger ledger copy' again, it goes on where "
             "it was"));
}

absl::Status CheckArriving(const storage::v1::LedgerInfo& info) {
  if (info.has_arriving()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      StrCat("ledger ", info.ledger(), " is not being copied here"));
}

absl::Status CheckMayReplace(const storage::v1::LedgerInfo& info,
                             const storage::v1::LedgerInfo& next) {
  if (info.ledger() != next.ledger() || info.format_version() != next.format_version()) {
    return absl::InvalidArgumentError("another ledger's info");
  }
  if (info.has_moved() && info.SerializeAsString() == next.SerializeAsString()) {
    return absl::OkStatus();
  }
  return CheckNotMoved(info);
}

absl::Status CheckCreatable(const storage::v1::LedgerInfo& info) {
  if (info.ledger().empty() || info.ledger().size() > kMaxLedgerNameBytes) {
    return absl::InvalidArgumentError(
        StrCat("a ledger's name has 1 to ", kMaxLedgerNameBytes, " bytes"));
  }
  return CheckUnderstood(info);
}

}  // namespace caseledger::eventstore
