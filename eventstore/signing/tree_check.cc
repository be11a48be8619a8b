#include "eventstore/signing/tree_check.h"

#include <optional>
#include <string>
#include <vector>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/codec/record.h"
#include "eventstore/sequencer/stored_tree.h"

namespace caseledger::eventstore {
namespace {

absl::Status Lost(std::string_view ledger, std::string_view what) {
  return absl::DataLossError(StrCat("ledger ", ledger, ": ", what));
}

absl::Status CheckTiles(const Engine& engine, std::string_view ledger,
                        const std::vector<Tile>& tiles) {
  for (const Tile& tile : tiles) {
    ASSIGN_OR_RETURN(const std::optional<std::string> stored,
                     engine.FindTile(ledger, tile.id.level, tile.id.index));
    if (stored != tile.hashes) {
      return Lost(ledger,
                  StrCat(TilePath(tile.id), " is ", stored ? "not that of the events" : "missing",
                         "; restore a backup"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckSigned(const Engine& engine, std::string_view ledger, uint64_t size,
                         const Checkpoint& checkpoint) {
  TreeReader tree(size, StoredTiles(engine, ledger));
  ASSIGN_OR_RETURN(const Hash256 root, tree.RootAt(checkpoint.size));
  if (root == checkpoint.root) return absl::OkStatus();
  return Lost(ledger, StrCat("its first ", checkpoint.size,
                             " events are not those of the checkpoint that was signed over them: "
                             "its history was changed, or it is another copy that went on by "
                             "itself. `caseledger log verify` finds where; restore the data "
                             "directory that signed"));
}

absl::Status CheckTreeFrom(const Engine& engine, std::string_view ledger, uint64_t from,
                           uint64_t size) {
  ASSIGN_OR_RETURN(TreeEdge edge, TreeReader(from, StoredTiles(engine, ledger)).Edge());
  std::vector<Tile> full;
  absl::Status status;
  const FactUpgrades no_upgrades;
  RETURN_IF_ERROR(engine.Read(ledger, from, size, [&](const StoredEvent& stored) {
    // Checks the record against its leaf hash and place.
    status = DecodeEvent(ledger, stored, no_upgrades).status();
    if (!status.ok()) return false;
    full.clear();
    edge.Append(stored.leaf_hash, full);
    status = CheckTiles(engine, ledger, full);
    return status.ok();
  }));
  RETURN_IF_ERROR(status);
  ASSIGN_OR_RETURN(const TreeEdge stored, TreeReader(size, StoredTiles(engine, ledger)).Edge());
  if (stored.Root() != edge.Root()) return Lost(ledger, "its tiles are not those of its events");
  return absl::OkStatus();
}

}  // namespace caseledger::eventstore
