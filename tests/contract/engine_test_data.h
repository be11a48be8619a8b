// Small batches for the engine tests.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "caseledger/storage/v1/envelope.pb.h"
#include "eventstore/engine/engine.h"

namespace caseledger::testing {

eventstore::StreamId Stream(uint32_t kind, uint8_t last_byte);
storage::v1::LedgerInfo InfoOf(std::string_view ledger);

// Builds the batch that appends one event per entry of `streams`, with records `<label>-<position>`
// (padded to `record_bytes`), onto what `view` shows.
absl::StatusOr<eventstore::EngineBatch> NextBatch(eventstore::HeadView& view,
                                                  const std::vector<eventstore::StreamId>& streams,
                                                  std::string_view label = "record",
                                                  size_t record_bytes = 0);

// Commits NextBatch.
absl::Status AppendTo(eventstore::Engine& engine, std::string_view ledger,
                      const std::vector<eventstore::StreamId>& streams,
                      std::string_view label = "record", size_t record_bytes = 0);

// Commits `count` events, one commit each, to one stream.
absl::Status AppendMany(eventstore::Engine& engine, std::string_view ledger, uint64_t count,
                        size_t record_bytes = 0);

absl::StatusOr<std::vector<eventstore::StoredEvent>> ReadAll(const eventstore::Engine& engine,
                                                             std::string_view ledger, uint64_t from,
                                                             uint64_t end);
absl::StatusOr<std::vector<eventstore::StoredEvent>> ReadAllOf(const eventstore::Engine& engine,
                                                               std::string_view ledger,
                                                               const eventstore::StreamId& stream,
                                                               uint64_t from_revision = 1);

// The record that NextBatch gives the event.
std::string RecordAt(uint64_t position, std::string_view label = "record", size_t record_bytes = 0);

}  // namespace caseledger::testing
