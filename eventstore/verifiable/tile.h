// Tiles of a Merkle tree (c2sp.org/tlog-tiles): 256 hashes side by side, so that a tree is stored
// and served in pieces that never change once they are full.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace caseledger::eventstore {

inline constexpr uint64_t kTileWidth = 256;
inline constexpr unsigned kTileHeight = 8;  // 2^8 = 256
// Levels that a tree of 2^64 leaves can have.
inline constexpr unsigned kMaxTileLevels = 8;

// The hashes [index * 256, index * 256 + width) of the perfect subtrees with 256^level leaves.
struct TileId {
  unsigned level = 0;
  uint64_t index = 0;
  unsigned width = kTileWidth;  // 1 to 256; below 256 the tile is partial

  friend auto operator<=>(const TileId&, const TileId&) = default;
};

// A tile and its hashes, one after the other, 32 bytes each.
struct Tile {
  TileId id;
  std::string hashes;
};

// Number of perfect subtrees with 256^level leaves in a tree of `size` leaves.
uint64_t HashesAtLevel(uint64_t size, unsigned level);

// The tile with that index in a tree of `size` leaves; nullopt when the tree has no part of it.
std::optional<TileId> TileOfTree(uint64_t size, unsigned level, uint64_t index);

// `tile/<L>/<N>[.p/<W>]`.
std::string TilePath(const TileId& tile);
// `tile/entries/<N>[.p/<W>]`; the level is not used.
std::string EntryBundlePath(const TileId& tile);

// What a path names; nullopt for any other text. Numbers have one spelling.
struct TilePathParts {
  TileId tile;
  bool entries = false;
};
std::optional<TilePathParts> ParseTilePath(std::string_view path);

}  // namespace caseledger::eventstore
