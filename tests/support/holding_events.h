// What of recorded events holds, as corrections and voids leave it: read whole again for each
// question, for judges of projections.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "caseledger/event/v1/fact.pb.h"
#include "gtest/gtest.h"
#include "tests/support/recorded_events.h"

namespace caseledger::testing {

struct Holding {
  const eventstore::RecordedEvent* event;  // that recorded it first
  event::v1::Fact fact;
  Micros at;
};

// Of the stream, in order of occurrence.
inline std::vector<Holding> HoldingOf(const RecordedEvents& events,
                                      const eventstore::StreamId& stream) {
  std::map<std::string, Holding> by_id;
  for (const eventstore::RecordedEvent& event : events.all()) {
    if (event.stream != stream) continue;
    event::v1::Fact fact;
    EXPECT_TRUE(fact.ParseFromString(event.fact));
    if (fact.has_event_voided()) {
      by_id.erase(fact.event_voided().target_event_id());
    } else if (fact.has_fact_corrected()) {
      const auto found = by_id.find(fact.fact_corrected().target_event_id());
      if (found == by_id.end()) continue;
      found->second.fact = fact.fact_corrected().replacement();
      const auto& time = fact.fact_corrected().replacement_occurred_time();
      if (fact.fact_corrected().has_replacement_occurred_time()) {
        found->second.at = time.seconds() * kMicrosPerSecond + time.nanos() / 1000;
      }
    } else {
      by_id[event.event_id.ToString()] = {&event, fact, event.occurred_at};
    }
  }
  std::vector<Holding> holding;
  for (const auto& [id, each] : by_id) holding.push_back(each);
  std::sort(holding.begin(), holding.end(), [](const Holding& a, const Holding& b) {
    return std::make_tuple(a.at, a.event->revision) < std::make_tuple(b.at, b.event->revision);
  });
  return holding;
}

}  // namespace caseledger::testing
