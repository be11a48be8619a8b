#include "eventstore/engine/postgres/batch_writer.h"

#include <algorithm>
#include <string>
#include <utility>

#include "eventstore/postgres/transaction.h"

namespace caseledger::eventstore::postgres {
namespace {

constexpr Statement kLockHead = {
    "lock_head",
    "select next_position, last_recorded_at, last_leaf_hash, fence from caseledger.log_head "
    "where ledger = $1 for update"};

constexpr Statement kInsertEvents = {
    "insert_events",
    "insert into caseledger.event "
    "(ledger, position, stream_kind, stream_id, revision, leaf_hash, record, commit_id) "
    "select $1, e.position, e.kind, e.id, e.revision, e.hash, e.record, "
    "case when e.position = $8 then $9::uuid end "
    "from unnest($2::int8[], $3::int8[], $4::uuid[], $5::int8[], $6::bytea[], $7::bytea[]) "
    "as e (position, kind, id, revision, hash, record)"};
constexpr Statement kPutStreamHeads = {
    "put_stream_heads",
    "insert into caseledger.stream_head "
    "(ledger, stream_kind, stream_id, revision, position, leaf_hash) "
    "select $1, h.kind, h.id, h.revision, h.position, h.hash "
    "from unnest($2::int8[], $3::uuid[], $4::int8[], $5::int8[], $6::bytea[]) "
    "as h (kind, id, revision, position, hash) "
    "on conflict (ledger, stream_kind, stream_id) do update set "
    "revision = excluded.revision, position = excluded.position, leaf_hash = excluded.leaf_hash"};
constexpr Statement kInsertMarks = {
    "insert_marks",
    "insert into caseledger.mark (ledger, key, position, value) "
    "select $1, m.key, $2, m.value from unnest($3::bytea[], $4::bytea[]) as m (key, value)"};
constexpr Statement kInsertTiles = {
    "insert_tiles",
    "insert into caseledger.tile (ledger, level, index, hashes) "
    "select $1, t.level, t.index, t.hashes from unnest($2::int8[], $3::int8[], $4::bytea[]) "
    "as t (level, index, hashes)"};
constexpr Statement kUpdateHead = {
    "update_head",
    "update caseledger.log_head set next_position = $3, last_recorded_at = $4, "
    "last_leaf_hash = $5 where ledger = $1 and next_position = $2"};

constexpr Statement kFindCommit = {
    "find_commit", "select commit_id from caseledger.event where ledger = $1 and position = $2"};
constexpr Statement kTouchHead = {
    "touch_head", "update caseledger.log_head set next_position = next_position where ledger = $1"};

Call InsertEvents(std::string_view ledger, const EngineBatch& batch, const Uuid& commit_id) {
  std::vector<uint64_t> positions, kinds, revisions;
  std::vector<Uuid> ids;
  std::vector<std::string_view> hashes, records;
  for (const StoredEvent& event : batch.events) {
    positions.push_back(event.position);
    kinds.push_back(event.stream.kind);
    ids.push_back(event.stream.id);
    revisions.push_back(event.revision);
    hashes.push_back(event.leaf_hash.raw());
    records.push_back(event.record);
  }
  Parameters parameters;
  parameters.Text(ledger).Int8s(positions).Int8s(kinds).Ids(ids).Int8s(revisions);
  parameters.ByteStrings(hashes).ByteStrings(records).Int8(positions.front()).Id(commit_id);
  return {&kInsertEvents, std::move(parameters)};
}

Call PutStreamHeads(std::string_view ledger, const EngineBatch& batch) {
  std::vector<uint64_t> kinds, revisions, positions;
  std::vector<Uuid> ids;
  std::vector<std::string_view> hashes;
  for (const auto& [stream, head] : batch.streams) {
    kinds.push_back(stream.kind);
    ids.push_back(stream.id);
    revisions.push_back(head.revision);
    positions.push_back(head.position);
    hashes.push_back(head.leaf_hash.raw());
  }
  Parameters parameters;
  parameters.Text(ledger).Int8s(kinds).Ids(ids).Int8s(revisions).Int8s(positions);
  parameters.ByteStrings(hashes);
  return {&kPutStreamHeads, std::move(parameters)};
}

// In the order of keys; of two values of one key, the later.
Call InsertMarks(std::string_view ledger, EngineBatch& batch) {
  std::stable_sort(batch.marks.begin(), batch.marks.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string_view> keys, values;
  for (const auto& [key, value] : batch.marks) {
    if (!keys.empty() && keys.back() == key) {
      values.back() = value;
      continue;
    }
    keys.push_back(key);
    values.push_back(value);
  }
  Parameters parameters;
  parameters.Text(ledger).Int8(batch.events.front().position).ByteStrings(keys).ByteStrings(values);
  return {&kInsertMarks, std::move(parameters)};
}

Call InsertTiles(std::string_view ledger, const EngineBatch& batch) {
  std::vector<uint64_t> levels, indexes;
  std::vector<std::string_view> hashes;
  for (const Tile& tile : batch.tiles) {
    levels.push_back(tile.id.level);
    indexes.push_back(tile.id.index);
    hashes.push_back(tile.hashes);
  }
  Parameters parameters;
  parameters.Text(ledger).Int8s(levels).Int8s(indexes).ByteStrings(hashes);
  return {&kInsertTiles, std::move(parameters)};
}

Call UpdateHead(std::string_view ledger, const EngineBatch& batch) {
  Parameters parameters;
  parameters.Text(ledger).Int8(batch.events.front().position).Int8(batch.head.next_position);
  parameters.Int8(batch.head.last_recorded_at).Bytes(batch.head.last_leaf_hash.raw());
  return {&kUpdateHead, std::move(parameters)};
}

}  // namespace

std::vector<Call> CallsToLock(std::string_view ledger) {
  return {{&kBegin, {}}, {&kLockHead, Parameters().Text(ledger)}};
}

std::vector<Call> CallsToCommit(std::string_view ledger, EngineBatch& batch,
                                const Uuid& commit_id) {
  std::vector<Call> calls;
  calls.push_back(InsertEvents(ledger, batch, commit_id));
  calls.push_back(PutStreamHeads(ledger, batch));
  if (!batch.marks.empty()) calls.push_back(InsertMarks(ledger, batch));
  if (!batch.tiles.empty()) calls.push_back(InsertTiles(ledger, batch));
  calls.push_back(UpdateHead(ledger, batch));
  calls.push_back({&kNoTimeout, {}});
  calls.push_back({&kCommit, {}});
  return calls;
}

std::vector<Call> CallsToLookUp(std::string_view ledger, uint64_t position) {
  return {{&kFindCommit, Parameters().Text(ledger).Int8(position)},
          {&kTouchHead, Parameters().Text(ledger)},
          {&kNoTimeout, {}},
          {&kCommit, {}}};
}

}  // namespace caseledger::eventstore::postgres
