#include "eventstore/backup/ledger_check.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "eventstore/audit/ledger_audit.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"

namespace caseledger::eventstore {
namespace {

absl::Status Broken(std::string_view ledger, std::string_view what) {
  return absl::DataLossError(StrCat("ledger ", ledger, ": ", what));
}

absl::Status CheckLedger(const Engine& engine, const BackupLedger& ledger, uint64_t read_before,
                         RandomSource& random, absl::FunctionRef<bool(uint64_t events)> read) {
  LedgerAuditOptions options;
  options.ledger = ledger.ledger;
  options.random = &random;
  options.on_progress = [&](const AuditProgress& progress) {
    const bool reading = progress.phase == AuditProgress::Phase::kEvents;
    return read(read_before + (reading ? progress.done : ledger.head.next_position));
  };
  return AuditLedger(engine, options).status;
}

}  // namespace

absl::StatusOr<std::vector<BackupLedger>> LedgersOf(const Engine& engine) {
  ASSIGN_OR_RETURN(const std::vector<storage::v1::LedgerInfo> infos, engine.ListLedgers());
  std::vector<BackupLedger> ledgers;
  for (const storage::v1::LedgerInfo& info : infos) {
    BackupLedger ledger;
    ledger.ledger = info.ledger();
    ledger.format_version = info.format_version();
    ledger.created_at = info.created_at_us();
    ASSIGN_OR_RETURN(ledger.head, engine.LoadHead(info.ledger()));
    ledgers.push_back(std::move(ledger));
  }
  std::sort(ledgers.begin(), ledgers.end(),
            [](const auto& a, const auto& b) { return a.ledger < b.ledger; });
  return ledgers;
}

absl::Status CheckHeads(const Engine& engine, const BackupManifest& manifest) {
  ASSIGN_OR_RETURN(const std::vector<BackupLedger> found, LedgersOf(engine));
  const auto name_of = [](const std::vector<BackupLedger>& ledgers, size_t i) {
    return i < ledgers.size() ? ledgers[i].ledger : "(none)";
  };
  for (size_t i = 0; i < std::max(found.size(), manifest.ledgers.size()); ++i) {
    if (name_of(found, i) != name_of(manifest.ledgers, i)) {
      return absl::DataLossError(StrCat("the manifest names ledger ", name_of(manifest.ledgers, i),
                                        ", the copy holds ", name_of(found, i)));
    }
    if (found[i] == manifest.ledgers[i]) continue;
    return Broken(found[i].ledger,
                  StrCat("the manifest names ", manifest.ledgers[i].head.next_position,
                         " events, the copy holds ", found[i].head.next_position,
                         ", or their last leaf hashes differ"));
  }
  return absl::OkStatus();
}

absl::Status CheckLedgers(const Engine& engine, const BackupManifest& manifest,
                          RandomSource& random, absl::FunctionRef<bool(uint64_t events)> read) {
  RETURN_IF_ERROR(CheckHeads(engine, manifest));
  uint64_t read_before = 0;
  for (const BackupLedger& ledger : manifest.ledgers) {
    RETURN_IF_ERROR(CheckLedger(engine, ledger, read_before, random, read));
    read_before += ledger.head.next_position;
  }
  return absl::OkStatus();
}

}  // namespace caseledger::eventstore
