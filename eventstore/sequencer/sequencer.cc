#include "eventstore/sequencer/sequencer.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/engine/ledger_rules.h"
#include "eventstore/sequencer/ledger_log.h"
#include "eventstore/sequencer/reader.h"
#include "eventstore/sequencer/stored_tree.h"

namespace caseledger::eventstore {
namespace {

constexpr size_t kDigestKeyBytes = 32;

absl::StatusOr<storage::v1::LedgerInfo> FindLedger(const Engine& engine, std::string_view ledger) {
  ASSIGN_OR_RETURN(std::vector<storage::v1::LedgerInfo> infos, engine.ListLedgers());
  for (storage::v1::LedgerInfo& info : infos) {
    if (info.ledger() == ledger) return std::move(info);
  }
  return absl::NotFoundError(StrCat("no ledger ", ledger));
}

// Refuses what this program would misread, or must not serve.
absl::Status CheckKnown(const storage::v1::LedgerInfo& info) {
  RETURN_IF_ERROR(CheckUnderstood(info));
  RETURN_IF_ERROR(CheckServable(info));
  if (!info.sealed()) {
    return absl::FailedPreconditionError(StrCat(
        "LEDGER_UNSEALED: the ledger ", info.ledger(),
        " was made by an older program, which stored names and notes in the clear; it is not "
        "opened any more. Start with a new data directory and import the records again; then "
        "destroy the old directory and its backups"));
  }
  if (info.request_digest_key().size() != kDigestKeyBytes) {
    return absl::DataLossError(StrCat("the digest key of ledger ", info.ledger(), " is damaged"));
  }
  return absl::OkStatus();
}

// The head must be what the newest record says.
absl::Status CheckHead(const LedgerReader& reader, const LedgerHead& head) {
  if (head.next_position == 0) return absl::OkStatus();
  ASSIGN_OR_RETURN(const RecordedEvent last, reader.ReadOne(head.next_position - 1));
  if (last.recorded_at != head.last_recorded_at || last.leaf_hash != head.last_leaf_hash) {
    return absl::DataLossError("the ledger's head and its newest record disagree");
  }
  return absl::OkStatus();
}

const FactUpgrades& NoUpgrades() {
  static const FactUpgrades& none = *new FactUpgrades;
  return none;
}

}  // namespace

absl::StatusOr<std::unique_ptr<EventLog>> OpenLog(Engine& engine, std::string_view ledger,
                                                  const SequencerOptions& options) {
  if (options.clock == nullptr || options.sealer == nullptr) {
    return absl::InvalidArgumentError("a log needs a clock and a sealer");
  }
  ASSIGN_OR_RETURN(const storage::v1::LedgerInfo info, FindLedger(engine, ledger));
  RETURN_IF_ERROR(CheckKnown(info));
  BatchContext context;
  context.ledger = info.ledger();
  context.digest_key = info.request_digest_key();
  context.limits = options.limits;
  context.upgrades = options.upgrades != nullptr ? options.upgrades : &NoUpgrades();
  ASSIGN_OR_RETURN(const LedgerHead head, engine.LoadHead(ledger));
  RETURN_IF_ERROR(CheckHead(LedgerReader(engine, ledger, options.limits, *context.upgrades), head));
  context.keep_tree = options.keep_tree;
  context.sealer = options.sealer;
  context.shared = options.shared;
  context.look = options.look;
  TreeEdge tree;
  if (options.keep_tree) {
    ASSIGN_OR_RETURN(tree, TreeReader(head.next_position, StoredTiles(engine, ledger)).Edge());
  }
  auto log = std::make_unique<LedgerLog>(engine, std::move(context), head, std::move(tree),
                                         *options.clock);
  RETURN_IF_ERROR(options.sealer->Begin(ledger, *log));
  return log;
}

}  // namespace caseledger::eventstore
