// Keys that seal something already.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "caseledger/storage/v1/vault.pb.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/vault/vault.h"
#include "eventstore/vault/vault_records.h"
#include "eventstore/vault/vault_rows.h"

namespace caseledger::eventstore {
namespace {

using storage::v1::VaultKey;
using storage::v1::WrappedKey;

constexpr int kMostRotationsMeanwhile = 3;

absl::StatusOr<WrappedKey> WrappedIn(const std::optional<std::string>& row) {
  if (!row.has_value()) return absl::NotFoundError("the vault has no such key");
  VaultKey key;
  if (!key.ParseFromString(*row)) return VaultDamaged("key");
  if (!key.has_key()) return absl::FailedPreconditionError("the key was destroyed");
  return std::move(*key.mutable_key());
}

}  // namespace

absl::StatusOr<DataKey> Vault::Find(std::string_view ledger, const Uuid& id) {
  if (std::shared_ptr<const SecretKey> known = cache_.Find(id)) return DataKey{id, known};
  const absl::Status written = WriteGivenOut();
  if (!written.ok()) return VaultUnreachable(written);
  return FindStored(ledger, id);
}

absl::StatusOr<DataKey> Vault::FindStored(std::string_view ledger, const Uuid& id) {
  if (std::shared_ptr<const SecretKey> known = cache_.Find(id)) return DataKey{id, known};
  ASSIGN_OR_RETURN(WrappedKey wrapped, ReadKey(ledger, id));
  absl::StatusOr<DataKey> found = Unwrap(id, wrapped);
  // It may have been wrapped anew since it was read, again and again.
  for (int tries = 0; absl::IsNotFound(found.status()) && tries < kMostRotationsMeanwhile;
       ++tries) {
    ASSIGN_OR_RETURN(WrappedKey anew, ReadKey(ledger, id));
    if (anew.wrapping_key_id() == wrapped.wrapping_key_id()) break;
    wrapped = std::move(anew);
    found = Unwrap(id, wrapped);
  }
  RETURN_IF_ERROR(found.status());
  cache_.Add(*found);
  // Or destroyed: then it must not stay here.
  const absl::Status still = ReadKey(ledger, id).status();
  if (still.ok()) return found;
  cache_.Drop(id);
  return still;
}

absl::StatusOr<WrappedKey> Vault::ReadKey(std::string_view ledger, const Uuid& id) const {
  const absl::StatusOr<std::optional<std::string>> row = store_.Get(VaultRows::Key(ledger, id));
  if (!row.ok()) return VaultUnreachable(row.status());
  return WrappedIn(*row);
}

void Vault::ExpectToFind(std::string_view ledger, std::span<const Uuid> ids) {
  absl::flat_hash_set<Uuid> seen;
  std::vector<Uuid> wanted;
  std::vector<std::string> rows;
  for (const Uuid& id : ids) {
    if (wanted.size() == options_.cached_keys / 4) break;  // they must still be here when asked for
    if (!seen.insert(id).second || cache_.Find(id) != nullptr) continue;
    wanted.push_back(id);
    rows.push_back(VaultRows::Key(ledger, id));
  }
  // One alone costs the same when it is asked for.
  if (rows.size() < 2 || !WriteGivenOut().ok()) return;
  const auto values = store_.GetMany(rows);
  if (!values.ok()) return;  // who asks for a key is told
  std::vector<size_t> added;
  for (size_t i = 0; i < wanted.size(); ++i) {
    const absl::StatusOr<WrappedKey> wrapped = WrappedIn((*values)[i]);
    if (!wrapped.ok()) continue;
    const absl::StatusOr<DataKey> key = Unwrap(wanted[i], *wrapped);
    if (!key.ok()) continue;  // such as wrapped anew meanwhile
    cache_.Add(*key);
    added.push_back(i);
  }
  // As in FindStored: what was destroyed since it was read must not stay here.
  std::vector<std::string> again;
  again.reserve(added.size());
  for (const size_t i : added) again.push_back(std::move(rows[i]));
  const auto still = store_.GetMany(again);
  for (size_t i = 0; i < added.size(); ++i) {
    if (!still.ok() || !WrappedIn((*still)[i]).ok()) cache_.Drop(wanted[added[i]]);
  }
}

}  // namespace caseledger::eventstore
