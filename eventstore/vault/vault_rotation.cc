// How wrapping keys are changed, and what of an erasure waits for that.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "caseledger/storage/v1/vault.pb.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/vault/vault.h"
#include "eventstore/vault/vault_records.h"
#include "eventstore/vault/vault_rows.h"

namespace caseledger::eventstore {
namespace {

using storage::v1::VaultKey;
using storage::v1::WrappedKey;

constexpr size_t kRowsPerPage = 128;
// A pass finds what was wrapped with an older key; the next one that nothing is. More would mean
// that something still wraps with it.
constexpr int kMostPasses = 3;

// Of a row of `VaultRows::AllKeys`, AllSpares or AllIndexes. Null: a destroyed key.
absl::StatusOr<std::optional<WrappedKey>> WrappedIn(std::string_view row, std::string_view value) {
  WrappedKey bare;
  if (!row.starts_with(VaultRows::AllKeys())) {
    if (!bare.ParseFromString(std::string(value))) return VaultDamaged("spare key");
    return bare;
  }
  VaultKey key;
  if (!key.ParseFromString(std::string(value))) return VaultDamaged("key");
  if (!key.has_key()) return std::optional<WrappedKey>();
  return std::move(*key.mutable_key());
}

std::string WithWrapped(std::string_view row, std::string_view value, WrappedKey wrapped) {
  if (!row.starts_with(VaultRows::AllKeys())) return wrapped.SerializeAsString();
  VaultKey key;
  key.ParseFromString(std::string(value));  // was read before
  *key.mutable_key() = std::move(wrapped);
  return key.SerializeAsString();
}

}  // namespace

struct Vault::WrappedAnew {
  std::string row;
  std::string before;
  std::string after;
};

absl::Status Vault::Rotate(Listener progress, const BeforeDestroying& before_destroying) {
  {
    const MutexLock rotation(&rotation_);
    RETURN_IF_ERROR(wrapping_.Create().status());
    const MutexLock lock(&mutex_);
    RETURN_IF_ERROR(UseNewestWrappingKey());
  }
  return FinishRotation(progress, before_destroying);
}

absl::StatusOr<std::vector<Uuid>> Vault::WrappingKeyRows() const {
  std::vector<Uuid> ids;
  const auto add = [&ids](std::string_view row, std::string_view) {
    ids.push_back(VaultRows::IdIn(row));
    return true;
  };
  RETURN_IF_ERROR(store_.Visit(VaultRows::AllWrapping(), add));
  RETURN_IF_ERROR(store_.Visit(VaultRows::AllRetired(), add));
  return ids;
}

absl::StatusOr<bool> Vault::RotationUnfinished() const {
  ASSIGN_OR_RETURN(const std::vector<Uuid> ids, WrappingKeyRows());
  return ids.size() > 1;
}

absl::Status Vault::FinishRotation(Listener progress, const BeforeDestroying& before_destroying) {
  const MutexLock rotation(&rotation_);
  Uuid newest;
  {
    const MutexLock lock(&mutex_);
    newest = newest_wrapping_;
  }
  RETURN_IF_ERROR(RewrapAll(newest, progress));
  VaultChanges changes;
  RETURN_IF_ERROR(
      store_.Visit(VaultRows::AllWrapping(), [&](std::string_view row, std::string_view) {
        const Uuid id = VaultRows::IdIn(row);
        if (id == newest) return true;
        changes.emplace_back(row, std::nullopt);
        changes.emplace_back(VaultRows::Retired(id), "");
        return true;
      }));
  // Durable, and with it all that was wrapped anew.
  RETURN_IF_ERROR(store_.Write(changes, /*durable=*/true));
  return DestroyRetired(before_destroying);
}

absl::Status Vault::DestroyRetired(const BeforeDestroying& before_destroying) {
  std::vector<Uuid> retired;
  RETURN_IF_ERROR(
      store_.Visit(VaultRows::AllRetired(), [&](std::string_view row, std::string_view) {
        retired.push_back(VaultRows::IdIn(row));
        return true;
      }));
  if (retired.empty()) return absl::OkStatus();
  if (before_destroying != nullptr && !before_destroying()) {
    return absl::CancelledError("the change of wrapping keys was stopped");
  }
  RETURN_IF_ERROR(Purge());
  for (const Uuid& id : retired) {
    RETURN_IF_ERROR(wrapping_.Destroy(id));
    RETURN_IF_ERROR(store_.Write({{VaultRows::Retired(id), std::nullopt}}, /*durable=*/true));
  }
  return absl::OkStatus();
}

absl::Status Vault::RewrapAll(const Uuid& newest, Listener progress) {
  RotationProgress seen;
  const auto count = [&seen](std::string_view, std::string_view) {
    ++seen.total;
    return true;
  };
  const std::string kinds[] = {VaultRows::AllKeys(), VaultRows::AllSpares(),
                               VaultRows::AllIndexes()};
  for (const std::string& rows : kinds) RETURN_IF_ERROR(store_.Visit(rows, count));
  for (int pass = 0; pass < kMostPasses; ++pass) {
    seen.done = 0;
    // What is given out after this is wrapped with the newest, and what was before is in the rows.
    RETURN_IF_ERROR(WriteGivenOut());
    uint64_t found = 0;
    for (const std::string& rows : kinds) {
      ASSIGN_OR_RETURN(const uint64_t found_here, RewrapRows(rows, newest, seen, progress));
      found += found_here;
    }
    if (found == 0) return absl::OkStatus();
  }
  return absl::InternalError(
      "something still wraps with an older wrapping key; it stays, start the server anew");
}

absl::StatusOr<uint64_t> Vault::RewrapRows(std::string_view prefix, const Uuid& newest,
                                           RotationProgress& seen, Listener progress) {
  uint64_t found = 0;
  std::vector<WrappedAnew> page;
  absl::Status status;
  RETURN_IF_ERROR(store_.Visit(prefix, [&](std::string_view row, std::string_view value) {
    ++seen.done;
    seen.total = std::max(seen.total, seen.done);
    absl::StatusOr<std::optional<std::string>> after = RewrapRow(row, value, newest);
    if (!after.ok()) {
      status = after.status();
      return false;
    }
    if (after->has_value()) {
      ++found;
      page.push_back({std::string(row), std::string(value), **std::move(after)});
    }
    if (page.size() == kRowsPerPage) {
      status = ReplaceUnchanged(page);
      page.clear();
    }
    if (status.ok() && seen.done % kRowsPerPage == 0 && !progress(seen)) {
      status = absl::CancelledError(
          "the change of wrapping keys was stopped; it is gone on with "
          "later");
    }
    return status.ok();
  }));
  RETURN_IF_ERROR(status);
  RETURN_IF_ERROR(ReplaceUnchanged(page));
  if (!progress(seen)) return absl::CancelledError("the change of wrapping keys was stopped");
  return found;
}

// The row with its key wrapped with `newest`; nothing when it is, or when it is destroyed.
absl::StatusOr<std::optional<std::string>> Vault::RewrapRow(std::string_view row,
                                                            std::string_view value,
                                                            const Uuid& newest) {
  ASSIGN_OR_RETURN(const std::optional<WrappedKey> wrapped, WrappedIn(row, value));
  if (!wrapped.has_value() || wrapped->wrapping_key_id() == newest.raw()) {
    return std::optional<std::string>();
  }
  const Uuid id = VaultRows::IdIn(row);
  const absl::StatusOr<DataKey> key = Unwrap(id, *wrapped);
  // Its wrapping key was lost, which was accepted at the start: there is nothing left to wrap.
  if (absl::IsNotFound(key.status())) return std::optional<std::string>();
  RETURN_IF_ERROR(key.status());
  ASSIGN_OR_RETURN(WrappedKey anew, Wrap(newest, id, *key->key));
  return std::optional<std::string>(WithWrapped(row, value, std::move(anew)));
}

// A row that was destroyed or given out meanwhile stays as it is.
absl::Status Vault::ReplaceUnchanged(const std::vector<WrappedAnew>& page) {
  if (page.empty()) return absl::OkStatus();
  const MutexLock lock(&mutex_);
  VaultChanges changes;
  for (const WrappedAnew& each : page) {
    ASSIGN_OR_RETURN(const std::optional<std::string> now, store_.Get(each.row));
    if (now == each.before) changes.emplace_back(each.row, each.after);
  }
  return store_.Write(changes, /*durable=*/false);
}

absl::StatusOr<ErasureState> Vault::ErasureOf(std::string_view ledger, const StreamId& subject) {
  RETURN_IF_ERROR(WriteGivenOut());
  ErasureState state;
  absl::flat_hash_set<std::string> may_have_wrapped;
  const std::string companion = CompanionOf(ledger);
  for (const std::string_view each : {ledger, std::string_view(companion)}) {
    if (each.empty()) continue;
    absl::Status status;
    RETURN_IF_ERROR(store_.Visit(
        VaultRows::AllAbout(each, subject), [&](std::string_view row, std::string_view) {
          const auto stored = store_.Get(VaultRows::Key(each, VaultRows::IdIn(row)));
          VaultKey key;
          if (!stored.ok()) {
            status = stored.status();
          } else if (!stored->has_value() || !key.ParseFromString(**stored)) {
            status = VaultDamaged("key");
          } else if (key.has_key()) {
            ++state.remaining_keys;
          } else {
            ++state.destroyed_keys;
            may_have_wrapped.insert(key.wrapping_key_ids().begin(), key.wrapping_key_ids().end());
          }
          return status.ok();
        }));
    RETURN_IF_ERROR(status);
  }
  ASSIGN_OR_RETURN(const std::vector<WrappingKeyInfo> there, wrapping_.List());
  for (const WrappingKeyInfo& each : there) {
    if (may_have_wrapped.contains(std::string(each.id.raw()))) state.waits_for = each;
  }
  return state;
}

}  // namespace caseledger::eventstore
