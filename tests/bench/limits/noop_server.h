// The limit of single commands: the same calls, over the same transport, to a server that does
// nothing.
#pragma once

#include "services/app/server/options.h"

namespace caseledger::bench {

// Serves with the certificates of `options` until its standard input ends: TLS as our server's, but
// nobody is asked who they are beyond their certificate, for that is our work and not gRPC's. Says
// `listening on PORT` on standard error.
int RunNoopServer(const app::ServerOptions& options);

}  // namespace caseledger::bench
