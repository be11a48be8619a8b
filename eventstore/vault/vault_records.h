// What the vault's rows hold, made and read.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "caseledger/storage/v1/vault.pb.h"
#include "eventstore/base/hash.h"
#include "eventstore/base/uuid.h"
#include "eventstore/event.h"
#include "eventstore/vault/vault_store.h"

namespace caseledger::eventstore {

// RecordKind's.
inline constexpr uint32_t kPersonKind = 2;

// DATA_LOSS: says which part of the vault and what to do.
absl::Status VaultDamaged(std::string_view what);

// UNAVAILABLE, VAULT_UNAVAILABLE with what `status` says.
absl::Status VaultUnreachable(const absl::Status& status);

// The rows that say what a key is for; the spare row goes.
VaultChanges RowsOfKey(std::string_view ledger, const Uuid& id, storage::v1::WrappedKey wrapped,
                       const StreamId& record, bool of_note, const std::vector<Uuid>& persons);

// How an erasure names a key: SHA-256 of its id. Says nothing of the key.
Hash256 FingerprintOf(const Uuid& key_id);

// 32 bytes each.
using KeyFingerprints = std::set<std::string, std::less<>>;

// The keys that an event erases.
struct ErasedKeys {
  KeyFingerprints fingerprints;
  std::vector<StreamId> records;  // that they seal something about
};

bool IsErasure(const RecordedEvent& event);
// None when it is no erasure. DATA_LOSS when it cannot be read.
absl::StatusOr<ErasedKeys> ErasedBy(const RecordedEvent& event);

}  // namespace caseledger::eventstore
