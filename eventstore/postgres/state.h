// What a database holds, for whoever operates it. Changes nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/postgres/postgres_options.h"

namespace caseledger::eventstore {

struct PostgresState {
  struct OfVault {
    std::string vault;
    std::string holder;   // of its lease; empty: given back
    int64_t token = 0;    // how often the lease was taken
    std::string address;  // at which the holder answers calls; empty: nowhere
  };
  struct OfLedger {
    std::string ledger;
    uint64_t events = 0;
  };
  int schema_version = 0;  // 0: not migrated
  bool fsync = true;
  // PostgreSQL's synchronous_standby_names; empty: a commit waits for no standby.
  std::string synchronous_standbys;
  std::vector<OfVault> vaults;    // by name, as the ledgers; none when this program
  std::vector<OfLedger> ledgers;  // does not know the version
};

// FAILED_PRECONDITION  the login is refused, or the role may not read
// UNAVAILABLE          the database did not answer
absl::StatusOr<PostgresState> LookAtPostgres(const PostgresSession& session);

}  // namespace caseledger::eventstore
