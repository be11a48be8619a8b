#include "projections/stream_heads/stream_heads.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "eventstore/base/big_endian.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "projections/read_model/keys.h"

namespace caseledger::projections {
namespace {

using eventstore::CommittedHead;
using eventstore::HeadsPage;
using eventstore::RecordedEvent;
using eventstore::StreamId;

constexpr std::string_view kTable = "stream-heads@1";
constexpr char kEventSpace = 'e';  // + event id -> position (8)
constexpr char kPageSpace = 'p';   // + path -> page
constexpr char kRootSpace = 'r';   // nothing more -> number of streams (8), root (32)

// Events of one commit. What it changes is held in memory, some hundred bytes an event at most.
constexpr uint64_t kEventsPerStep = 16'384;

std::string PageKey(std::string_view path) { return KeyBuilder(kPageSpace).Raw(path).Take(); }
std::string EventKey(const Uuid& id) { return KeyBuilder(kEventSpace).Id(id).Take(); }
std::string RootKey() { return KeyBuilder(kRootSpace).Take(); }

absl::Status Damaged(std::string_view what) {
  return absl::InternalError(
      StrCat("the table ", kTable, " is damaged (", what,
             "): stop the server and remove the directory of the read models; it is made again"));
}

class StoredPages : public eventstore::HeadsPages {
 public:
  explicit StoredPages(const ReadSnapshot& rows) : rows_(rows) {}

  absl::StatusOr<std::optional<HeadsPage>> Read(std::string_view path) const override {
    ASSIGN_OR_RETURN(const std::optional<std::string> bytes, rows_.Get(PageKey(path)));
    if (!bytes) return std::nullopt;
    absl::StatusOr<HeadsPage> page = HeadsPage::FromBytes(*bytes);
    if (!page.ok()) return Damaged(FromAbsl(page.status().message()));
    return *page;
  }
  void Write(std::string_view /*path*/, const HeadsPage& /*page*/) override {}

 private:
  const ReadSnapshot& rows_;
};

class WrittenPages final : public StoredPages {
 public:
  explicit WrittenPages(ReadModelBatch& batch) : StoredPages(batch), batch_(batch) {}
  void Write(std::string_view path, const HeadsPage& page) override {
    batch_.Put(PageKey(path), page.ToBytes());
  }

