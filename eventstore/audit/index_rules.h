// Rules 7 and 8 of an audit: stream heads and stream index against the log.
#pragma once

#include <functional>
#include <string_view>

#include "absl/status/status.h"
#include "eventstore/audit/findings.h"
#include "eventstore/audit/ledger_audit.h"
#include "eventstore/audit/log_rules.h"
#include "eventstore/engine/engine.h"

namespace caseledger::eventstore {

// The log as it was read through.
struct ReadLog {
  const Engine& engine;
  std::string_view ledger;
  uint64_t events;
  const StreamHeads& streams;
  const ExpectedEntries& expected;
  uint64_t requests;
};

// Hears how much is done; false ends the check with CANCELLED.
using OnDone = std::function<bool(uint64_t done)>;

// Both: DATA_LOSS with the first entry that is wrong; `audit` gets its position and the counts.
absl::Status CheckStreamHeads(const ReadLog& log, LedgerAudit& audit);

// The index is in the order of streams and revisions, so that it has an entry for just the
// revisions that the log has is seen at once. Whether each leads to the right place is compared by
// fingerprint; only when these differ each entry is followed, which takes much longer, to name the
// first that leads astray.
absl::Status CheckIndex(const ReadLog& log, const FingerprintPoint& point, const OnDone& on_done,
                        LedgerAudit& audit);

}  // namespace caseledger::eventstore
