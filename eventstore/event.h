// Events as the event store knows them: an envelope and an opaque fact.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "eventstore/base/clock.h"
#include "eventstore/base/hash.h"
#include "eventstore/base/uuid.h"

namespace caseledger::eventstore {

// Names a stream within a ledger: the kind of the record (RecordKind of options.proto) and its
// UUID.
struct StreamId {
  uint32_t kind = 0;
  Uuid id;

  friend auto operator<=>(const StreamId&, const StreamId&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const StreamId& stream) {
    return H::combine(std::move(h), stream.kind, stream.id);
  }
};

// Who did it and why; the same for all events of one append.
struct EventOrigin {
  std::string actor;
  std::string agency;
  std::string on_behalf_of;
  std::string purpose;
  std::string legal_basis;
  Uuid correlation_id;
  Uuid causation_id;
  std::string traceparent;
  Uuid request_id;
  std::string source_file;
  std::string source_row;
};

// An event before it has a place in the ledger.
struct NewEvent {
  Uuid event_id;
  StreamId stream;
  Micros occurred_at = 0;
  uint32_t occurred_precision = 0;  // TimePrecision
  uint32_t schema_version = 1;
  uint32_t fact_type = 0;  // field number in event.v1.Fact
  std::string fact;        // serialised event.v1.Fact
  std::vector<std::string> data_quality;
};

// An event with its place in the ledger. `leaf_hash` commits to the stored bytes.
struct RecordedEvent {
  Uuid event_id;
  StreamId stream;
  uint64_t revision = 0;  // from 1
  uint64_t position = 0;  // from 0, gapless in the ledger
  Micros occurred_at = 0;
  uint32_t occurred_precision = 0;
  Micros recorded_at = 0;  // never below that of the event before
  uint32_t schema_version = 1;
  uint32_t fact_type = 0;
  std::string fact;
  EventOrigin origin;
  std::vector<std::string> data_quality;
  Hash256 previous_leaf_hash;  // all zero for revision 1
  Hash256 leaf_hash;
};

// Newest event of a stream. Revision 0: the stream is absent.
struct StreamHead {
  uint64_t revision = 0;
  uint64_t position = 0;
  Hash256 leaf_hash;
};

// Where the ledger's next event goes.
struct LedgerHead {
  uint64_t next_position = 0;  // also the number of events
  Micros last_recorded_at = 0;
  Hash256 last_leaf_hash;
};

}  // namespace caseledger::eventstore
