#include "services/app/vault/vault_files.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/vault/keys/key_files.h"
#include "eventstore/vault/keys/pkcs11/pkcs11_keys.h"
#include "eventstore/vault/no_keys.h"
#include "eventstore/vault/rocksdb/rocksdb_vault_store.h"
#include "eventstore/vault/vault_rows.h"
#include "services/access/trail/trail.h"

namespace caseledger::app {
namespace {

absl::StatusOr<bool> AnyEvents(const eventstore::Engine& engine) {
  ASSIGN_OR_RETURN(const auto ledgers, engine.ListLedgers());
  for (const auto& info : ledgers) {
    ASSIGN_OR_RETURN(const eventstore::LedgerHead head, engine.LoadHead(info.ledger()));
    if (head.next_position > 0) return true;
  }
  return false;
}

absl::StatusOr<std::unique_ptr<eventstore::WrappingKeys>> OpenToken(const WrappingToken& token,
                                                                    bool make, Clock& clock,
                                                                    RandomSource& random) {
  eventstore::Pkcs11Options options;
  options.module_path = token.module_path;
  options.login.token_label = token.token_label;
  options.login.pin_file = token.pin_file;
  options.key_label = token.key_label;
  if (make) {
    auto made = eventstore::Pkcs11Keys::CreateFirst(options, clock, random);
    if (made.ok()) return *std::move(made);
    if (!absl::IsAlreadyExists(made.status())) return made.status();
  }
  return eventstore::Pkcs11Keys::Open(options, clock, random);
}

absl::StatusOr<std::unique_ptr<eventstore::WrappingKeys>> OpenWrappingKeys(
    const VaultPlace& place, eventstore::KeyFolderUse use, bool make, Clock& clock,
    RandomSource& random) {
  if (!place.token.module_path.empty()) return OpenToken(place.token, make, clock, random);
  const std::string& folder = place.wrapping_key_dir;
  if (make) {
    auto made = eventstore::KeyFiles::CreateFolder(folder, clock, random, use);
    if (made.ok()) return *std::move(made);
    if (!absl::IsAlreadyExists(made.status())) return made.status();
    // They are another's, whose changes of wrapping keys would destroy this one's and the other way
    // round. In a directory of one vault they are what a crash left.
    if (use == eventstore::KeyFolderUse::kByTurns) {
      return absl::FailedPreconditionError(
          StrCat("there are wrapping keys in ", folder,
                 " already, and no vault in the database yet: give a new vault an empty folder "
                 "of its own with --wrapping-key-dir. If they are what an interrupted bootstrap "
                 "left, remove them"));
    }
  }
  return eventstore::KeyFiles::Open(folder, clock, random, use);
}

absl::StatusOr<bool> HasVault(const VaultPlace& place, const eventstore::VaultStore* in_database) {
  std::error_code error;
  if (in_database == nullptr) {
    return std::filesystem::exists(place.vault_dir + "/CURRENT", error);
  }
  ASSIGN_OR_RETURN(const auto info, in_database->Get(eventstore::VaultRows::Info()));
  return info.has_value();
}

}  // namespace

absl::Status WrappingToken::Check() const {
  const bool any = !module_path.empty() || !token_label.empty() || !pin_file.empty();
  const bool all = !module_path.empty() && !token_label.empty() && !pin_file.empty();
  if (any == all && (!all || !key_label.empty())) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "wrapping keys in a token need --wrapping-token-module, --wrapping-token, "
      "--wrapping-pin-file and a label: give all, or none for files");
}

VaultPlace VaultIn(const std::string& data_dir, const std::string& vault_dir,
                   const std::string& wrapping_key_dir) {
  VaultPlace place;
  place.vault_dir = vault_dir.empty() ? data_dir + "/vault" : vault_dir;
  place.wrapping_key_dir =
      wrapping_key_dir.empty() ? data_dir + "/wrapping-keys" : wrapping_key_dir;
  return place;
}

