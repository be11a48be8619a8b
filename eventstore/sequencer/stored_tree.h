// The Merkle tree of a ledger as an engine keeps it: full tiles, and the leaf hashes beside the
// events.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/engine/engine.h"
#include "eventstore/verifiable/tree_edge.h"
#include "eventstore/verifiable/tree_reader.h"

namespace caseledger::eventstore {

// Reads any tile of the tree: full ones as stored, partial ones made of the leaf hashes or of the
// full tiles below. Engine or view must outlive it. DATA_LOSS when a tile is missing or damaged, or
// an event is missing.
ReadTile StoredTiles(const Engine& engine, std::string_view ledger);
ReadTile StoredTiles(HeadView& view);

// The tree after `batch`, to which the tiles that it fills are added. `before` may be null or of
// another size; it is read from the view then.
absl::StatusOr<std::shared_ptr<const TreeEdge>> ExtendTree(HeadView& view, const TreeEdge* before,
                                                           EngineBatch& batch);

}  // namespace caseledger::eventstore
