// Keys and bytes of the table `report-facts@2`. This file owns them; README.md shows the layout.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "eventstore/base/clock.h"
#include "eventstore/base/uuid.h"
#include "eventstore/event.h"

namespace caseledger::projections::report_rows {

// `to` of a row that is still in force.
inline constexpr uint64_t kInForce = UINT64_MAX;

// A version of a fact: where it stands in its stream, and the position that brought this version.
struct FactKey {
  eventstore::StreamId stream;
  Micros occurred_at = 0;
  uint64_t revision = 0;  // of the original event: a correction stands in its place
  uint64_t from = 0;      // position
};

// In force for a reader that knows n events when from < n and not to < n.
struct FactRow {
  FactKey key;
  uint64_t to = kInForce;
  uint32_t kind = 0;       // field number in event.v1.Fact
  Micros recorded_at = 0;  // of the original event
  Uuid event_id;
  std::string agency;  // that recorded the event
  std::string fact;    // serialised event.v1.Fact, only what may be counted

  bool InForceAt(uint64_t events) const { return key.from < events && to >= events; }
};

// The facts of one stream in order of occurrence.
std::string StreamBegin(const eventstore::StreamId& stream);
std::string StreamEnd(const eventstore::StreamId& stream);
std::string FactRowKey(const FactKey& key);
std::string FactRowValue(const FactRow& row);
// nullopt: damaged.
std::optional<FactRow> ReadFactRow(std::string_view key, std::string_view value);

// The index of facts by kind and time of occurrence. Its value is `to`.
struct TimeIndexRow {
  FactKey key;
  uint64_t to = kInForce;

  bool InForceAt(uint64_t events) const { return key.from < events && to >= events; }
};
// First key of facts of the kind at or after `occurred_at`.
std::string TimeIndexBegin(uint32_t kind, Micros occurred_at);
// First key after all facts of the kind.
std::string TimeIndexEnd(uint32_t kind);
std::string TimeIndexKey(uint32_t kind, const FactKey& key);
std::string TimeIndexValue(uint64_t to);
std::optional<TimeIndexRow> ReadTimeIndexRow(std::string_view key, std::string_view value);

}  // namespace caseledger::projections::report_rows