absl::StatusOr<std::unique_ptr<VaultFiles>> VaultFiles::Open(
    const VaultPlace& place, const eventstore::Engine& engine, Clock& clock, RandomSource& random,
    std::unique_ptr<eventstore::VaultStore> in_database) {
  RETURN_IF_ERROR(place.token.Check());
  auto files = std::unique_ptr<VaultFiles>(new VaultFiles);
  const bool was_in_database = in_database != nullptr;
  const std::string where = was_in_database ? "in the database" : place.vault_dir;
  files->store_ = std::move(in_database);
  ASSIGN_OR_RETURN(const bool any_events, AnyEvents(engine));
  ASSIGN_OR_RETURN(const bool is_there, HasVault(place, files->store_.get()));
  const absl::Status opened = is_there || !any_events
                                  ? files->OpenThere(place, !is_there, clock, random)
                                  : absl::NotFoundError(StrCat("there is no vault ", where));
  // A database that does not answer is no vault that is missing: the next start may find it.
  const bool may_be_missing =
      absl::IsNotFound(opened) ||
      (absl::IsUnavailable(opened) && (files->wrapping_ == nullptr || !was_in_database));
  if (may_be_missing) {
    files->missing_ = absl::UnavailableError(
        StrCat("VAULT_MISSING: nothing personal can be recorded or shown until the vault ", where,
               " and its wrapping keys ",
               place.token.module_path.empty() ? place.wrapping_key_dir
                                               : StrCat("in the token ", place.token.token_label),

               " are back and the server is started again: ", FromAbsl(opened.message())));
    files->no_keys_ = std::make_unique<eventstore::NoKeys>();
    files->keys_ = files->no_keys_.get();
  } else if (!opened.ok()) {
    return opened;
  }
  files->sealer_ = std::make_unique<eventstore::KeyedSealer>(*files->keys_, random);
  return files;
}

absl::Status VaultFiles::OpenThere(const VaultPlace& place, bool make, Clock& clock,
                                   RandomSource& random) {
  // Of a vault in a database the lease decides whose turn it is.
  const auto use =
      store_ == nullptr ? eventstore::KeyFolderUse::kAlone : eventstore::KeyFolderUse::kByTurns;
  ASSIGN_OR_RETURN(wrapping_, OpenWrappingKeys(place, use, make, clock, random));
  if (store_ == nullptr) {
    eventstore::RocksDbVaultOptions store;
    store.path = place.vault_dir;
    store.create_if_missing = make;
    ASSIGN_OR_RETURN(store_, eventstore::OpenRocksDbVaultStore(store));
  }
  eventstore::VaultOptions options;
  options.clock = &clock;
  options.random = &random;
  options.accept_lost_keys = place.accept_lost_keys;
  options.companion_of = [](std::string_view ledger) {
    return access::IsTrailLedger(ledger) ? std::string() : access::TrailLedgerOf(ledger);
  };
  ASSIGN_OR_RETURN(vault_, eventstore::Vault::Open(*store_, *wrapping_, options));
  keys_ = vault_.get();
  return absl::OkStatus();
}

absl::Status VaultFiles::CheckWrappingKeys(const VaultPlace& place,
                                           const eventstore::VaultStore& rows, Clock& clock,
                                           RandomSource& random) {
  RETURN_IF_ERROR(place.token.Check());
  ASSIGN_OR_RETURN(const auto keys, OpenWrappingKeys(place, eventstore::KeyFolderUse::kByTurns,
                                                     /*make=*/false, clock, random));
  ASSIGN_OR_RETURN(const std::vector<eventstore::WrappingKeyInfo> there, keys->List());
  size_t missing = 0;
  RETURN_IF_ERROR(
      rows.Visit(eventstore::VaultRows::AllWrapping(), [&](std::string_view row, std::string_view) {
        const Uuid needed = eventstore::VaultRows::IdIn(row);
        missing += std::none_of(there.begin(), there.end(),
                                [&](const auto& key) { return key.id == needed; });
        return true;
      }));
  if (missing == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(StrCat(
      "the vault needs ", missing,
      " wrapping keys that are not here: give --wrapping-key-dir the folder, or the token, "
      "that its servers use. A copy of the vault from before the last change of wrapping keys "
      "cannot be opened any more"));
}

void VaultFiles::Begun(const eventstore::RotatorOptions& options,
                       eventstore::Rotator::OnRotation on_rotation) {
  if (vault_ == nullptr) return;
  rotator_ = std::make_unique<eventstore::Rotator>(*vault_, options, std::move(on_rotation));
  rotator_->Start();
}

absl::Status VaultFiles::Close() {
  if (vault_ == nullptr) return absl::OkStatus();
  if (rotator_ != nullptr) rotator_->Stop();
  return vault_->Close();
}

}  // namespace caseledger::app
