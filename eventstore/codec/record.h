// Events <-> stored bytes (storage.v1.StoredRecord).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/codec/upgrades.h"
#include "eventstore/engine/engine.h"
#include "eventstore/event.h"

namespace caseledger::eventstore {

inline constexpr uint32_t kRecordFormatVersion = 1;

// The bytes to store for `event` (all but `leaf_hash` set). Written once: never encode a stored
// event again.
//
// INVALID_ARGUMENT  a text of the envelope is not UTF-8; such a record could never be read again
absl::StatusOr<std::string> EncodeRecord(std::string_view ledger, const RecordedEvent& event);

// The event of stored bytes, checked against the place and the leaf hash that the engine kept
// beside them; facts of older schema versions are upgraded.
//
// FAILED_PRECONDITION  a format version this program does not know
// DATA_LOSS            damaged: not a record, not of this place, or not what its leaf commits to
absl::StatusOr<RecordedEvent> DecodeEvent(std::string_view ledger, const StoredEvent& stored,
                                          const FactUpgrades& upgrades);
// The same into an event as it is made, without moving it; after an error its fields mean nothing.
absl::Status DecodeEvent(std::string_view ledger, const StoredEvent& stored,
                         const FactUpgrades& upgrades, RecordedEvent& event);

}  // namespace caseledger::eventstore
