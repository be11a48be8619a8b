#include "tests/contract/engine_test_data.h"

#include <map>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"

namespace caseledger::testing {

using eventstore::Engine;
using eventstore::EngineBatch;
using eventstore::HeadView;
using eventstore::StoredEvent;
using eventstore::StreamHead;
using eventstore::StreamId;

StreamId Stream(uint32_t kind, uint8_t last_byte) {
  StreamId stream{kind, {}};
  stream.id.bytes[15] = last_byte;
  return stream;
}

storage::v1::LedgerInfo InfoOf(std::string_view ledger) {
  storage::v1::LedgerInfo info;
  info.set_format_version(eventstore::kLedgerFormatVersion);
  info.set_ledger(std::string(ledger));
  info.set_created_at_us(1'700'000'000'000'000);
  info.set_request_digest_key(std::string(32, 'k'));
  return info;
}

std::string RecordAt(uint64_t position, std::string_view label, size_t record_bytes) {
  std::string record = StrCat(label, "-", position);
  if (record.size() < record_bytes) record.resize(record_bytes, '.');
  return record;
}

absl::StatusOr<EngineBatch> NextBatch(HeadView& view, const std::vector<StreamId>& streams,
                                      std::string_view label, size_t record_bytes) {
  EngineBatch batch;
  batch.head = view.head();
  std::map<StreamId, StreamHead> heads;
  for (const StreamId& stream : streams) {
    if (!heads.contains(stream)) {
      ASSIGN_OR_RETURN(heads[stream], view.FindStream(stream));
    }
    StoredEvent event;
    event.stream = stream;
    event.position = batch.head.next_position;
    event.revision = heads[stream].revision + 1;
    event.record = RecordAt(event.position, label, record_bytes);
    event.leaf_hash = Sha256({event.record});
    heads[stream] = {event.revision, event.position, event.leaf_hash};
    batch.head = {event.position + 1, batch.head.last_recorded_at + 1, event.leaf_hash};
    batch.events.push_back(std::move(event));
  }
  batch.streams.assign(heads.begin(), heads.end());
  return batch;
}

absl::Status AppendTo(Engine& engine, std::string_view ledger, const std::vector<StreamId>& streams,
                      std::string_view label, size_t record_bytes) {
  return engine.Commit(
      ledger, [&](HeadView& view) { return NextBatch(view, streams, label, record_bytes); });
}

absl::Status AppendMany(Engine& engine, std::string_view ledger, uint64_t count,
                        size_t record_bytes) {
  for (uint64_t i = 0; i < count; ++i) {
    RETURN_IF_ERROR(AppendTo(engine, ledger, {Stream(1, 1)}, "record", record_bytes));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<StoredEvent>> ReadAll(const Engine& engine, std::string_view ledger,
                                                 uint64_t from, uint64_t end) {
  std::vector<StoredEvent> events;
  RETURN_IF_ERROR(engine.Read(ledger, from, end, [&](const StoredEvent& event) {
    events.push_back(event);
    return true;
  }));
  return events;
}

absl::StatusOr<std::vector<StoredEvent>> ReadAllOf(const Engine& engine, std::string_view ledger,
                                                   const StreamId& stream, uint64_t from_revision) {
  std::vector<StoredEvent> events;
  RETURN_IF_ERROR(engine.ReadStream(ledger, stream, from_revision, [&](const StoredEvent& event) {
    events.push_back(event);
    return true;
  }));
  return events;
}

}  // namespace caseledger::testing
