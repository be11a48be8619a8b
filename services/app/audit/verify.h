// Checks a bundle without a server: names the first thing that is wrong.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "caseledger/v1/common.pb.h"
#include "eventstore/base/clock.h"
#include "eventstore/verifiable/signing_key.h"
#include "services/app/audit/bundle.h"

namespace caseledger::audit {

struct VerifyOptions {
  // Keys of the log, of which one must have signed; got in another way than with the bundle.
  std::vector<eventstore::VerifierKey> log_keys;
  // Keys of witnesses; each must have cosigned.
  std::vector<eventstore::VerifierKey> witness_keys;
  // The record that the bundle should be about: its UUID or an external reference. Empty: any.
  std::string record;
  // Hears after each event how many were checked. May be empty.
  std::function<void(uint64_t checked, uint64_t total)> progress;
};

// What a good bundle shows.
struct Verified {
  BundleFacts facts;
  std::string origin;
  uint64_t checkpoint_size = 0;
  // Nothing of the record is missing among the ledger's first so many events; that was committed
  // then.
  uint64_t complete_up_to = 0;
  Micros committed_at = 0;
  std::vector<std::string> cosigned_by;  // names of witnesses
  std::vector<v1::RecordedEvent> events;
};

// Everything but the readable files.
// DATA_LOSS            the bundle does not show what it claims; the message begins with the file
// INVALID_ARGUMENT     a key in `options` that cannot be used
// UNAVAILABLE          a file cannot be read
absl::StatusOr<Verified> VerifyProofs(const std::string& directory, const VerifyOptions& options);

// VerifyProofs, and then that the readable files say what the proven ones do and nothing is in the
// folder that does not belong there.
absl::StatusOr<Verified> VerifyBundle(const std::string& directory, const VerifyOptions& options);

}  // namespace caseledger::audit
