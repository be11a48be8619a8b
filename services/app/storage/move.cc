#include "services/app/storage/move.h"

#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/copy/vault_rows_copy.h"
#include "eventstore/engine/rocksdb/backup/rocksdb_backup.h"
#include "eventstore/vault/rocksdb/rocksdb_vault_store.h"

namespace caseledger::app {
namespace {

enum class End { kFrom, kTo };

std::string VaultDirOf(const MovePlace& place) {
  return place.vault_dir.empty() ? place.data_dir + "/vault" : place.vault_dir;
}

std::string ForPeople(const MovePlace& place) {
  return place.choice.in_database() ? "PostgreSQL (--engine postgres)" : place.data_dir;
}

absl::Status CheckPlace(const MovePlace& place, End end) {
  if (end == End::kTo && place.choice.in_database() && place.choice.dsn.empty()) {
    return absl::InvalidArgumentError(
        "--to-engine postgres needs --to-dsn: the connection string of the database to move to");
  }
  RETURN_IF_ERROR(place.choice.Check());
  if (place.choice.in_database()) return absl::OkStatus();
  if (place.data_dir.empty()) {
    return absl::InvalidArgumentError(
        end == End::kFrom ? "--data-dir says where the ledgers are, unless --engine is postgres"
                          : "--to-data-dir says where to, unless --to-engine is postgres");
  }
  if (end == End::kTo) return absl::OkStatus();
  RETURN_IF_ERROR(eventstore::CheckNotRestoring(place.data_dir));
  std::error_code error;
  // RocksDB would make an empty one.
  if (std::filesystem::exists(place.data_dir + "/log/CURRENT", error)) return absl::OkStatus();
  return absl::NotFoundError(StrCat("there are no ledgers in ", place.data_dir));
}

absl::Status MakeDirectory(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::create_directories(path, error) && error) {
    return absl::UnavailableError(
        StrCat("cannot create the directory ", path, ": ", error.message()));
  }
  std::filesystem::permissions(path, std::filesystem::perms::owner_all, error);
  return absl::OkStatus();
}

// Both ends, opened for this program alone.
class Ends {
 public:
  Ends(const MoveOptions& options, RandomSource& random) : options_(options), random_(random) {}

  absl::Status Open() {
    RETURN_IF_ERROR(CheckPlace(options_.from, End::kFrom));
    RETURN_IF_ERROR(CheckPlace(options_.to, End::kTo));
    ASSIGN_OR_RETURN(from_, OpenStorage(options_.from));
    RETURN_IF_ERROR(from_->GuardAll());
    ASSIGN_OR_RETURN(from_vault_, OpenVault(*from_, options_.from, /*make=*/false));
    if (!options_.to.choice.in_database()) RETURN_IF_ERROR(MakeDirectory(options_.to.data_dir));
    ASSIGN_OR_RETURN(to_, OpenStorage(options_.to));
    RETURN_IF_ERROR(to_->GuardAll());
    ASSIGN_OR_RETURN(to_vault_, OpenVault(*to_, options_.to, /*make=*/true));
    return absl::OkStatus();
  }

  Storage& from() { return *from_; }
  Storage& to() { return *to_; }
  eventstore::VaultStore& from_vault() { return *from_vault_; }
  eventstore::VaultStore& to_vault() { return *to_vault_; }
  // Whether nobody else can have written meanwhile.
  absl::Status Check() const {
    RETURN_IF_ERROR(from_->Check());
    return to_->Check();
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

  static absl::StatusOr<std::unique_ptr<eventstore::VaultStore>> OpenVault(Storage& storage,
                                                                           const MovePlace& place,
                                                                           bool make) {
    if (storage.in_database()) return storage.OpenVaultStore();
    eventstore::RocksDbVaultOptions vault;
    vault.path = VaultDirOf(place);
    vault.create_if_missing = make;
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

}  // namespace

absl::StatusOr<Moved> MoveLedgers(const MoveOptions& options, Clock& clock, RandomSource& random) {
  Ends ends(options, random);
  RETURN_IF_ERROR(ends.Open());
  eventstore::LedgersCopyOptions how;
  how.clock = &clock;
  how.random = &random;
  how.place = ForPeople(options.to);
  how.helpers = options.helpers;
  absl::Status held;
  how.on_step = [&](const eventstore::CopyStep& step) {
    held = ends.Check();
    return held.ok() && (!options.on_step || options.on_step(step));
  };
  eventstore::LedgersCopy copy(ends.from().engine(), ends.to().engine(), how);
  RETURN_IF_ERROR(copy.Begin());
  RETURN_IF_ERROR(ends.to().GuardAll());
  Moved moved;
  moved.copy_id = copy.copy_id();
  moved.was_done = copy.was_done();
  // Keys first: there is never a record without its key.
  if (!copy.was_ending()) {
    ASSIGN_OR_RETURN(moved.vault_rows, eventstore::CopyVaultRows(ends.from_vault(), ends.to_vault(),
                                                                 options.on_vault_rows));
  }
  absl::Status copied = copy.Copy();
  if (copied.ok()) copied = copy.Check();
  RETURN_IF_ERROR(held);
  RETURN_IF_ERROR(copied);
  if (!copy.was_ending()) {
    RETURN_IF_ERROR(eventstore::CheckSameVaultRows(ends.from_vault(), ends.to_vault()));
  }
  RETURN_IF_ERROR(ends.Check());
  RETURN_IF_ERROR(copy.End());
  moved.ledgers = copy.ledgers();
  RETURN_IF_ERROR(ends.Close());
  return moved;
}

}  // namespace caseledger::app
