#include "eventstore/backup/ledger_check.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/codec/record.h"
#include "eventstore/verifiable/tree_edge.h"

namespace caseledger::eventstore {
namespace {

constexpr uint64_t kEventsPerReport = 4096;

absl::Status Broken(std::string_view ledger, std::string_view what) {
  return absl::DataLossError(StrCat("ledger ", ledger, ": ", what));
}

// One ledger on its way from the first event to the last.
class LedgerPass {
 public:
  LedgerPass(const Engine& engine, std::string_view ledger) : engine_(engine), ledger_(ledger) {}

  // Rules 1 to 3 and 6 for the next event.
  absl::Status Take(const StoredEvent& stored) {
    if (stored.position != next_position_) return At("there is a hole in the positions");
    absl::StatusOr<RecordedEvent> event = DecodeEvent(ledger_, stored, no_upgrades_);
    RETURN_IF_ERROR(event.status());
    StreamHead& head = streams_[event->stream];
    if (event->revision != head.revision + 1) return At("a stream's revisions have a hole");
    if (event->previous_leaf_hash != head.leaf_hash) {
      return At("an event does not name the leaf hash of the one before it in its stream");
    }
    if (event->recorded_at < last_recorded_at_) return At("recorded time goes down");
    head = {event->revision, event->position, event->leaf_hash};
    last_recorded_at_ = event->recorded_at;
    last_leaf_hash_ = event->leaf_hash;
    ++next_position_;
    return CheckTilesFilledBy(event->leaf_hash);
  }

  // Rules 4 and 5.
  absl::Status Finish(const LedgerHead& head) const {
    for (const auto& [stream, expected] : streams_) RETURN_IF_ERROR(CheckStream(stream, expected));
    if (head.next_position != next_position_ || head.last_leaf_hash != last_leaf_hash_ ||
        head.last_recorded_at != last_recorded_at_) {
      return Broken(ledger_, "its head is not its last event");
    }
    return absl::OkStatus();
  }

  uint64_t next_position() const { return next_position_; }

 private:
  absl::Status At(std::string_view what) const {
    return Broken(ledger_, StrCat("at position ", next_position_, " ", what));
  }

  absl::Status CheckTilesFilledBy(const Hash256& leaf) {
    full_.clear();
    tree_.Append(leaf, full_);
    for (const Tile& tile : full_) {
      ASSIGN_OR_RETURN(const std::optional<std::string> stored,
                       engine_.FindTile(ledger_, tile.id.level, tile.id.index));
      if (!stored) return Broken(ledger_, StrCat(TilePath(tile.id), " is missing"));
      if (*stored != tile.hashes) {
        return Broken(ledger_, StrCat(TilePath(tile.id), " is not that of the events"));
      }
    }
    return absl::OkStatus();
  }

  absl::Status CheckStream(const StreamId& stream, const StreamHead& expected) const {
    ASSIGN_OR_RETURN(const StreamHead found, engine_.FindStream(ledger_, stream));
    if (found.revision != expected.revision || found.position != expected.position ||
        found.leaf_hash != expected.leaf_hash) {
      return Broken(ledger_, StrCat("a stream's head is not its last event, at position ",
                                    expected.position));
    }
    // The index's last entry; reading fails when it leads astray.
    return engine_.ReadStream(ledger_, stream, expected.revision,
                              [](const StoredEvent&) { return false; });
  }

  const Engine& engine_;
  const std::string ledger_;
  const FactUpgrades no_upgrades_;
  absl::flat_hash_map<StreamId, StreamHead> streams_;
  TreeEdge tree_;
  std::vector<Tile> full_;  // by the newest event
  uint64_t next_position_ = 0;
  Micros last_recorded_at_ = 0;
  Hash256 last_leaf_hash_;
};

absl::Status CheckLedger(const Engine& engine, const BackupLedger& ledger, uint64_t read_before,
                         absl::FunctionRef<bool(uint64_t events)> read) {
  LedgerPass pass(engine, ledger.ledger);
  absl::Status status;
  const absl::Status reading =
      engine.Read(ledger.ledger, 0, ledger.head.next_position, [&](const StoredEvent& stored) {
        status = pass.Take(stored);
        if (status.ok() && pass.next_position() % kEventsPerReport == 0 &&
            !read(read_before + pass.next_position())) {
          status = absl::CancelledError("stopped while reading the events");
        }
        return status.ok();
      });
  RETURN_IF_ERROR(status);
  RETURN_IF_ERROR(reading);
  RETURN_IF_ERROR(pass.Finish(ledger.head));
  read(read_before + pass.next_position());
  return absl::OkStatus();
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
                          absl::FunctionRef<bool(uint64_t events)> read) {
  RETURN_IF_ERROR(CheckHeads(engine, manifest));
  uint64_t read_before = 0;
  for (const BackupLedger& ledger : manifest.ledgers) {
    RETURN_IF_ERROR(CheckLedger(engine, ledger, read_before, read));
    read_before += ledger.head.next_position;
  }
  return absl::OkStatus();
}

}  // namespace caseledger::eventstore
