// The signers of a server's ledgers, from its options.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/random.h"
#include "eventstore/engine/engine.h"
#include "eventstore/signing/signer.h"
#include "services/app/server/options.h"

namespace caseledger::app {

// Before anything is opened, made or put aside. INVALID_ARGUMENT: names the flag and what to do.
absl::Status CheckSigning(const ServerOptions& options);

// A ledger goes on as another log together with its access trail, or the trail alone does.
bool TakesNewOrigin(const ServerOptions& options, const std::string& ledger);

// As eventstore::Signer::Open, with the keys and checkpoints where the options say. What becomes of
// witnesses is in the server's log.
absl::StatusOr<std::unique_ptr<eventstore::Signer>> OpenSigner(const ServerOptions& options,
                                                               const std::string& ledger,
                                                               eventstore::Engine& engine,
                                                               Clock& clock, RandomSource& random);

}  // namespace caseledger::app
