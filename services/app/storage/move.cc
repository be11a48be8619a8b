#include "services/app/storage/move.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include "eventstore/backup/durable_file.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/copy/vault_rows_copy.h"
#include "eventstore/engine/rocksdb/backup/rocksdb_backup.h"
#include "eventstore/vault/rocksdb/rocksdb_vault_store.h"
#include "eventstore/vault/vault_rows.h"
#include "services/app/storage/places.h"

namespace caseledger::app {
namespace {

namespace fs = std::filesystem;

std::string VaultDirOf(const MovePlace& place) {
  return place.vault_dir.empty() ? place.data_dir + "/vault" : place.vault_dir;
}

std::string ForPeople(const MovePlace& place) {
  return place.choice.in_database() ? "PostgreSQL (--engine postgres)" : place.data_dir;
}

bool IsThere(const std::string& database) {
  std::error_code error;
  return fs::exists(database + "/CURRENT", error);
}

absl::Status CheckFrom(const MovePlace& from) {
  RETURN_IF_ERROR(from.choice.Check());
  if (from.choice.in_database()) return absl::OkStatus();
  if (from.data_dir.empty()) {
    return absl::InvalidArgumentError(
        "--data-dir says where the ledgers are, unless --engine is postgres");
  }
  RETURN_IF_ERROR(eventstore::CheckNotRestoring(from.data_dir));
  // RocksDB would make an empty one.
  if (IsThere(from.data_dir + "/log")) return absl::OkStatus();
  return absl::NotFoundError(StrCat("there are no ledgers in ", from.data_dir));
}

absl::Status CheckTo(const MovePlace& to) {
  if (to.choice.in_database()) {
    if (!to.data_dir.empty() || !to.vault_dir.empty()) {
      return absl::InvalidArgumentError(
          "--to-data-dir and --to-vault-dir are for --to-engine rocksdb");
    }
    if (!to.choice.dsn.empty()) return to.choice.Check();
    return absl::InvalidArgumentError(
        "--to-engine postgres needs --to-dsn: the connection string of the database to move to");
  }
  if (!to.choice.dsn.empty()) {
    return absl::InvalidArgumentError("--to-dsn is for --to-engine postgres");
  }
  if (to.data_dir.empty()) {
    return absl::InvalidArgumentError(
        "--to-data-dir says where to, unless --to-engine is postgres");
  }
  return eventstore::CheckNotRestoring(to.data_dir);
}

// RocksDB does not see that two paths of one program lead to one directory.
absl::Status CheckEndsApart(const MovePlace& from, const MovePlace& to) {
  if (from.choice.in_database() && to.choice.in_database() && from.choice.dsn == to.choice.dsn) {
    return absl::InvalidArgumentError("both ends are the same database");
  }
  if (from.choice.in_database() || to.choice.in_database()) return absl::OkStatus();
  for (const std::string& of_from : {from.data_dir, VaultDirOf(from)}) {
    for (const std::string& of_to : {to.data_dir, VaultDirOf(to)}) {
      if (!HoldOneAnother(of_from, of_to)) continue;
      return absl::InvalidArgumentError(
          StrCat(of_to, " is or lies in ", of_from, ", or the other way round: give new ones"));
    }
  }
  return absl::OkStatus();
}

// Both ends, opened for this program alone.
class Ends {
 public:
  Ends(const MoveOptions& options, RandomSource& random) : options_(options), random_(random) {}

  absl::Status OpenLedgers() {
    RETURN_IF_ERROR(CheckFrom(options_.from));
    RETURN_IF_ERROR(CheckTo(options_.to));
    RETURN_IF_ERROR(CheckEndsApart(options_.from, options_.to));
    ASSIGN_OR_RETURN(from_, OpenStorage(options_.from));
    RETURN_IF_ERROR(from_->GuardAll());
    if (!options_.to.choice.in_database()) {
      RETURN_IF_ERROR(eventstore::MakeDirectoryDurably(options_.to.data_dir));
    }
    ASSIGN_OR_RETURN(to_, OpenStorage(options_.to));
    return to_->GuardAll();
  }

