// The server in this program, with choices that `caseledgerd` does not offer; run as a process of
// its own, as every server that is measured.
#pragma once

#include <string>

namespace caseledger::bench {

// Serves the ledger of the workloads until SIGTERM, which ends it as it ends `caseledgerd`. Says
// `listening on PORT` on standard error. Without the tree nothing is signed either, and no heads
// are committed.
int RunEmbeddedServer(const std::string& data_dir, bool keep_tree);

}  // namespace caseledger::bench
