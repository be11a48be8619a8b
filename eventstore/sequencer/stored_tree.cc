#include "eventstore/sequencer/stored_tree.h"

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"

namespace caseledger::eventstore {
namespace {

// What engines and views have in common.
struct Store {
  std::function<absl::StatusOr<std::optional<std::string>>(unsigned level, uint64_t index)> tile;
  std::function<absl::Status(uint64_t from, uint64_t end,
                             absl::FunctionRef<bool(const StoredEvent&)> visit)>
      events;
};

absl::StatusOr<std::vector<Hash256>> ReadFullTile(const Store& store, const TileId& id) {
  const TileId full{id.level, id.index, kTileWidth};
  ASSIGN_OR_RETURN(const std::optional<std::string> bytes, store.tile(id.level, id.index));
  if (!bytes) return absl::DataLossError(StrCat(TilePath(full), " of the tree is missing"));
  absl::StatusOr<std::vector<Hash256>> hashes = HashesOfTile(full, *bytes);
  if (!hashes.ok()) return absl::DataLossError(hashes.status().message());
  return hashes;
}

absl::StatusOr<std::vector<Hash256>> ReadLeaves(const Store& store, const TileId& id) {
  std::vector<Hash256> leaves;
  leaves.reserve(id.width);
  const uint64_t first = id.index * kTileWidth;
  RETURN_IF_ERROR(store.events(first, first + id.width, [&leaves](const StoredEvent& event) {
    leaves.push_back(event.leaf_hash);
    return true;
  }));
  return leaves;
}

absl::StatusOr<std::vector<Hash256>> Read(const Store& store, const TileId& id) {
  if (id.width == kTileWidth) return ReadFullTile(store, id);
  if (id.level == 0) return ReadLeaves(store, id);
  std::vector<Hash256> hashes;
  hashes.reserve(id.width);
  for (uint64_t below = id.index * kTileWidth; hashes.size() < id.width; ++below) {
    ASSIGN_OR_RETURN(const std::vector<Hash256> tile,
                     ReadFullTile(store, {id.level - 1, below, kTileWidth}));
    hashes.push_back(PerfectRoot(tile));
  }
  return hashes;
}

ReadTile TilesOf(Store store) {
  return [store = std::move(store)](const TileId& id) { return Read(store, id); };
}

}  // namespace

ReadTile StoredTiles(const Engine& engine, std::string_view ledger) {
  const std::string name(ledger);
  return TilesOf({[&engine, name](unsigned level, uint64_t index) {
                    return engine.FindTile(name, level, index);
                  },
                  [&engine, name](uint64_t from, uint64_t end,
                                  absl::FunctionRef<bool(const StoredEvent&)> visit) {
                    return engine.Read(name, from, end, visit);
                  }});
}

ReadTile StoredTiles(HeadView& view) {
  return TilesOf(
      {[&view](unsigned level, uint64_t index) { return view.FindTile(level, index); },
       [&view](uint64_t from, uint64_t end, absl::FunctionRef<bool(const StoredEvent&)> visit) {
         return view.Read(from, end, visit);
       }});
}

absl::StatusOr<std::shared_ptr<const TreeEdge>> ExtendTree(HeadView& view, const TreeEdge* before,
                                                           EngineBatch& batch) {
  std::shared_ptr<TreeEdge> edge;
  const uint64_t size = view.head().next_position;
  if (before != nullptr && before->size() == size) {
    edge = std::make_shared<TreeEdge>(*before);
  } else {
    ASSIGN_OR_RETURN(TreeEdge stored, TreeReader(size, StoredTiles(view)).Edge());
    edge = std::make_shared<TreeEdge>(std::move(stored));
  }
  for (const StoredEvent& event : batch.events) edge->Append(event.leaf_hash, batch.tiles);
  return edge;
}

}  // namespace caseledger::eventstore