  // `was_copied`: by an earlier run, which ended an original. Then it must be there, and where it
  // came from it need not be any more.
  absl::Status OpenVaults(bool was_copied) {
    ASSIGN_OR_RETURN(from_vault_, OpenVault(*from_, options_.from, /*make=*/false));
    ASSIGN_OR_RETURN(to_vault_, OpenVault(*to_, options_.to, /*make=*/!was_copied));
    if (!was_copied) {
      if (from_vault_ != nullptr) {
        return eventstore::CheckMayCopyVault(*from_vault_, *to_vault_);
      }
      return absl::NotFoundError(
          StrCat("there is no vault in ", VaultDirOf(options_.from),
                 ", without whose keys nothing personal in the ledgers can be read: give "
                 "--vault-dir the server's"));
    }
    std::optional<std::string> info;
    if (to_vault_ != nullptr) {
      ASSIGN_OR_RETURN(info, to_vault_->Get(eventstore::VaultRows::Info()));
    }
    if (!info.has_value()) {
      return absl::FailedPreconditionError(
          StrCat("the vault was copied before, and is not in ", VaultDirOf(options_.to),
                 ": give --to-vault-dir the folder it was copied to"));
    }
    return from_vault_ == nullptr ? absl::OkStatus()
                                  : eventstore::CheckMayCopyVault(*from_vault_, *to_vault_);
  }

  Storage& from() { return *from_; }
  Storage& to() { return *to_; }
  eventstore::VaultStore& from_vault() { return *from_vault_; }
  eventstore::VaultStore& to_vault() { return *to_vault_; }
  // The one whose rows are faster to look at, once they are the same.
  eventstore::VaultStore& near_vault() {
    return to_->in_database() && from_vault_ != nullptr ? *from_vault_ : *to_vault_;
  }
  // Whether nobody else can have written meanwhile.
  absl::Status Check() const {
    RETURN_IF_ERROR(from_->Check());
    return to_->Check();
  }
  // Entries of new directories survive a power cut.
  absl::Status Sync() const {
    if (options_.to.choice.in_database()) return absl::OkStatus();
    RETURN_IF_ERROR(eventstore::SyncDirectory(options_.to.data_dir));
    const fs::path vault = fs::absolute(VaultDirOf(options_.to));
    return eventstore::SyncDirectory(vault.parent_path().string());
  }
  absl::Status Close() {
    to_vault_.reset();
    from_vault_.reset();
    RETURN_IF_ERROR(to_->Close());
    return from_->Close();
  }

 private:
  absl::StatusOr<std::unique_ptr<Storage>> OpenStorage(const MovePlace& place) {
    StorageOptions storage;
    storage.choice = place.choice;
    storage.data_dir = place.data_dir;
    storage.stop_waiting = options_.stop_waiting;
    return Storage::Open(storage, random_);
  }

  // Null when there is none and none is to be made.
  static absl::StatusOr<std::unique_ptr<eventstore::VaultStore>> OpenVault(Storage& storage,
                                                                           const MovePlace& place,
                                                                           bool make) {
    if (storage.in_database()) return storage.OpenVaultStore();
    eventstore::RocksDbVaultOptions vault;
    vault.path = VaultDirOf(place);
    vault.create_if_missing = make;
    // RocksDB would leave files behind where there is none.
    if (!make && !IsThere(vault.path)) return std::unique_ptr<eventstore::VaultStore>();
    return eventstore::OpenRocksDbVaultStore(vault);
  }

