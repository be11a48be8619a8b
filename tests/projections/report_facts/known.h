// What tests know of facts from the list of all events, to compare with what a report says.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "caseledger/event/v1/fact.pb.h"
#include "caseledger/options/v1/options.pb.h"
#include "eventstore/base/clock.h"

namespace caseledger::projections {

// One event as it was written.
struct Written {
  options::v1::RecordKind kind;
  std::string record;
  std::string event;
  Micros occurred_at;
  Micros recorded_at;
  event::v1::Fact fact;
};

// A fact as it counts.
struct Counted {
  std::string event;
  Micros occurred_at;
  size_t order;  // in its record
  Micros recorded_at;
  event::v1::Fact fact;
};

// What is known of each record after the first n events, in order of occurrence.
std::map<std::string, std::vector<Counted>> KnownAfter(const std::vector<Written>& events,
                                                       size_t n);

}  // namespace caseledger::projections
