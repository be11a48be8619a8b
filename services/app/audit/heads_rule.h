// Checks every event that commits to the heads of a ledger's streams against the events before it.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "eventstore/event.h"
#include "eventstore/verifiable/heads_replay.h"

namespace caseledger::audit {

// Not thread-safe.
class HeadsRule {
 public:
  // The next event of the ledger, from its first on. DATA_LOSS when it commits to heads that are
  // not those of the events; the sentence begins with the position.
  absl::Status Take(const eventstore::RecordedEvent& event);

  // How many commits there were.
  uint64_t commits() const { return commits_; }

 private:
  absl::Status Compare(const eventstore::RecordedEvent& event);

  eventstore::HeadsReplay replay_;
  uint64_t commits_ = 0;
};

}  // namespace caseledger::audit
