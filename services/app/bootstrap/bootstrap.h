// The first administrator of a ledger, and its first rules: granted on the machine itself, because
// until then nobody may grant anything.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/random.h"
#include "services/app/storage/storage.h"
#include "services/app/vault/vault_files.h"

namespace caseledger::app {

struct BootstrapRequest {
  std::string data_dir;
  StorageChoice storage;
  std::string vault_dir;         // empty: in the data directory, as the next one
  std::string wrapping_key_dir;  // both are made when they are new
  WrappingToken token;           // or the keys are in a token
  std::string ledger;            // created when it is new
  std::string agency;            // registered when it is new, as of kind `operator`
  std::string agency_name;
  std::string person;  // the administrator, by the agency's own name
  std::string rules;   // text of the access rules
};

struct BootstrapResult {
  uint64_t rules_version = 0;
  uint64_t event_count = 0;  // of the ledger
};

// Records the agency, the grant of `administrator`, and the rules, for a server that is stopped.
// Once in the life of a ledger.
//
// ALREADY_EXISTS       rules were loaded before
// INVALID_ARGUMENT     the rules or a name are wrong; says line and reason
// FAILED_PRECONDITION  a server uses the data directory, or the database
absl::StatusOr<BootstrapResult> Bootstrap(const BootstrapRequest& request, Clock& clock,
                                          RandomSource& random);

}  // namespace caseledger::app
