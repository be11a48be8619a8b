#include "tests/support/bootstrapped.h"

#include "eventstore/base/random.h"
#include "services/app/bootstrap/bootstrap.h"
#include "tests/support/admission.h"
#include "tests/support/test_storage.h"

namespace caseledger::testing {

absl::Status BootstrapLedger(const std::string& data_dir, const std::string& ledger, Clock& clock) {
  return BootstrapLedgerIn(StorageFor(data_dir), data_dir, ledger, clock);
}

absl::Status BootstrapLedgerIn(const app::StorageChoice& storage, const std::string& data_dir,
                               const std::string& ledger, Clock& clock) {
  const Caller administrator = Administrator();
  app::BootstrapRequest request;
  request.data_dir = data_dir;
  request.storage = storage;
  request.ledger = ledger;
  request.agency = administrator.agency;
  request.agency_name = "Sở";
  request.person = administrator.actor;
  request.rules = DeliveredRules();
  return app::Bootstrap(request, clock, SystemRandom()).status();
}

}  // namespace caseledger::testing
