// Where the log, and in a database the vault's rows, are: opened for one program at a time.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/random.h"
#include "eventstore/engine/engine.h"
#include "eventstore/engine/rocksdb/rocksdb_engine.h"
#include "eventstore/postgres/lease.h"
#include "eventstore/vault/vault_store.h"

namespace caseledger::app {

inline constexpr char kRocksDb[] = "rocksdb";
inline constexpr char kPostgres[] = "postgres";
inline constexpr char kDsnVariable[] = "CASELEDGER_DSN";
inline constexpr char kReadDsnVariable[] = "CASELEDGER_READ_DSN";

// What people choose, with flags of the same names.
struct StorageChoice {
  std::string engine = kRocksDb;  // or kPostgres
  std::string dsn;                // of PostgreSQL: libpq's connection string or URI
  std::string read_dsn;           // of its standbys; may be empty
  int db_connections = 16;
  // How long a server that is silent keeps its ledgers.
  int lease_seconds = 5;
  // Of all sessions of the copies of this choice.
  std::shared_ptr<eventstore::NewestTimeline> newest_timeline =
      std::make_shared<eventstore::NewestTimeline>();
  std::shared_ptr<eventstore::PostgresPageCounts> page_counts =
      std::make_shared<eventstore::PostgresPageCounts>();

  bool in_database() const { return engine == kPostgres; }
  // INVALID_ARGUMENT: an engine without its connection string, or one that has none with it.
  absl::Status Check() const;
};

struct StorageOptions {
  StorageChoice choice;
  std::string data_dir;  // of RocksDB
  // Where this program answers calls, told to those that wait for the ledgers; may be empty.
  std::string address;
  // While another program has the ledgers: hears which, some times a second; false gives up.
  // Empty: as long as it takes one that died to lose its lease.
  std::function<bool(const eventstore::PostgresLease::Waiting& waiting)> wait;
  // Asked as often, with or without `wait`; true gives up. May be empty.
  std::function<bool()> stop_waiting;
  // As PostgresLeaseOptions::on_change; may be empty.
  std::function<void(const absl::Status&)> on_lease;
};

// Thread-safe once the ledgers are guarded.
class Storage {
 public:
  // The directory must be there.
  //
  // FAILED_PRECONDITION  another program has it; a database that is not migrated
  // INVALID_ARGUMENT     as StorageChoice::Check
  // and as the engines say
  static absl::StatusOr<std::unique_ptr<Storage>> Open(const StorageOptions& options,
                                                       RandomSource& random);
  ~Storage() { Close().IgnoreError(); }

  eventstore::Engine& engine() { return *engine_; }
  // Null when the log is elsewhere.
  eventstore::RocksDbStore* rocksdb() { return rocksdb_; }
  bool in_database() const { return lease_ != nullptr; }

  // Before anything of a ledger is read: what another program would still write to those that are
  // there is refused from now on. As PostgresLease::Guard.
  absl::Status GuardAll();
  // FAILED_PRECONDITION: ledgers that go on elsewhere, or are not copied here to their end. None is
  // served then, nor made: they would share a vault's wrapping keys with those.
  absl::Status CheckServable() const;
  // Makes a ledger that is new, and guards it; whether it was. As CheckServable.
  absl::StatusOr<bool> MakeLedger(const std::string& ledger, Clock& clock);

  // The vault's rows when they are in the database; else null. Must not outlive the storage.
  std::unique_ptr<eventstore::VaultStore> OpenVaultStore();

  // Whether this program may still show what it knows: as PostgresLease::Check.
  absl::Status Check() const;

  // After the last write.
  absl::Status Close();

 private:
  Storage() = default;
  absl::Status Guard(const std::string& ledger);

  StorageChoice choice_;
  RandomSource* random_ = nullptr;
  std::unique_ptr<eventstore::PostgresLease> lease_;
  std::unique_ptr<eventstore::Engine> engine_;
  eventstore::RocksDbStore* rocksdb_ = nullptr;
  bool closed_ = false;
};

// The log in a database, to be read beside whoever works on it: nothing can be written to a ledger
// that was ever worked on. As OpenPostgresEngine.
absl::StatusOr<std::unique_ptr<eventstore::Engine>> OpenToRead(const StorageChoice& choice,
                                                               RandomSource& random);

// The vault's rows in the database, to be read beside whoever works on them; written is nothing.
std::unique_ptr<eventstore::VaultStore> OpenVaultToRead(const StorageChoice& choice,
                                                        RandomSource& random);

// Host and process, as others are told of this program.
std::string ThisProgram();

}  // namespace caseledger::app
