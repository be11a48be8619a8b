#include "tests/attack/forger.h"

#include <map>
#include <optional>
#include <utility>

#include "eventstore/audit/request_runs.h"
#include "eventstore/codec/leaf.h"
#include "eventstore/codec/marks.h"
#include "eventstore/codec/record.h"
#include "eventstore/engine/rocksdb/value_codec.h"
#include "eventstore/verifiable/tree_edge.h"
#include "gtest/gtest.h"

namespace caseledger::testing {

using namespace eventstore;  // NOLINT(google-build-using-namespace): its subject
using rocksdb_engine::DecodeKey;
using rocksdb_engine::KeyParts;
using rocksdb_engine::Space;

Forger::Forger(const std::string& path, std::string_view ledger) : ledger_(ledger), keys_(ledger) {
  rocksdb::DB* raw = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(rocksdb::Options(), path, &raw);
  EXPECT_TRUE(status.ok()) << status.ToString();
  db_.reset(raw);
}

std::string Forger::Get(const std::string& key) const {
  std::string value;
  EXPECT_TRUE(db_->Get({}, key, &value).ok());
  return value;
}
void Forger::Put(const std::string& key, const std::string& value) {
  EXPECT_TRUE(db_->Put({}, key, value).ok());
}
void Forger::Delete(const std::string& key) { EXPECT_TRUE(db_->Delete({}, key).ok()); }

void Forger::VisitAll(
    absl::FunctionRef<void(const std::string& key, const std::string& value)> visit) const {
  const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator({}));
  for (at->SeekToFirst(); at->Valid(); at->Next()) {
    visit(at->key().ToString(), at->value().ToString());
  }
  EXPECT_TRUE(at->status().ok());
}

std::vector<RecordedEvent> Forger::Events() const {
  std::vector<RecordedEvent> events;
  VisitAll([&](const std::string& key, const std::string& value) {
    const std::optional<KeyParts> parts = DecodeKey(key);
    if (!parts || parts->space != Space::kEvent || parts->ledger != ledger_) return;
    const auto stored = rocksdb_engine::DecodeEvent(parts->position, value);
    ASSERT_TRUE(stored.has_value());
    absl::StatusOr<RecordedEvent> event = DecodeEvent(ledger_, *stored, FactUpgrades());
    ASSERT_TRUE(event.ok()) << event.status();
    events.push_back(*std::move(event));
  });
  return events;
}

void Forger::Rewrite(std::vector<RecordedEvent> events) {
  std::map<std::string, std::string> marks;
  std::vector<std::string> old_keys;
  VisitAll([&](const std::string& key, const std::string& value) {
    const std::optional<KeyParts> parts = DecodeKey(key);
    if (!parts || parts->ledger != ledger_ || parts->space == Space::kLedgerInfo ||
        parts->space == Space::kSigningState) {
      return;
    }
    if (parts->space == Space::kMark) marks.emplace(parts->mark, value);
    old_keys.push_back(key);
  });
  for (const std::string& key : old_keys) Delete(key);

  std::map<StreamId, StreamHead> heads;
  std::map<std::string, RequestMark> requests;
  const auto add_request = [&](const std::optional<RequestRun>& run) {
    if (!run) return;
    const std::string key = *MarkKeys::Request(run->agency, run->request_id);
    RequestMark& mark = requests[key];
    if (marks.contains(key)) mark.digest = DecodeRequestMark(marks.at(key))->digest;
    mark.first_position = run->first_position;
    mark.event_count = static_cast<uint32_t>(run->event_count);
  };
  TreeEdge tree;
  std::vector<Tile> tiles;
  RequestRuns runs;
  LedgerHead head;
  for (RecordedEvent& event : events) {
    StreamHead& stream = heads[event.stream];
    event.position = head.next_position;
    event.revision = stream.revision + 1;
    event.previous_leaf_hash = stream.leaf_hash;
    const std::string record = *EncodeRecord(ledger_, event);
    event.leaf_hash = HashLeaf(ledger_, event, record);
    stream = {event.revision, event.position, event.leaf_hash};
    head = {event.position + 1, event.recorded_at, event.leaf_hash};
    tree.Append(event.leaf_hash, tiles);
    add_request(runs.Add(event));
    Put(keys_.Event(event.position),
        rocksdb_engine::EncodeEvent(
            {event.stream, event.revision, event.position, event.leaf_hash, record}));
    Put(keys_.Revision(event.stream, event.revision),
        rocksdb_engine::EncodePosition(event.position));
  }
  add_request(runs.Finish());
  for (const auto& [stream, newest] : heads) {
    Put(keys_.StreamHead(stream), rocksdb_engine::EncodeStreamHead(newest));
  }
  for (const Tile& tile : tiles) {
    Put(keys_.Tile(static_cast<uint8_t>(tile.id.level), tile.id.index), tile.hashes);
  }
  for (const auto& [key, mark] : requests) Put(keys_.Mark(key), EncodeMark(mark));
  for (const auto& [key, value] : marks) {
    const MarkKeyParts parts = *DecodeMarkKey(key);
    const bool named = parts.kind == MarkKeyParts::Kind::kReference
                           ? heads.contains(parts.to) && heads.contains(parts.from)
                           : parts.kind != MarkKeyParts::Kind::kRequest &&
                                 heads.contains(DecodeNameMark(value)->stream);
    if (named) Put(keys_.Mark(key), value);
  }
  Put(keys_.Head(), rocksdb_engine::EncodeLedgerHead(head));
}

}  // namespace caseledger::testing
