#include "eventstore/vault/vault.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>

#include "caseledger/storage/v1/vault.pb.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/vault/keys_in_log.h"
#include "eventstore/vault/vault_records.h"
#include "eventstore/vault/vault_rows.h"

namespace caseledger::eventstore {
namespace {

using storage::v1::VaultInfo;
using storage::v1::VaultKey;
using storage::v1::VaultMark;
using storage::v1::WrappedKey;

constexpr uint32_t kVaultFormatVersion = 1;
constexpr size_t kRememberedRecords = 8192;
// Rows of keys given out that are written at once: some sixty keys.
constexpr size_t kMostUnwritten = 256;
constexpr std::string_view kAboutDataKey = "caseledger data key";

absl::StatusOr<uint64_t> ReadMark(const VaultStore& store, std::string_view row) {
  ASSIGN_OR_RETURN(const std::optional<std::string> stored, store.Get(row));
  VaultMark mark;
  if (stored.has_value() && !mark.ParseFromString(*stored)) return VaultDamaged("mark");
  return mark.next_position();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Vault>> Vault::Open(VaultStore& store, WrappingKeys& wrapping,
                                                   const VaultOptions& options) {
  auto vault = std::unique_ptr<Vault>(new Vault(store, wrapping, options));
  RETURN_IF_ERROR(vault->Load());
  RETURN_IF_ERROR(vault->CheckWrappingKeys());
  const MutexLock lock(&vault->mutex_);
  RETURN_IF_ERROR(vault->UseNewestWrappingKey());
  return vault;
}

absl::Status Vault::Load() {
  ASSIGN_OR_RETURN(const std::optional<std::string> stored, store_.Get(VaultRows::Info()));
  VaultInfo info;
  if (stored.has_value()) {
    if (!info.ParseFromString(*stored)) return VaultDamaged("description");
    if (info.format_version() != kVaultFormatVersion) {
      return absl::FailedPreconditionError(StrCat("the vault has format ", info.format_version(),
                                                  ", this program knows ", kVaultFormatVersion,
                                                  ": start a newer program"));
    }
    id_ = info.vault_id();
    return absl::OkStatus();
  }
  info.set_format_version(kVaultFormatVersion);
  info.set_vault_id(std::string(Uuid::Generate(*options_.clock, *options_.random).raw()));
  info.set_created_at_us(options_.clock->Now());
  id_ = info.vault_id();
  return store_.Write({{VaultRows::Info(), info.SerializeAsString()}}, /*durable=*/true);
}

absl::Status Vault::CheckWrappingKeys() {
  absl::Status status;
  RETURN_IF_ERROR(
      store_.Visit(VaultRows::AllWrapping(), [&](std::string_view key, std::string_view value) {
        const Uuid id = VaultRows::IdIn(key);
        WrappedKey check;
        status = check.ParseFromArray(value.data(), static_cast<int>(value.size()))
                     ? Unwrap(id, check).status()
                     : VaultDamaged("wrapping key");
        if (absl::IsNotFound(status) && options_.accept_lost_keys) status = absl::OkStatus();
        if (absl::IsNotFound(status) || absl::IsDataLoss(status)) {
          status = absl::FailedPreconditionError(StrCat(
              "WRAPPING_KEY_WRONG: the vault's keys are wrapped with the wrapping key ",
              id.ToString(), ", and the one given is ",
              absl::IsNotFound(status) ? "not that one" : "another of the same name",
              "; put the wrapping keys of this vault in their place, or the vault that belongs "
              "to these wrapping keys: a copy of the vault from before the last change of "
              "wrapping keys cannot be opened any more"));
        }
        return status.ok();
      }));
  return status;
}

absl::Status Vault::UseNewestWrappingKey() {
  ASSIGN_OR_RETURN(const std::vector<WrappingKeyInfo> keys, wrapping_.List());
  newest_wrapping_ = keys.back().id;
  const std::string row = VaultRows::Wrapping(newest_wrapping_);
  ASSIGN_OR_RETURN(const std::optional<std::string> known, store_.Get(row));
  if (known.has_value()) return absl::OkStatus();
  // A key that seals nothing: only to see that the wrapping key is the right one.
  ASSIGN_OR_RETURN(const WrappedKey check,
                   Wrap(newest_wrapping_, newest_wrapping_, SecretKey::Random(*options_.random)));
  return store_.Write({{row, check.SerializeAsString()}}, /*durable=*/true);
}

std::string Vault::AboutKey(const Uuid& id) const { return StrCat(kAboutDataKey, id_, id.raw()); }

absl::StatusOr<WrappedKey> Vault::Wrap(const Uuid& with, const Uuid& id, const SecretKey& key) {
  WrappedKey wrapped;
  wrapped.set_wrapping_key_id(std::string(with.raw()));
  ASSIGN_OR_RETURN(*wrapped.mutable_wrapped(), wrapping_.Wrap(with, key, AboutKey(id)));
  return wrapped;
}

absl::StatusOr<DataKey> Vault::Unwrap(const Uuid& id, const WrappedKey& wrapped) {
  ASSIGN_OR_RETURN(SecretKey key,
                   wrapping_.Unwrap(Uuid::FromBytes(wrapped.wrapping_key_id()).value_or(Uuid()),
                                    wrapped.wrapped(), AboutKey(id)));
  return DataKey{id, std::make_shared<const SecretKey>(std::move(key))};
}

absl::Status Vault::Begin(std::string_view ledger, const EventLog& log) {
  const MutexLock rotation(&rotation_);
  const uint64_t end = log.Head().next_position;
  ASSIGN_OR_RETURN(absl::flat_hash_set<Uuid> gone, WhoIsGone(store_, ledger));
  KeysInLog keys(store_, ledger, gone);
  ASSIGN_OR_RETURN(const uint64_t marked, ReadMark(store_, VaultRows::Mark(ledger)));
  ASSIGN_OR_RETURN(const uint64_t erased, ReadMark(store_, VaultRows::Erased(ledger)));
  RETURN_IF_ERROR(keys.Read(log, std::min({marked, erased, end}), end));
  ASSIGN_OR_RETURN(const bool destroyed, TakeIn(ledger, end, keys, gone));
  for (const RecordedEvent& event : keys.erasures()) {
    RETURN_IF_ERROR(DestroyFor(ledger, event).status());
  }
  if (destroyed || !keys.erasures().empty()) RETURN_IF_ERROR(Purge());
  return ErasedUntil(ledger, end);
}

std::string Vault::CompanionOf(std::string_view ledger) const {
  return options_.companion_of == nullptr ? "" : options_.companion_of(ledger);
}

absl::StatusOr<bool> Vault::TakeIn(std::string_view ledger, uint64_t end, KeysInLog& keys,
                                   absl::flat_hash_set<Uuid> gone) {
  const MutexLock lock(&mutex_);
  if (keys.missing() > 0 && !options_.accept_lost_keys) {
    return absl::DataLossError(StrCat(
        "KEYS_LOST: the vault lacks ", keys.missing(), " keys of the ledger ", ledger,
        ", the first of the event at position ", keys.first_missing(),
        ": it is older than the log, or another ledger's. Put back the newest backup of the vault; "
        "what no vault has a key for can never be read again, and --accept-lost-keys starts "
        "without it"));
  }
  LedgerState& state = ledgers_[std::string(ledger)];
  state = LedgerState();
  state.gone = std::move(gone);
  VaultChanges changes = keys.TakeChanges();
  KeysByLedger of_who_is_gone;
  const bool learnt = !changes.empty();
  RETURN_IF_ERROR(WriteMark(ledger, state, end, std::move(changes)));
  if (learnt) RETURN_IF_ERROR(FindAllAbout(ledger, state.gone, of_who_is_gone));
  size_t destroyed = 0;
  if (!of_who_is_gone.empty()) {
    ASSIGN_OR_RETURN(destroyed, Destroy(of_who_is_gone, {}));
  }
  for (const auto& [id, row] : keys.spares()) {
    Spare spare;
    if (!spare.wrapped.ParseFromString(row)) return VaultDamaged("spare key");
    absl::StatusOr<DataKey> key = Unwrap(id, spare.wrapped);
    if (absl::IsNotFound(key.status())) continue;  // lost, which was accepted: it seals nothing
    RETURN_IF_ERROR(key.status());
    spare.key = *std::move(key);
    state.spares.push_back(std::move(spare));
  }
  return destroyed > 0;
}

absl::Status Vault::WriteMark(std::string_view ledger, LedgerState& state, uint64_t next_position,
                              VaultChanges changes) {
  VaultMark mark;
  mark.set_next_position(next_position);
  changes.insert(changes.end(), state.unwritten.begin(), state.unwritten.end());
  changes.emplace_back(VaultRows::Mark(ledger), mark.SerializeAsString());
  RETURN_IF_ERROR(store_.Write(changes, /*durable=*/true));
  state.unwritten.clear();
  state.reached = std::max(state.reached, next_position);
  state.marked = next_position;
  return absl::OkStatus();
}

void Vault::Reached(std::string_view ledger, uint64_t position) {
  const MutexLock lock(&mutex_);
  const auto state = ledgers_.find(ledger);
  if (state == ledgers_.end()) return;
  state->second.reached = std::max(state->second.reached, position);
  if (position < state->second.marked + options_.mark_every) return;
  WriteMark(ledger, state->second, position, {}).IgnoreError();
}

absl::Status Vault::WriteGivenOut(LedgerState& state) {
  if (state.unwritten.empty()) return absl::OkStatus();
  // In order it costs the store less; no row is there twice.
  std::sort(state.unwritten.begin(), state.unwritten.end());
  RETURN_IF_ERROR(store_.Write(state.unwritten, /*durable=*/false));
  state.unwritten.clear();
  return absl::OkStatus();
}

absl::Status Vault::WriteGivenOut() {
  const MutexLock lock(&mutex_);
  for (auto& [ledger, state] : ledgers_) RETURN_IF_ERROR(WriteGivenOut(state));
  return absl::OkStatus();
}

absl::StatusOr<Vault::LedgerState*> Vault::StateOf(std::string_view ledger) {
  const auto state = ledgers_.find(ledger);
  if (state != ledgers_.end()) return &state->second;
  return absl::FailedPreconditionError(
      StrCat("the vault has not read the log of the ledger ", ledger));
}

absl::Status Vault::MakeSpares(std::string_view ledger, LedgerState& state) {
  std::vector<Spare> spares;
  VaultChanges changes;
  spares.reserve(options_.spare_keys);
  changes.reserve(options_.spare_keys + 1);
  for (size_t i = 0; i < options_.spare_keys; ++i) {
    Spare spare;
    spare.key = {Uuid::Generate(*options_.clock, *options_.random),
                 std::make_shared<const SecretKey>(SecretKey::Random(*options_.random))};
    ASSIGN_OR_RETURN(spare.wrapped, Wrap(newest_wrapping_, spare.key.id, *spare.key.key));
    changes.emplace_back(VaultRows::Spare(ledger, spare.key.id), spare.wrapped.SerializeAsString());
    spares.push_back(std::move(spare));
  }
  RETURN_IF_ERROR(WriteMark(ledger, state, state.reached, std::move(changes)));
  state.spares = std::move(spares);
  return absl::OkStatus();
}

absl::Status Vault::MakeRoom(LedgerState& state) {
  if (state.unwritten.size() < kMostUnwritten) return absl::OkStatus();
  const absl::Status written = WriteGivenOut(state);
  return written.ok() ? written : VaultUnreachable(written);
}

absl::StatusOr<DataKey> Vault::GiveOut(std::string_view ledger, LedgerState& state,
                                       const StreamId& record, bool of_note,
                                       const std::vector<Uuid>& persons) {
  RETURN_IF_ERROR(MakeRoom(state));
  if (state.spares.empty()) {
    const absl::Status made = MakeSpares(ledger, state);
    if (!made.ok()) return VaultUnreachable(made);
  }
  Spare& spare = state.spares.back();
  // The wrapping key may have changed since it was made.
  if (spare.wrapped.wrapping_key_id() != newest_wrapping_.raw()) {
    absl::StatusOr<WrappedKey> wrapped = Wrap(newest_wrapping_, spare.key.id, *spare.key.key);
    if (!wrapped.ok()) return VaultUnreachable(wrapped.status());
    spare.wrapped = *std::move(wrapped);
  }
  const DataKey key = std::move(spare.key);
  for (auto& row : RowsOfKey(ledger, key.id, std::move(spare.wrapped), record, of_note, persons)) {
    state.unwritten.push_back(std::move(row));
  }
  state.spares.pop_back();
  cache_.Add(key);
  return key;
}

void Vault::Expect(std::string_view ledger, std::span<const StreamId> records) {
  const MutexLock lock(&mutex_);
  const auto found = ledgers_.find(ledger);
  if (found == ledgers_.end()) return;
  LedgerState& state = found->second;
  state.expected.clear();
  std::vector<StreamId> wanted;
  std::vector<std::string> rows;
  for (const StreamId& record : records) {
    if (state.current.contains(record)) continue;
    wanted.push_back(record);
    rows.push_back(VaultRows::Current(ledger, record));
  }
  if (rows.empty()) return;
  absl::StatusOr<std::vector<std::optional<std::string>>> values = store_.GetMany(rows);
  if (!values.ok()) return;  // who asks for a key is told
  for (size_t i = 0; i < wanted.size(); ++i) {
    state.expected.insert_or_assign(wanted[i], std::move((*values)[i]));
  }
}

absl::StatusOr<std::optional<std::string>> Vault::StoredCurrent(std::string_view ledger,
                                                                LedgerState& state,
                                                                const StreamId& record) const {
  const auto expected = state.expected.find(record);
  if (expected == state.expected.end()) return store_.Get(VaultRows::Current(ledger, record));
  std::optional<std::string> current = std::move(expected->second);
  state.expected.erase(expected);
  return current;
}

absl::StatusOr<DataKey> Vault::ForRecord(std::string_view ledger, const StreamId& record,
                                         uint64_t position) {
  const MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(LedgerState * state, StateOf(ledger));
  state->reached = std::max(state->reached, position);
  if (const auto known = state->current.find(record); known != state->current.end()) {
    return known->second;
  }
  ASSIGN_OR_RETURN(const std::optional<std::string> current, StoredCurrent(ledger, *state, record));
  absl::StatusOr<DataKey> key = absl::NotFoundError("it has none");
  if (current.has_value()) key = FindStored(ledger, Uuid::FromBytes(*current).value_or(Uuid()));
  // None yet, or one that was lost, which somebody accepted.
  if (absl::IsNotFound(key.status())) {
    key = GiveOut(ledger, *state, record, /*of_note=*/false, {});
  }
  if (!key.ok()) return key;
  if (state->current.size() >= kRememberedRecords) {
    const absl::Status written = WriteGivenOut(*state);
    if (!written.ok()) return VaultUnreachable(written);
    state->current.clear();
  }
  state->current.emplace(record, *key);
  return key;
}

absl::StatusOr<DataKey> Vault::ForNote(std::string_view ledger, const StreamId& record,
                                       const std::vector<Uuid>& persons, uint64_t position) {
  const MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(LedgerState * state, StateOf(ledger));
  state->reached = std::max(state->reached, position);
  // Erased between the decision to write it and now.
  const bool names_who_is_gone =
      std::any_of(persons.begin(), persons.end(),
                  [&](const Uuid& person) { return state->gone.contains(person); });
  if (names_who_is_gone) return GiveOutDestroyed(ledger, *state, record);
  return GiveOut(ledger, *state, record, /*of_note=*/true, persons);
}

absl::StatusOr<DataKey> Vault::GiveOutDestroyed(std::string_view ledger, LedgerState& state,
                                                const StreamId& record) {
  RETURN_IF_ERROR(MakeRoom(state));
  DataKey key{Uuid::Generate(*options_.clock, *options_.random),
              std::make_shared<const SecretKey>(SecretKey::Random(*options_.random))};
  VaultKey row;
  row.set_stream_kind(record.kind);
  row.set_stream_id(std::string(record.id.raw()));
  row.set_of_note(true);
  row.set_destroyed_at_us(options_.clock->Now());
  state.unwritten.emplace_back(VaultRows::Key(ledger, key.id), row.SerializeAsString());
  return key;
}

absl::StatusOr<std::shared_ptr<const SecretKey>> Vault::IndexKey(std::string_view ledger) {
  const MutexLock lock(&mutex_);
  if (const auto known = index_keys_.find(ledger); known != index_keys_.end()) {
    return known->second;
  }
  ASSIGN_OR_RETURN(DataKey key, FindOrMakeIndexKey(ledger));
  return index_keys_.emplace(ledger, std::move(key.key)).first->second;
}

absl::StatusOr<DataKey> Vault::FindOrMakeIndexKey(std::string_view ledger) {
  std::optional<std::pair<std::string, std::string>> kept;
  const absl::Status visited =
      store_.Visit(VaultRows::IndexOf(ledger), [&](std::string_view row, std::string_view value) {
        kept.emplace(row, value);
        return false;
      });
  if (!visited.ok()) return VaultUnreachable(visited);
  VaultChanges changes;
  if (kept.has_value()) {
    WrappedKey wrapped;
    if (!wrapped.ParseFromString(kept->second)) return VaultDamaged("index key");
    absl::StatusOr<DataKey> found = Unwrap(VaultRows::IdIn(kept->first), wrapped);
    const bool lost = absl::IsNotFound(found.status()) && options_.accept_lost_keys;
    if (!lost) return found;
    changes.emplace_back(kept->first, std::nullopt);
  }
  DataKey key{Uuid::Generate(*options_.clock, *options_.random),
              std::make_shared<const SecretKey>(SecretKey::Random(*options_.random))};
  ASSIGN_OR_RETURN(const WrappedKey wrapped, Wrap(newest_wrapping_, key.id, *key.key));
  changes.emplace_back(VaultRows::Index(ledger, key.id), wrapped.SerializeAsString());
  const absl::Status written = store_.Write(changes, /*durable=*/true);
  if (!written.ok()) return VaultUnreachable(written);
  return key;
}

absl::StatusOr<std::vector<Uuid>> Vault::KeysAbout(std::string_view ledger, const StreamId& subject,
                                                   size_t most) {
  RETURN_IF_ERROR(WriteGivenOut());
  return StoredKeysAbout(ledger, subject, most, [](const VaultKey&) { return true; });
}

absl::StatusOr<std::vector<Uuid>> Vault::KeysOfNobodyElse(std::string_view ledger,
                                                          const StreamId& record,
                                                          const std::vector<Uuid>& persons,
                                                          size_t most) {
  RETURN_IF_ERROR(WriteGivenOut());
  return StoredKeysAbout(ledger, record, most, [&](const VaultKey& key) {
    const auto& named = key.person_ids();
    return std::all_of(named.begin(), named.end(), [&](const std::string& id) {
      return std::any_of(persons.begin(), persons.end(),
                         [&](const Uuid& person) { return person.raw() == id; });
    });
  });
}

absl::StatusOr<std::vector<Uuid>> Vault::StoredKeysAbout(
    std::string_view ledger, const StreamId& subject, size_t most,
    absl::FunctionRef<bool(const VaultKey&)> taken) const {
  std::vector<Uuid> ids;
  absl::Status status;
  RETURN_IF_ERROR(store_.Visit(
      VaultRows::AllAbout(ledger, subject), [&](std::string_view row, std::string_view) {
        const Uuid id = VaultRows::IdIn(row);
        const auto stored = store_.Get(VaultRows::Key(ledger, id));
        VaultKey key;
        if (!stored.ok()) {
          status = stored.status();
        } else if (!stored->has_value() || !key.ParseFromString(**stored)) {
          status = VaultDamaged("key");
        } else if (key.has_key() && taken(key)) {
          ids.push_back(id);
        }
        return status.ok() && ids.size() <= most;
      }));
  RETURN_IF_ERROR(status);
  return ids;
}

absl::Status Vault::FindErased(std::string_view ledger, const ErasedKeys& erased,
                               KeysByLedger& found) {
  for (const StreamId& record : erased.records) {
    ASSIGN_OR_RETURN(
        const std::vector<Uuid> about,
        StoredKeysAbout(ledger, record, SIZE_MAX - 1, [](const VaultKey&) { return true; }));
    for (const Uuid& id : about) {
      if (!erased.fingerprints.contains(FingerprintOf(id).raw())) continue;
      found[std::string(ledger)].insert(id);  // once, though a note is about several records
    }
  }
  return absl::OkStatus();
}

absl::Status Vault::FindAllAbout(std::string_view ledger, const absl::flat_hash_set<Uuid>& persons,
                                 KeysByLedger& found) {
  for (const Uuid& person : persons) {
    ASSIGN_OR_RETURN(const std::vector<Uuid> about,
                     StoredKeysAbout(ledger, {kPersonKind, person}, SIZE_MAX - 1,
                                     [](const VaultKey&) { return true; }));
    found[std::string(ledger)].insert(about.begin(), about.end());
  }
  return absl::OkStatus();
}

absl::StatusOr<size_t> Vault::Destroy(const KeysByLedger& keys, VaultChanges changes) {
  ASSIGN_OR_RETURN(const std::vector<Uuid> wrapping_keys, WrappingKeyRows());
  size_t destroyed = 0;
  for (const auto& [ledger, ids] : keys) {
    const auto state = ledgers_.find(ledger);
    for (const Uuid& id : ids) {
      const std::string row = VaultRows::Key(ledger, id);
      ASSIGN_OR_RETURN(const std::optional<std::string> stored, store_.Get(row));
      VaultKey key;
      if (!stored.has_value() || !key.ParseFromString(*stored)) return VaultDamaged("key");
      key.clear_key();
      key.set_destroyed_at_us(options_.clock->Now());
      for (const Uuid& each : wrapping_keys) key.add_wrapping_key_ids(std::string(each.raw()));
      changes.emplace_back(row, key.SerializeAsString());
      ++destroyed;
      if (key.of_note()) continue;
      const StreamId record{key.stream_kind(), Uuid::FromBytes(key.stream_id()).value_or(Uuid())};
      changes.emplace_back(VaultRows::Current(ledger, record), std::nullopt);
      if (state != ledgers_.end()) {
        state->second.current.erase(record);
        state->second.expected.erase(record);
      }
    }
  }
  RETURN_IF_ERROR(store_.Write(changes, /*durable=*/true));
  for (const auto& [ledger, ids] : keys) {
    for (const Uuid& id : ids) cache_.Drop(id);
  }
  return destroyed;
}

absl::StatusOr<size_t> Vault::DestroyFor(std::string_view ledger, const RecordedEvent& event) {
  ASSIGN_OR_RETURN(const ErasedKeys erased, ErasedBy(event));
  if (erased.records.empty()) return 0;
  const std::string companion = CompanionOf(ledger);
  const MutexLock lock(&mutex_);
  for (const std::string_view each : {ledger, std::string_view(companion)}) {
    const auto state = ledgers_.find(each);
    if (state != ledgers_.end()) RETURN_IF_ERROR(WriteGivenOut(state->second));
  }
  KeysByLedger keys;
  RETURN_IF_ERROR(FindErased(ledger, erased, keys));
  if (companion.empty()) return Destroy(keys, {});
  const Uuid& person = event.stream.id;
  RETURN_IF_ERROR(FindAllAbout(companion, {person}, keys));
  ASSIGN_OR_RETURN(const size_t destroyed,
                   Destroy(keys, {{VaultRows::Gone(companion, person), ""}}));
  if (const auto state = ledgers_.find(companion); state != ledgers_.end()) {
    state->second.gone.insert(person);
  }
  return destroyed;
}

absl::StatusOr<size_t> Vault::CarryOut(std::string_view ledger, const RecordedEvent& event) {
  if (!IsErasure(event)) return 0;
  ASSIGN_OR_RETURN(const size_t destroyed, DestroyFor(ledger, event));
  // Also when they were destroyed before: the purge may not have been reached.
  RETURN_IF_ERROR(Purge());
  return destroyed;
}

absl::Status Vault::ErasedUntil(std::string_view ledger, uint64_t next_position) {
  VaultMark mark;
  mark.set_next_position(next_position);
  return store_.Write({{VaultRows::Erased(ledger), mark.SerializeAsString()}}, /*durable=*/false);
}

absl::Status Vault::Close() {
  const MutexLock lock(&mutex_);
  absl::Status status;
  for (auto& [ledger, state] : ledgers_) {
    status.Update(WriteMark(ledger, state, state.reached, {}));
  }
  ledgers_.clear();
  return status;
}

}  // namespace caseledger::eventstore