 private:
  ReadModelBatch& batch_;
};

struct Root {
  uint64_t stream_count = 0;
  Hash256 root;
};

absl::StatusOr<Root> ReadRoot(const ReadSnapshot& rows) {
  ASSIGN_OR_RETURN(const std::optional<std::string> bytes, rows.Get(RootKey()));
  Root root;
  if (!bytes) return root;
  if (bytes->size() != sizeof(uint64_t) + sizeof(Hash256::bytes)) return Damaged("the root");
  root.stream_count = ReadBigEndian<uint64_t>(*bytes);
  std::copy(bytes->begin() + sizeof(uint64_t), bytes->end(), root.root.bytes.begin());
  return root;
}

void WriteRoot(const Root& root, ReadModelBatch& batch) {
  std::string bytes;
  AppendBigEndian(bytes, root.stream_count);
  bytes.append(root.root.raw());
  batch.Put(RootKey(), bytes);
}

// Calls `visit` for events [from, end) in order.
absl::Status VisitEvents(const eventstore::EventLog& log, uint64_t from, uint64_t end,
                         absl::FunctionRef<bool(const RecordedEvent&)> visit) {
  while (from < end) {
    ASSIGN_OR_RETURN(const std::vector<RecordedEvent> events,
                     log.ReadLedger(from, static_cast<size_t>(end - from)));
    if (events.empty()) return absl::OutOfRangeError("the log is shorter than its head");
    for (const RecordedEvent& event : events) {
      if (!visit(event)) return absl::OkStatus();
    }
    from = events.back().position + 1;
  }
  return absl::OkStatus();
}

// Whether the table was made of this log and not of one that it has replaced: the last event that
// the table knows is the head of its stream.
absl::StatusOr<bool> IsOf(const eventstore::EventLog& log, const ReadModelTable& table) {
  ASSIGN_OR_RETURN(const auto snapshot, HeadsSnapshot::Take(table));
  if (snapshot->tree_size() == 0) return true;
  if (snapshot->tree_size() > log.Head().next_position) return false;
  ASSIGN_OR_RETURN(const std::vector<RecordedEvent> last,
                   log.ReadLedger(snapshot->tree_size() - 1, 1));
  if (last.empty()) return false;
  const auto known = snapshot->Prove(last.front().stream);
  if (absl::IsNotFound(known.status())) return false;
  RETURN_IF_ERROR(known.status());
  return known->head.leaf_hash == last.front().leaf_hash;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const HeadsSnapshot>> HeadsSnapshot::Take(
    const ReadModelTable& table) {
  std::shared_ptr<HeadsSnapshot> snapshot(new HeadsSnapshot(table.Snapshot()));
  ASSIGN_OR_RETURN(const Root root, ReadRoot(*snapshot->rows_));
  snapshot->stream_count_ = root.stream_count;
  snapshot->root_ = root.root;
  return snapshot;
}

absl::StatusOr<eventstore::ProvenHead> HeadsSnapshot::Prove(const StreamId& stream) const {
  return eventstore::ProveHead(eventstore::HeadKey(stream), StoredPages(*rows_));
}

absl::StatusOr<std::optional<uint64_t>> HeadsSnapshot::FindEvent(const Uuid& event_id) const {
  ASSIGN_OR_RETURN(const std::optional<std::string> bytes, rows_->Get(EventKey(event_id)));
  if (!bytes) return std::nullopt;
  if (bytes->size() != sizeof(uint64_t)) return Damaged("an event's position");
  return ReadBigEndian<uint64_t>(*bytes);
}

absl::StatusOr<std::unique_ptr<StreamHeads>> StreamHeads::Open(const eventstore::EventLog& log,
                                                               std::string_view ledger,
                                                               ReadModelStore& store) {
  ASSIGN_OR_RETURN(std::unique_ptr<ReadModelTable> table, store.OpenTable(ledger, kTable));
  ASSIGN_OR_RETURN(const bool of_this_log, IsOf(log, *table));
  if (!of_this_log) {
    RETURN_IF_ERROR(store.DropTable(ledger, kTable));
    ASSIGN_OR_RETURN(table, store.OpenTable(ledger, kTable));
  }
  return std::unique_ptr<StreamHeads>(new StreamHeads(log, std::move(table)));
}

absl::Status StreamHeads::CatchUp(uint64_t end, const std::function<bool()>& go_on) {
  for (uint64_t from = tree_size(); from < end;) {
    if (!go_on()) return absl::CancelledError("stopped");
    const uint64_t step = std::min(kEventsPerStep, end - from);
    RETURN_IF_ERROR(TakeIn(from, from + step));
    from += step;
  }
  return absl::OkStatus();
}

absl::Status StreamHeads::TakeIn(uint64_t from, uint64_t end) {
  const std::unique_ptr<ReadModelBatch> batch = table_->NewBatch();
  absl::flat_hash_map<StreamId, CommittedHead> heads;
  std::vector<std::pair<Uuid, uint64_t>> positions;
  positions.reserve(static_cast<size_t>(end - from));
  RETURN_IF_ERROR(VisitEvents(log_, from, end, [&](const RecordedEvent& event) {
    CommittedHead& head = heads[event.stream];
    head.revision = event.revision;
    head.leaf_hash = event.leaf_hash;
    positions.emplace_back(event.event_id, event.position);
    return true;
  }));
  // In the order of their keys: RocksDB finds the place of a row beside the one before.
  std::sort(positions.begin(), positions.end());
  for (const auto& [id, position] : positions) {
    std::string bytes;
    AppendBigEndian(bytes, position);
    batch->Put(EventKey(id), bytes);
  }
  std::vector<CommittedHead> changed;
  changed.reserve(heads.size());
  for (auto& [stream, head] : heads) {
    head.key = eventstore::HeadKey(stream);
    changed.push_back(head);
  }
  ASSIGN_OR_RETURN(Root root, ReadRoot(*batch));
  WrittenPages pages(*batch);
  ASSIGN_OR_RETURN(const eventstore::HeadsUpdate updated,
                   eventstore::UpdateHeads(std::move(changed), pages));
  WriteRoot({root.stream_count + updated.added, updated.root}, *batch);
  return table_->Commit(*batch, from, end);
}

absl::StatusOr<std::optional<uint64_t>> FindEvent(const HeadsSnapshot& snapshot,
                                                  const eventstore::EventLog& log,
                                                  const Uuid& event_id) {
  ASSIGN_OR_RETURN(std::optional<uint64_t> found, snapshot.FindEvent(event_id));
  if (found) return found;
  RETURN_IF_ERROR(VisitEvents(log, snapshot.tree_size(), log.Head().next_position,
                              [&](const RecordedEvent& event) {
                                if (event.event_id == event_id) found = event.position;
                                return !found.has_value();
                              }));
  return found;
}

}  // namespace caseledger::projections
