// A ledger on disk as a server leaves it behind: filled with events, signed at chosen sizes. Made
// without a server, which signs by the clock.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/verifiable/checkpoint.h"

namespace caseledger::testing {

struct SignedLedgerPlan {
  std::string data_dir;  // as `caseledgerd --data-dir` takes it
  std::string ledger;
  std::vector<uint64_t> signed_sizes;  // ascending; the last is the ledger's
  // From this size on, one of `signed_sizes`, a second key signs as well.
  uint64_t second_key_at = 0;
  uint64_t seed = 1;  // of what is recorded
};

struct SignedLedger {
  std::string origin;
  std::vector<std::string> checkpoints;            // signed notes, one for each size
  std::vector<eventstore::VerifierKey> verifiers;  // the older key first
};

// Records contacts of a hotline, many at a time, three events each. UNAVAILABLE and others: what
// storage or signer said.
absl::StatusOr<SignedLedger> MakeSignedLedger(const SignedLedgerPlan& plan);

// Where the ledger's keys are; see KeyRing.
std::string KeyFileOf(const SignedLedgerPlan& plan);

}  // namespace caseledger::testing
