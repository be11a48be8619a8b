#include "eventstore/vault/vault_records.h"

#include <optional>
#include <utility>

#include "caseledger/event/v1/fact.pb.h"
#include "eventstore/base/strings.h"
#include "eventstore/vault/vault_rows.h"

namespace caseledger::eventstore {
namespace {

constexpr uint32_t kPersonKind = 2;  // RECORD_KIND_PERSON

std::string RawOf(const Uuid& id) { return std::string(id.raw()); }

}  // namespace

absl::Status VaultDamaged(std::string_view what) {
  return absl::DataLossError(
      StrCat("VAULT_DAMAGED: the vault's ", what, " cannot be read; put its newest backup back"));
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

absl::StatusOr<KeyFingerprints> FingerprintsIn(const RecordedEvent& event) {
  KeyFingerprints fingerprints;
  if (!IsErasure(event)) return fingerprints;
  event::v1::Fact fact;
  if (!fact.ParseFromString(event.fact)) {
    return absl::DataLossError(
        StrCat("the erasure at position ", event.position, " cannot be read"));
  }
  for (const std::string& fingerprint : fact.person_erased().key_fingerprints()) {
    fingerprints.insert(fingerprint);
  }
  return fingerprints;
}

}  // namespace caseledger::eventstore
