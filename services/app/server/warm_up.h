// Keeps the read models of a server that stands by up to date, so that it need not read the whole
// log when it takes over.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/random.h"
#include "eventstore/engine/engine.h"
#include "eventstore/log.h"
#include "eventstore/sealing/data_keys.h"
#include "eventstore/sealing/fact_sealer.h"
#include "projections/read_model/read_model.h"
#include "projections/runtime/runtime.h"
#include "services/app/monitoring/collectors.h"
#include "services/app/storage/storage.h"

namespace caseledger::app {

// Reads the database and never writes to it. What is personal stays sealed: the search for persons
// is not kept up.
//
// Not thread-safe.
class WarmUp {
 public:
  // Begins with those of the ledgers, and their access trails, that are there. Errors as of
  // OpenPostgresEngine and OpenLog; then the read models catch up after the takeover.
  static absl::StatusOr<std::unique_ptr<WarmUp>> Start(const StorageChoice& choice,
                                                       const std::set<std::string>& ledgers,
                                                       projections::ReadModelStore& read_models,
                                                       Clock& clock, RandomSource& random);
  ~WarmUp() { Stop(); }

  // Of each ledger, without ages. Reads nothing of the database.
  std::vector<LedgerHealth> Health() const;
  // Why a ledger is followed no more, if one is not. UNAVAILABLE: for the time being.
  absl::Status CheckFollowing() const;

  // Before the ledgers are opened for work. Idempotent.
  void Stop();

 private:
  struct Followed {
    std::string ledger;
    std::unique_ptr<eventstore::EventLog> log;
    std::unique_ptr<projections::Runtime> runtime;
  };

  explicit WarmUp(RandomSource& random);
  absl::Status Follow(const std::string& ledger, projections::ReadModelStore& read_models,
                      Clock& clock);

  std::unique_ptr<eventstore::DataKeys> no_keys_;
  std::unique_ptr<eventstore::FactSealer> sealer_;
  std::unique_ptr<eventstore::Engine> engine_;
  std::vector<Followed> followed_;
};

}  // namespace caseledger::app
