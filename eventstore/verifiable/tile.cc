#include "eventstore/verifiable/tile.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "absl/strings/str_format.h"
#include "eventstore/base/strings.h"

namespace caseledger::eventstore {
namespace {

constexpr uint64_t kMaxTileIndex = uint64_t{1} << 56;  // 2^64 leaves have as many tiles

std::string IndexPath(const TileId& tile) {
  std::string path = absl::StrFormat("%03d", tile.index % 1000);
  for (uint64_t rest = tile.index / 1000; rest > 0; rest /= 1000) {
    path.insert(0, absl::StrFormat("x%03d/", rest % 1000));
  }
  if (tile.width < kTileWidth) path += StrCat(".p/", tile.width);
  return path;
}

// Digits only, no leading zero but in "0".
std::optional<unsigned> ReadNumber(std::string_view text, unsigned most) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > most) return std::nullopt;
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  return value;
}

std::optional<unsigned> ReadThreeDigits(std::string_view text) {
  if (text.size() != 3 ||
      !std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    return std::nullopt;
  }
  return static_cast<unsigned>((text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0'));
}

std::vector<std::string_view> Split(std::string_view path) {
  std::vector<std::string_view> parts;
  for (size_t at = 0; at <= path.size();) {
    const size_t slash = std::min(path.find('/', at), path.size());
    parts.push_back(path.substr(at, slash - at));
    at = slash + 1;
  }
  return parts;
}

// Reads `<N>[.p/<W>]` from parts[at] on.
bool ReadIndex(const std::vector<std::string_view>& parts, size_t at, TileId& tile) {
  size_t end = parts.size();
  if (end - at >= 2 && parts[end - 2].ends_with(".p")) {
    const std::optional<unsigned> width = ReadNumber(parts[end - 1], kTileWidth - 1);
    if (!width || *width == 0) return false;
    tile.width = *width;
    --end;
  }
  const bool partial = end < parts.size();
  for (size_t i = at; i < end; ++i) {
    std::string_view part = parts[i];
    const bool last = i + 1 == end;
    if (last && partial) part.remove_suffix(2);
    if (!last && !part.starts_with('x')) return false;
    if (!last) part.remove_prefix(1);
    const std::optional<unsigned> digits = ReadThreeDigits(part);
    if (!digits || (i == at && !last && *digits == 0)) return false;
    tile.index = tile.index * 1000 + *digits;
    if (tile.index >= kMaxTileIndex) return false;
  }
  return true;
}

}  // namespace

uint64_t HashesAtLevel(uint64_t size, unsigned level) {
  return level >= kMaxTileLevels ? 0 : size >> (kTileHeight * level);
}

std::optional<TileId> TileOfTree(uint64_t size, unsigned level, uint64_t index) {
  const uint64_t hashes = HashesAtLevel(size, level);
  if (index >= kMaxTileIndex || index * kTileWidth >= hashes) return std::nullopt;
  const uint64_t width = std::min(kTileWidth, hashes - index * kTileWidth);
  return TileId{level, index, static_cast<unsigned>(width)};
}

std::string TilePath(const TileId& tile) {
  return StrCat("tile/", tile.level, "/", IndexPath(tile));
}

std::string EntryBundlePath(const TileId& tile) { return "tile/entries/" + IndexPath(tile); }

std::optional<TilePathParts> ParseTilePath(std::string_view path) {
  const std::vector<std::string_view> parts = Split(path);
  if (parts.size() < 3 || parts.size() > 11 || parts[0] != "tile") return std::nullopt;
  TilePathParts found;
  found.entries = parts[1] == "entries";
  if (!found.entries) {
    const std::optional<unsigned> level = ReadNumber(parts[1], kMaxTileLevels - 1);
    if (!level) return std::nullopt;
    found.tile.level = *level;
  }
  if (!ReadIndex(parts, 2, found.tile)) return std::nullopt;
  return found;
}

}  // namespace caseledger::eventstore
