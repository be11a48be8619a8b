#include "services/app/vault/vault_erasure_keys.h"

#include "caseledger/options/v1/options.pb.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/vault/vault_records.h"

namespace caseledger::app {
namespace {

constexpr size_t kMostKeys = 10'000;  // that an erasure names

absl::StatusOr<std::vector<Hash256>> ToFingerprints(const absl::StatusOr<std::vector<Uuid>>& ids) {
  if (!ids.ok()) {
    return absl::UnavailableError(
        StrCat("VAULT_UNAVAILABLE: the vault cannot be read, so nothing can be erased now: ",
               FromAbsl(ids.status().message())));
  }
  std::vector<Hash256> fingerprints;
  fingerprints.reserve(ids->size());
  for (const Uuid& id : *ids) fingerprints.push_back(eventstore::FingerprintOf(id));
  return fingerprints;
}

}  // namespace

absl::StatusOr<std::vector<Hash256>> VaultErasureKeys::FingerprintsOf(const Uuid& person_id) {
  return ToFingerprints(
      vault_.KeysAbout(ledger_, {options::v1::RECORD_KIND_PERSON, person_id}, kMostKeys));
}

absl::StatusOr<std::vector<Hash256>> VaultErasureKeys::FingerprintsIn(
    const eventstore::StreamId& record, const std::vector<Uuid>& person_ids) {
  return ToFingerprints(vault_.KeysOfNobodyElse(ledger_, record, person_ids, kMostKeys));
}

absl::StatusOr<VaultErasureKeys::State> VaultErasureKeys::StateOf(
    const eventstore::StreamId& record) {
  const absl::StatusOr<eventstore::ErasureState> kept = vault_.ErasureOf(ledger_, record);
  if (!kept.ok()) {
    return absl::UnavailableError(
        StrCat("VAULT_UNAVAILABLE: the vault cannot be read: ", FromAbsl(kept.status().message())));
  }
  State state;
  state.destroyed = kept->destroyed_keys;
  state.remaining = kept->remaining_keys;
  state.beyond_recovery = !kept->waits_for.has_value();
  if (kept->waits_for.has_value() && period_ > 0) {
    state.beyond_recovery_at = kept->waits_for->created_at + period_;
  }
  return state;
}

}  // namespace caseledger::app
