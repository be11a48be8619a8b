#include "eventstore/audit/log_rules.h"

#include "eventstore/base/big_endian.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/codec/marks.h"
#include "eventstore/verifiable/tile.h"

namespace caseledger::eventstore {

std::string_view RowMaker::Index(const StreamId& stream, uint64_t revision, uint64_t position) {
  row_.clear();
  AppendBigEndian(row_, stream.kind);
  row_.append(stream.id.raw());
  AppendBigEndian(row_, revision);
  AppendBigEndian(row_, position);
  return row_;
}

std::string_view RowMaker::Request(std::string_view mark_key, uint64_t first_position,
                                   uint64_t event_count) {
  row_.assign(mark_key);
  AppendBigEndian(row_, first_position);
  AppendBigEndian(row_, event_count);
  return row_;
}

absl::Status LogRules::At(std::string_view what) {
  trouble_at_ = next_position_;
  return Broken(ledger_, StrCat("at position ", next_position_, " ", what));
}

absl::Status LogRules::Take(const RecordedEvent& event) {
  if (event.position != next_position_) return At("there is a hole in the positions");
  StreamHead& head = streams_[event.stream];
  if (event.revision != head.revision + 1) {
    return At(StrCat("there is revision ", event.revision, " of ", StreamText(event.stream),
                     ", whose events before it end at ", head.revision,
                     ": an event was removed, moved or slipped in"));
  }
  if (event.previous_leaf_hash != head.leaf_hash) {
    return At(StrCat("the event does not name the leaf hash of the one before it in ",
                     StreamText(event.stream), ": one of the two was changed"));
  }
  if (event.recorded_at < last_recorded_at_) return At("recorded time goes down");
  head = {event.revision, event.position, event.leaf_hash};
  last_recorded_at_ = event.recorded_at;
  last_leaf_hash_ = event.leaf_hash;
  expected_.index.Add(rows_.Index(event.stream, event.revision, event.position));
  RETURN_IF_ERROR(TakeRun(runs_.Add(event)));
  RETURN_IF_ERROR(CheckTilesFilledBy(event.leaf_hash));
  ++next_position_;
  return CheckSignedRoots();
}

absl::Status LogRules::TakeRun(const std::optional<RequestRun>& run) {
  if (!run) return absl::OkStatus();
  const absl::StatusOr<std::string> key = MarkKeys::Request(run->agency, run->request_id);
  if (!key.ok()) return At("stands an event of an agency whose name is too long");
  expected_.requests.Add(rows_.Request(*key, run->first_position, run->event_count));
  ++requests_;
  return absl::OkStatus();
}

absl::Status LogRules::CheckTilesFilledBy(const Hash256& leaf) {
  full_.clear();
  tree_.Append(leaf, full_);
  for (const Tile& tile : full_) {
    ASSIGN_OR_RETURN(const std::optional<std::string> stored,
                     engine_.FindTile(ledger_, tile.id.level, tile.id.index));
    if (!stored) return Broken(ledger_, StrCat(TilePath(tile.id), " is missing"));
    if (*stored != tile.hashes) {
      return Broken(ledger_, StrCat(TilePath(tile.id), " is not that of the events"));
    }
    ++tiles_;
  }
  return absl::OkStatus();
}

absl::Status LogRules::CheckSignedRoots() {
  for (; !roots_.empty() && roots_.front().size == next_position_; roots_ = roots_.subspan(1)) {
    if (roots_.front().root != tree_.Root()) {
      return Broken(
          ledger_,
          StrCat("its first ", next_position_, " events are not those that were signed (",
                 roots_.front().where,
                 "): some were changed, removed, swapped or slipped in, and what is stored "
                 "with them was made to fit; or this is another copy of the ledger that went "
                 "on by itself"));
    }
    ++roots_met_;
  }
  return absl::OkStatus();
}

absl::Status LogRules::CheckNoOtherTiles() const {
  absl::Status found;
  RETURN_IF_ERROR(engine_.VisitTiles(ledger_, [&](unsigned level, uint64_t index,
                                                  std::string_view /*hashes*/) {
    if (level < kMaxTileLevels && index < HashesAtLevel(next_position_, level) / kTileWidth) {
      return true;
    }
    found = Broken(ledger_, StrCat("there is a tile of the tree, level ", level, " and number ",
                                   index, ", that its ", next_position_, " events do not fill"));
    return false;
  }));
  return found;
}

absl::Status LogRules::Finish(const LedgerHead& head) {
  if (head.next_position != next_position_ || head.last_leaf_hash != last_leaf_hash_ ||
      head.last_recorded_at != last_recorded_at_) {
    return Broken(ledger_, "its head is not its last event");
  }
  RETURN_IF_ERROR(TakeRun(runs_.Finish()));
  RETURN_IF_ERROR(CheckSignedRoots());  // of no events at all; the others were met
  return CheckNoOtherTiles();
}

void LogRules::CountInto(LedgerAudit& audit) const {
  audit.events = next_position_;
  audit.streams = streams_.size();
  audit.tiles = tiles_;
  audit.roots = roots_met_;
}

}  // namespace caseledger::eventstore
