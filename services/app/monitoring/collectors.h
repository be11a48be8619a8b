// What is read whenever Prometheus asks. Every function is thread-safe and cheap: it takes no lock
// that a commit would wait for, but for an instant, and waits for nobody else.
#pragma once

#include <string>
#include <vector>

#include "eventstore/base/clock.h"
#include "eventstore/postgres/postgres_options.h"
#include "projections/runtime/runtime.h"
#include "services/access/identity/authenticator.h"
#include "services/app/monitoring/families.h"
#include "services/app/vault/vault_files.h"
#include "services/commands/ledgers.h"

namespace caseledger::app {

// Of each ledger, access trails included: events, whether it takes more, what waits, how large and
// how slow its durable writes are, who follows it.
Families LogMetrics(const commands::Ledgers& ledgers);

struct LedgerHealth {
  std::string ledger;
  std::vector<projections::ProjectionHealth> projections;
};

// How far each projection is behind; in time, too, when that was measured.
Families ProjectionMetrics(const std::vector<LedgerHealth>& ledgers,
                           projections::Runtime::Ages ages);
// The same, and what reports take. May read one event of storage for each that is behind.
Families ProjectionMetrics(const commands::Ledgers& ledgers);

// Whether a server stands by, and while it does how far its read models are behind.
Families StandbyMetrics(bool stands_by, const std::vector<LedgerHealth>& ledgers);
// Of callers' connections that go on to the server at work.
Families PassingOnMetrics(int64_t connections);

// How far the newest published checkpoint of each signed ledger is behind. May read two events of
// storage for each that is.
Families CheckpointMetrics(const commands::Ledgers& ledgers, Clock& clock);

// Who was refused, by reason alone. Refusals of people are on the access trails with their names.
Families AccessMetrics(const commands::Ledgers& ledgers,
                       const access::Authenticator& authenticator);

// Whether the vault is there, and how old its wrapping keys are. Reads a few rows of the vault.
Families VaultMetrics(VaultFiles& vault);

// Where events that were read from a database came from.
Families DatabaseMetrics(const eventstore::PostgresPageCounts& pages);

// Where a server keeps what grows.
struct DataPlaces {
  std::string data_dir;
  std::string log;
  std::string read_models;
  std::string vault;
};
// Room on the disks, and the sizes of what is there. Looks at every file's size: a few for each
// gigabyte.
Families DiskMetrics(const DataPlaces& places);

}  // namespace caseledger::app
