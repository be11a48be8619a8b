// Events as aggregates see them: open facts, when they happened, who recorded them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "caseledger/event/v1/fact.pb.h"
#include "caseledger/options/v1/options.pb.h"

namespace caseledger::domain {

using event::v1::Fact;
using options::v1::RecordKind;

// Microseconds since 1970 UTC.
using Micros = int64_t;

// One event of a stream. `fact` holds the open part; nothing here may read a `Private` message.
struct DomainEvent {
  std::string event_id;   // UUID text
  uint64_t revision = 0;  // from 1; a proposed event has the revision it would get
  Micros occurred_at = 0;
  std::shared_ptr<const Fact> fact;  // never null
  std::string actor;
  std::string agency;
  std::string on_behalf_of;  // agency an import was made for, or ""
  std::string legal_basis;
  bool imported = false;
  // UUID text of the record whose stream this is. A merge is the same fact in both persons'
  // streams: only this tells the one that goes on from the one that stands for it.
  std::string record_id;
  // Who replaced the fact last, or "": whoever wrote the words now in force must not approve them.
  std::string corrected_by;
};

// A fact that follows from a decision, for a stream that may be another record's.
struct ProposedFact {
  RecordKind kind = RecordKind::RECORD_KIND_UNSPECIFIED;
  std::string record_id;  // UUID text
  Fact fact;
  std::optional<Micros> occurred_at = {};  // when not at the time of the fact it follows from
};

// The kind of a fact as a plain number: an aggregate switches over its own facts only, and
// -Wswitch-enum would have it list everyone else's.
inline int KindOf(const Fact& fact) { return static_cast<int>(fact.kind_case()); }

// The agency whose fact it is, whoever typed it.
inline const std::string& AgencyOf(const DomainEvent& event) {
  return event.on_behalf_of.empty() ? event.agency : event.on_behalf_of;
}

// Microseconds of a protobuf timestamp; 0 when it is not set.
inline Micros ToMicros(const google::protobuf::Timestamp& time) {
  return time.seconds() * 1'000'000 + time.nanos() / 1000;
}

}  // namespace caseledger::domain