  const MoveOptions& options_;
  RandomSource& random_;
  // In the order of opening: the vaults are closed first.
  std::unique_ptr<Storage> from_;
  std::unique_ptr<Storage> to_;
  std::unique_ptr<eventstore::VaultStore> from_vault_;
  std::unique_ptr<eventstore::VaultStore> to_vault_;
};

absl::Status CheckWrappingKeys(const MoveOptions& options, const eventstore::VaultStore& rows,
                               Clock& clock, RandomSource& random) {
  VaultPlace place =
      VaultIn(options.from.data_dir, options.from.vault_dir, options.wrapping_key_dir);
  if (options.wrapping_key_dir.empty() && options.from.data_dir.empty() &&
      options.token.module_path.empty()) {
    return absl::InvalidArgumentError(
        "--wrapping-key-dir, or a token, is needed: the vault's wrapping keys are looked at before "
        "anything is ended");
  }
  place.token = options.token;
  absl::Status found = VaultFiles::CheckWrappingKeys(place, rows, clock, random);
  if (!absl::IsUnavailable(found)) return found;
  return absl::FailedPreconditionError(
      StrCat(FromAbsl(found.message()),
             ". Give --wrapping-key-dir the folder of the vault's wrapping keys, or its token"));
}

// All but opening the ledgers, closing them, and what people are told.
absl::StatusOr<Moved> MoveBetween(Ends& ends, const MoveOptions& options, Clock& clock,
                                  RandomSource& random) {
  eventstore::LedgersCopyOptions how;
  how.clock = &clock;
  how.random = &random;
  how.place = ForPeople(options.to);
  how.helpers = options.helpers;
  how.on_step = [&](const eventstore::CopyStep& step) {
    return ends.Check().ok() && (!options.on_step || options.on_step(step));
  };
  eventstore::LedgersCopy copy(ends.from().engine(), ends.to().engine(), how);
  RETURN_IF_ERROR(copy.Look());
  Moved moved;
  moved.copy_id = copy.copy_id();
  moved.was_done = copy.was_done();
  moved.ledgers = copy.ledgers();
  if (copy.was_done()) return moved;
  const bool was_copied = copy.was_ending();
  RETURN_IF_ERROR(ends.OpenVaults(was_copied));
  RETURN_IF_ERROR(
      CheckWrappingKeys(options, was_copied ? ends.to_vault() : ends.from_vault(), clock, random));
  RETURN_IF_ERROR(copy.Begin());
  RETURN_IF_ERROR(ends.to().GuardAll());
  // Keys first: there is never a record without its key.
  if (!was_copied) {
    ASSIGN_OR_RETURN(moved.vault_rows, eventstore::CopyVaultRows(ends.from_vault(), ends.to_vault(),
                                                                 options.on_vault_rows));
  }
  RETURN_IF_ERROR(copy.Copy());
  RETURN_IF_ERROR(copy.Check(was_copied ? ends.to_vault() : ends.near_vault()));
  if (!was_copied) {
    RETURN_IF_ERROR(eventstore::CheckSameVaultRows(ends.from_vault(), ends.to_vault()));
  }
  RETURN_IF_ERROR(ends.Sync());
  RETURN_IF_ERROR(ends.Check());
  RETURN_IF_ERROR(copy.End());
  moved.ledgers = copy.ledgers();
  return moved;
}

}  // namespace

absl::StatusOr<Moved> MoveLedgers(const MoveOptions& options, Clock& clock, RandomSource& random) {
  Ends ends(options, random);
  RETURN_IF_ERROR(ends.OpenLedgers());
  absl::StatusOr<Moved> moved = MoveBetween(ends, options, clock, random);
  if (!moved.ok()) {
    // What was found while somebody else could write shows nothing.
    absl::Status why = ends.Check();
    if (why.ok()) why = moved.status();
    if (!absl::IsUnavailable(why)) return why;
    return absl::UnavailableError(
        StrCat(FromAbsl(why.message()), ". Run it again: it goes on where it was"));
  }
  if (const absl::Status closed = ends.Close(); !closed.ok()) {
    return absl::UnavailableError(
        StrCat("the ledgers were moved; but closing them: ", FromAbsl(closed.message())));
  }
  return moved;
}

}  // namespace caseledger::app
