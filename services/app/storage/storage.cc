#include "services/app/storage/storage.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "eventstore/base/scheduler.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/engine/ledger_rules.h"
#include "eventstore/engine/postgres/postgres_engine.h"
#include "eventstore/postgres/dsn.h"
#include "eventstore/sequencer/sequencer.h"
#include "eventstore/vault/postgres/postgres_vault_store.h"

namespace caseledger::app {
namespace {

// What the vault writes beside the log's sessions.
constexpr size_t kVaultSessions = 4;

Micros PatienceOf(const StorageChoice& choice) { return choice.lease_seconds * kMicrosPerSecond; }

eventstore::PostgresSession SessionOf(const StorageChoice& choice) {
  eventstore::PostgresSession session;
  session.dsn = choice.dsn;
  session.newest_timeline = choice.newest_timeline;
  // A server that stops in the middle of a commit gives the ledger's head back with its lease.
  session.idle_in_transaction_timeout = PatienceOf(choice);
  return session;
}

eventstore::PostgresVaultOptions VaultRowsIn(const StorageChoice& choice) {
  eventstore::PostgresVaultOptions vault;
  vault.session = SessionOf(choice);
  vault.max_connections = kVaultSessions;
  return vault;
}

eventstore::PostgresOptions LogIn(const StorageChoice& choice) {
  eventstore::PostgresOptions log;
  log.session = SessionOf(choice);
  log.read_dsn = choice.read_dsn;
  log.page_counts = choice.page_counts;
  log.max_connections = static_cast<size_t>(choice.db_connections);
  return log;
}

// Who died without giving the lease back is silent for its patience.
bool IsAsLongAsDeathTakes(Micros begun, Micros patience) {
  return MonotonicNow() - begun < 2 * patience + kMicrosPerSecond;
}

absl::StatusOr<std::unique_ptr<eventstore::PostgresLease>> TakeLease(
    const StorageOptions& options) {
  eventstore::PostgresLeaseOptions wanted;
  wanted.session = SessionOf(options.choice);
  wanted.holder = ThisProgram();
  wanted.address = options.address;
  wanted.patience = PatienceOf(options.choice);
  wanted.on_change = options.on_lease;
  auto lease = std::make_unique<eventstore::PostgresLease>(std::move(wanted));
  const Micros begun = MonotonicNow();
  RETURN_IF_ERROR(lease->Take([&](const eventstore::PostgresLease::Waiting& waiting) {
    if (options.stop_waiting && options.stop_waiting()) return false;
    if (options.wait) return options.wait(waiting);
    return IsAsLongAsDeathTakes(begun, std::max(waiting.patience, PatienceOf(options.choice)));
  }));
  return lease;
}

}  // namespace

absl::Status StorageChoice::Check() const {
  if (engine != kRocksDb && engine != kPostgres) {
    return absl::InvalidArgumentError(
        StrCat("--engine ", engine, ": there are ", kRocksDb, " and ", kPostgres));
  }
  if (in_database() && dsn.empty()) {
    return absl::InvalidArgumentError(
        StrCat("--engine postgres needs --dsn, or ", kDsnVariable,
               ": PostgreSQL's connection string, such as \"host=db.example.org dbname=caseledger "
               "user=caseledger_server target_session_attrs=read-write\"; passwords belong into "
               "~/.pgpass"));
  }
  if (in_database()) {
    RETURN_IF_ERROR(eventstore::CheckPostgresDsn(dsn));
    const absl::Status read =
        read_dsn.empty() ? absl::OkStatus() : eventstore::CheckPostgresDsn(read_dsn);
    return read.ok() ? read
                     : absl::InvalidArgumentError(StrCat("--read-dsn: ", FromAbsl(read.message())));
  }
  for (const auto& [flag, value] : {std::pair{"--dsn", &dsn}, {"--read-dsn", &read_dsn}}) {
    if (value->empty()) continue;
    return absl::InvalidArgumentError(
        StrCat(flag, " is of a database, and the log is in RocksDB: give --engine postgres, too"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Storage>> Storage::Open(const StorageOptions& options,
                                                       RandomSource& random) {
  RETURN_IF_ERROR(options.choice.Check());
  std::unique_ptr<Storage> storage(new Storage);
  storage->choice_ = options.choice;
  storage->random_ = &random;
  if (!options.choice.in_database()) {
    eventstore::RocksDbOptions log;
    log.path = options.data_dir + "/log";
    ASSIGN_OR_RETURN(std::unique_ptr<eventstore::RocksDbStore> opened,
                     eventstore::OpenRocksDbEngine(log));
    storage->rocksdb_ = opened.get();
    storage->engine_ = std::move(opened);
    return storage;
  }
  ASSIGN_OR_RETURN(storage->lease_, TakeLease(options));
  eventstore::PostgresOptions log = LogIn(options.choice);
  log.lease = storage->lease_.get();
  ASSIGN_OR_RETURN(storage->engine_, eventstore::OpenPostgresEngine(log, random));
  return storage;
}

absl::Status Storage::Guard(const std::string& ledger) {
  return lease_ == nullptr ? absl::OkStatus() : lease_->Guard(ledger);
}

absl::Status Storage::GuardAll() {
  ASSIGN_OR_RETURN(const auto ledgers, engine_->ListLedgers());
  for (const auto& info : ledgers) {
    // Nobody writes to it any more, and whoever serves it is told so when it is opened.
    if (!info.has_moved()) RETURN_IF_ERROR(Guard(info.ledger()));
  }
  return absl::OkStatus();
}

absl::Status Storage::CheckServable() const {
  ASSIGN_OR_RETURN(const auto ledgers, engine_->ListLedgers());
  for (const auto& info : ledgers) RETURN_IF_ERROR(eventstore::CheckServable(info));
  return absl::OkStatus();
}

absl::StatusOr<bool> Storage::MakeLedger(const std::string& ledger, Clock& clock) {
  RETURN_IF_ERROR(CheckServable());
  const absl::Status made = eventstore::CreateLedger(*engine_, ledger, clock, *random_);
  if (!absl::IsAlreadyExists(made)) RETURN_IF_ERROR(made);
  RETURN_IF_ERROR(Guard(ledger));
  return made.ok();
}

std::unique_ptr<eventstore::VaultStore> Storage::OpenVaultStore() {
  if (lease_ == nullptr) return nullptr;
  eventstore::PostgresVaultOptions options = VaultRowsIn(choice_);
  options.lease = lease_.get();
  return eventstore::OpenPostgresVaultStore(options, *random_);
}

absl::Status Storage::Check() const {
  return lease_ == nullptr ? absl::OkStatus() : lease_->Check();
}

absl::Status Storage::Close() {
  if (closed_ || engine_ == nullptr) return absl::OkStatus();
  closed_ = true;
  absl::Status status = engine_->Close();
  if (lease_ != nullptr) lease_->GiveBack();
  return status;
}

absl::StatusOr<std::unique_ptr<eventstore::Engine>> OpenToRead(const StorageChoice& choice,
                                                               RandomSource& random) {
  return eventstore::OpenPostgresEngine(LogIn(choice), random);
}

std::unique_ptr<eventstore::VaultStore> OpenVaultToRead(const StorageChoice& choice,
                                                        RandomSource& random) {
  return eventstore::OpenPostgresVaultStore(VaultRowsIn(choice), random);
}

std::string ThisProgram() {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host[0] = '?';
  return StrCat(host.data(), ", process ", getpid());
}

}  // namespace caseledger::app
