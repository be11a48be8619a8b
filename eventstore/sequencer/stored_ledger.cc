#include "eventstore/sequencer/stored_ledger.h"

#include <optional>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/codec/leaf.h"
#include "eventstore/codec/record.h"
#include "eventstore/sequencer/stored_tree.h"

namespace caseledger::eventstore {
namespace {

// Makes leaves of stored events for `visit`, and keeps the first error.
class LeafMaker {
 public:
  LeafMaker(std::string_view ledger, StoredLedger::VisitLeaf visit)
      : ledger_(ledger), visit_(visit) {}

  bool Take(const StoredEvent& stored) {
    status_ = DecodeEvent(ledger_, stored, no_upgrades_, event_);
    if (!status_.ok()) return false;
    return visit_({stored.position, stored.record,
                   EncodeLeafEntry(FieldsOfLeaf(ledger_, event_, stored.record))});
  }

  const absl::Status& status() const { return status_; }

 private:
  const std::string_view ledger_;
  const StoredLedger::VisitLeaf visit_;
  const FactUpgrades no_upgrades_;
  RecordedEvent event_;
  absl::Status status_;
};

}  // namespace

ReadTile StoredLedger::Tiles() const { return StoredTiles(engine_, ledger_); }

absl::StatusOr<StoredLeaf> StoredLedger::Leaf(uint64_t position) const {
  std::optional<StoredLeaf> found;
  RETURN_IF_ERROR(Read(position, position + 1, [&found](const StoredLeaf& leaf) {
    found = leaf;
    return false;
  }));
  if (!found) return absl::DataLossError(StrCat("no record at ", position));
  return *std::move(found);
}

absl::Status StoredLedger::Read(uint64_t from, uint64_t end, VisitLeaf visit) const {
  LeafMaker maker(ledger_, visit);
  RETURN_IF_ERROR(engine_.Read(ledger_, from, end,
                               [&maker](const StoredEvent& event) { return maker.Take(event); }));
  return maker.status();
}

absl::Status StoredLedger::ReadStream(const StreamId& stream, uint64_t from_revision,
                                      VisitLeaf visit) const {
  LeafMaker maker(ledger_, visit);
  RETURN_IF_ERROR(
      engine_.ReadStream(ledger_, stream, from_revision,
                         [&maker](const StoredEvent& event) { return maker.Take(event); }));
  return maker.status();
}

}  // namespace caseledger::eventstore
