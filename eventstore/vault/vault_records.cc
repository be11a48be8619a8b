#include "eventstore/vault/vault_records.h"

#include <optional>
#include <utility>

#include "caseledger/event/v1/fact.pb.h"
#include "eventstore/base/strings.h"
#include "eventstore/vault/vault_rows.h"

namespace caseledger::eventstore {
namespace {

// RecordKind's.
constexpr uint32_t kContactKind = 1;
constexpr uint32_t kCaseKind = 3;

std::string RawOf(const Uuid& id) { return std::string(id.raw()); }

}  // namespace

absl::Status VaultDamaged(std::string_view what) {
  return absl::DataLossError(
      StrCat("VAULT_DAMAGED: the vault's ", what, " cannot be read; put its newest backup back"));
}

absl::Status VaultUnreachable(const absl::Status& status) {
  return absl::UnavailableError(
      StrCat("VAULT_UNAVAILABLE: the vault with the keys is not there, so nothing personal can be "
             "recorded or shown: ",
             FromAbsl(status.message())));
}

VaultChanges RowsOfKey(std::string_view ledger, const Uuid& id, storage::v1::WrappedKey wrapped,
                       const StreamId& record, bool of_note, const std::vector<Uuid>& persons) {
  storage::v1::VaultKey key;
  *key.mutable_key() = std::move(wrapped);
  key.set_stream_kind(record.kind);
  key.set_stream_id(RawOf(record.id));
  key.set_of_note(of_note);
  VaultChanges changes;
  changes.emplace_back(VaultRows::About(ledger, record, id), "");
  for (const Uuid& person : persons) {
    key.add_person_ids(RawOf(person));
    changes.emplace_back(VaultRows::About(ledger, {kPersonKind, person}, id), "");
  }
  if (!of_note) changes.emplace_back(VaultRows::Current(ledger, record), RawOf(id));
  changes.emplace_back(VaultRows::Key(ledger, id), key.SerializeAsString());
  changes.emplace_back(VaultRows::Spare(ledger, id), std::nullopt);
  return changes;
}

Hash256 FingerprintOf(const Uuid& key_id) { return Sha256({key_id.raw()}); }

bool IsErasure(const RecordedEvent& event) {
  return event.fact_type == event::v1::Fact::kPersonErased;
}

absl::StatusOr<ErasedKeys> ErasedBy(const RecordedEvent& event) {
  ErasedKeys erased;
  if (!IsErasure(event)) return erased;
  event::v1::Fact fact;
  if (!fact.ParseFromString(event.fact)) {
    return absl::DataLossError(
        StrCat("the erasure at position ", event.position, " cannot be read"));
  }
  const event::v1::PersonErased& fence = fact.person_erased();
  erased.fingerprints.insert(fence.key_fingerprints().begin(), fence.key_fingerprints().end());
  erased.records.push_back(event.stream);
  const auto add = [&erased](uint32_t kind, const std::string& id) {
    if (const std::optional<Uuid> uuid = Uuid::Parse(id)) erased.records.push_back({kind, *uuid});
  };
  for (const std::string& id : fence.case_ids()) add(kCaseKind, id);
  for (const std::string& id : fence.contact_ids()) add(kContactKind, id);
  return erased;
}

}  // namespace caseledger::eventstore
