// When the facts of one record happened, corrections counted.
#pragma once

#include <map>
#include <string>

#include "caseledger/v1/common.pb.h"
#include "eventstore/base/clock.h"

namespace caseledger::rpc {

// Takes the events of a record in order. A correction counts as happening when the fact did: at the
// time it gives itself, else at the time given before it. So does a void. Not thread-safe.
class Occurrences {
 public:
  void Note(const v1::RecordedEvent& event);

  // Whether a noted event had happened by then.
  bool HadHappened(const std::string& event_id, Micros by) const;
  // The event that stands in the place of this one, or itself.
  const std::string& StandingFor(const std::string& event_id) const;

 private:
  // What stands in the place of a fact after its corrections, and when that occurred.
  struct Standing {
    std::string event_id;
    Micros occurred_at = 0;
  };

  std::map<std::string, Standing> standing_;      // by the fact's first event
  std::map<std::string, std::string> target_of_;  // of corrections and voids
  std::map<std::string, Micros> happened_;        // by event
};

}  // namespace caseledger::rpc
