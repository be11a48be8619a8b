// Checks every event that commits to the heads of a ledger's streams against the events before it.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "eventstore/base/thread.h"
#include "eventstore/event.h"
#include "eventstore/verifiable/heads_replay.h"

namespace caseledger::audit {

// Computes a commit's tree while the events after it are taken: what is wrong is told at the next
// commit, or by Finish. Not thread-safe.
class HeadsRule {
 public:
  HeadsRule() = default;
  ~HeadsRule();
  HeadsRule(const HeadsRule&) = delete;
  HeadsRule& operator=(const HeadsRule&) = delete;

  // The next event of the ledger, from its first on. DATA_LOSS when an event up to this one commits
  // to heads that are not those of the events; the sentence begins with its position.
  absl::Status Take(const eventstore::RecordedEvent& event);
  // After the last one. As Take.
  absl::Status Finish();

  // How many commits were found good.
  uint64_t commits() const { return commits_; }

 private:
  absl::Status BeginToCompare(const eventstore::RecordedEvent& event);

  eventstore::HeadsReplay replay_;
  Thread comparing_;
  absl::Status compared_;  // of the thread until it is joined
  bool comparison_waits_ = false;
  uint64_t commits_ = 0;
};

}  // namespace caseledger::audit
