#include "eventstore/engine/batch_check.h"

#include "absl/container/flat_hash_map.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"

namespace caseledger::eventstore {
namespace {

using Heads = absl::flat_hash_map<StreamId, StreamHead>;

absl::Status Wrong(uint64_t position, std::string_view what) {
  return absl::InternalError(
      StrCat("nothing was written: the batch does not continue the ledger at position ", position,
             ": ", what));
}

// Moves the stream's head to `event`, which must follow it.
absl::Status Advance(HeadView& view, const StoredEvent& event, Heads& heads) {
  auto [found, is_new] = heads.try_emplace(event.stream);
  if (is_new) {
    ASSIGN_OR_RETURN(found->second, view.FindStream(event.stream));
  }
  if (event.revision != found->second.revision + 1) return Wrong(event.position, "wrong revision");
  found->second = {event.revision, event.position, event.leaf_hash};
  return absl::OkStatus();
}

bool SameHead(const StreamHead& a, const StreamHead& b) {
  return a.revision == b.revision && a.position == b.position && a.leaf_hash == b.leaf_hash;
}

}  // namespace

absl::Status CheckContinues(HeadView& view, const EngineBatch& batch) {
  const LedgerHead& head = view.head();
  Heads heads;
  uint64_t position = head.next_position;
  for (const StoredEvent& event : batch.events) {
    if (event.position != position) return Wrong(position, "wrong position");
    RETURN_IF_ERROR(Advance(view, event, heads));
    ++position;
  }
  if (batch.streams.size() != heads.size()) return Wrong(position, "a stream head is missing");
  for (const auto& [stream, stream_head] : batch.streams) {
    const auto found = heads.find(stream);
    if (found == heads.end() || !SameHead(found->second, stream_head)) {
      return Wrong(position, "a stream head is wrong");
    }
  }
  for (const Tile& tile : batch.tiles) {
    if (tile.id.width != kTileWidth || tile.hashes.size() != kTileWidth * sizeof(Hash256::bytes)) {
      return Wrong(position, "a tile is not full");
    }
  }
  if (batch.head.next_position != position ||
      batch.head.last_leaf_hash != batch.events.back().leaf_hash ||
      batch.head.last_recorded_at < head.last_recorded_at) {
    return Wrong(position, "the ledger head is wrong");
  }
  return absl::OkStatus();
}

}  // namespace caseledger::eventstore
