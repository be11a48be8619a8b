#include "services/commands/snapshots.h"

#include <utility>

#include "eventstore/base/strings.h"
#include "services/domain/archive.h"

namespace caseledger::commands {
namespace {

std::string KeyOf(const eventstore::StreamId& stream) {
  return StrCat(stream.kind, "/", stream.id.ToString());
}

}  // namespace

SnapshotStore::SnapshotStore(std::unique_ptr<projections::ReadModelTable> table)
    : table_(std::move(table)) {}

std::optional<Snapshot> SnapshotStore::Find(const eventstore::StreamId& stream) const {
  const absl::StatusOr<std::optional<std::string>> row = table_->Snapshot()->Get(KeyOf(stream));
  if (!row.ok() || !row->has_value()) return std::nullopt;
  Snapshot snapshot;
  std::string leaf;
  domain::ArchiveReader reader(**row);
  reader(snapshot.state_version, snapshot.revision, leaf, snapshot.latest_occurred_at,
         snapshot.state);
  if (!reader.Finished() || leaf.size() != snapshot.leaf_hash.bytes.size()) return std::nullopt;
  std::copy(leaf.begin(), leaf.end(), snapshot.leaf_hash.bytes.begin());
  return snapshot;
}

void SnapshotStore::Save(const eventstore::StreamId& stream, const Snapshot& snapshot) {
  Snapshot copy = snapshot;
  std::string leaf(snapshot.leaf_hash.raw());
  domain::ArchiveWriter writer;
  writer(copy.state_version, copy.revision, leaf, copy.latest_occurred_at, copy.state);
  std::unique_ptr<projections::ReadModelBatch> batch = table_->NewBatch();
  batch->Put(KeyOf(stream), writer.Take());
  table_->Commit(*batch, 0, 0).IgnoreError();  // the log has it all
}

}  // namespace caseledger::commands
