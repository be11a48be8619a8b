// A data directory whose ledger has its first administrator and the delivered rules.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "eventstore/base/clock.h"
#include "services/app/storage/storage.h"

namespace caseledger::testing {

// As `caseledger access bootstrap` does for Administrator(), while no server uses the directory;
// the ledger is made if it is new, where StorageFor the directory says. The errors of
// app::Bootstrap.
absl::Status BootstrapLedger(const std::string& data_dir, const std::string& ledger, Clock& clock);
// The same in the storage.
absl::Status BootstrapLedgerIn(const app::StorageChoice& storage, const std::string& data_dir,
                               const std::string& ledger, Clock& clock);

}  // namespace caseledger::testing
