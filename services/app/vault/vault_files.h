// The vault of a data directory and its wrapping keys, as files. Shared by the server and by
// programs that work on the directory of a stopped one.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/random.h"
#include "eventstore/engine/engine.h"
#include "eventstore/sealing/data_keys.h"
#include "eventstore/sealing/sealed_fact.h"
#include "eventstore/vault/keys/wrapping_keys.h"
#include "eventstore/vault/rotator.h"
#include "eventstore/vault/vault.h"
#include "eventstore/vault/vault_store.h"

namespace caseledger::app {

// Wrapping keys in a token behind PKCS#11 instead of files.
struct WrappingToken {
  std::string module_path;  // of the token's maker; "": files are used
  std::string token_label;
  std::string pin_file;
  std::string key_label = "caseledger-wrapping";  // vaults that share a token have their own

  // INVALID_ARGUMENT when only some of it is given.
  absl::Status Check() const;
};

struct VaultPlace {
  std::string vault_dir;
  std::string wrapping_key_dir;
  WrappingToken token;
  bool accept_lost_keys = false;
};

// Where both are: in the data directory unless something else is said.
VaultPlace VaultIn(const std::string& data_dir, const std::string& vault_dir = "",
                   const std::string& wrapping_key_dir = "");

// Thread-safe. What it gives out must not outlive it.
class VaultFiles {
 public:
  // Opens the vault; makes it, with a wrapping key, when none of the engine's ledgers has an event
  // yet. Its rows are in `in_database`, or with null in `place.vault_dir`. When it is not there, or
  // its wrapping keys are not, everything but what is personal can still be recorded and shown:
  // then `missing` says what to do.
  //
  // FAILED_PRECONDITION  wrong wrapping keys, a newer program's vault, files that others may read,
  //                      or in use; a new vault in a database beside wrapping keys of another
  // UNAVAILABLE          the database did not answer
  // DATA_LOSS            damaged
  static absl::StatusOr<std::unique_ptr<VaultFiles>> Open(
      const VaultPlace& place, const eventstore::Engine& engine, Clock& clock, RandomSource& random,
      std::unique_ptr<eventstore::VaultStore> in_database = nullptr);

  eventstore::DataKeys& keys() { return *keys_; }
  eventstore::FactSealer& sealer() { return *sealer_; }
  // Null when it is missing.
  eventstore::Vault* vault() { return vault_.get(); }
  // Changes the wrapping keys; null when the vault is missing. Started by Begun.
  eventstore::Rotator* rotator() { return rotator_.get(); }
  // Whether the wrapping keys can be had by a server that takes turns with others: the errors of
  // Open about them, and of keys that `rows` needs and that are not there.
  static absl::Status CheckWrappingKeys(const VaultPlace& place, const eventstore::VaultStore& rows,
                                        Clock& clock, RandomSource& random);

  // After all ledgers have begun with the keys.
  void Begun(const eventstore::RotatorOptions& options,
             eventstore::Rotator::OnRotation on_rotation);
  // OK, or VAULT_MISSING and what to do.
  const absl::Status& missing() const { return missing_; }

  // After the logs are closed.
  absl::Status Close();

 private:
  VaultFiles() = default;
  absl::Status OpenThere(const VaultPlace& place, bool make, Clock& clock, RandomSource& random);

  absl::Status missing_;
  std::unique_ptr<eventstore::WrappingKeys> wrapping_;
  std::unique_ptr<eventstore::VaultStore> store_;
  std::unique_ptr<eventstore::Vault> vault_;
  std::unique_ptr<eventstore::Rotator> rotator_;
  std::unique_ptr<eventstore::DataKeys> no_keys_;
  eventstore::DataKeys* keys_ = nullptr;  // one of the two
  std::unique_ptr<eventstore::FactSealer> sealer_;
};

}  // namespace caseledger::app
