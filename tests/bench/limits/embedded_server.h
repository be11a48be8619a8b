// The server in this program, with choices that `caseledgerd` does not offer; run as a process of
// its own, as every server that is measured.
#pragma once

#include "services/app/server/options.h"

namespace caseledger::bench {

// Serves until SIGTERM, which ends it as it ends `caseledgerd`. Says `listening on PORT` on
// standard error. Without `options.keep_tree` nothing is signed either, and no heads are committed.
int RunEmbeddedServer(const app::ServerOptions& options);

// The same, with what is personal left in the clear: it does nothing that sealing costs.
int RunUnsealedServer(const app::ServerOptions& options);

}  // namespace caseledger::bench
