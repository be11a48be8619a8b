// The limit of single commands: the same calls, over the same transport, to a server that does
// nothing.
#pragma once

namespace caseledger::bench {

// Serves until its standard input ends. Says `listening on PORT` on standard error.
int RunNoopServer();

}  // namespace caseledger::bench
