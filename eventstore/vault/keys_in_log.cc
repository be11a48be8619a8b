#include "eventstore/vault/keys_in_log.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "eventstore/sealing/sealed_fact.h"
#include "eventstore/vault/vault_rows.h"

namespace caseledger::eventstore {
namespace {

constexpr size_t kEventsPerPage = 1024;
constexpr size_t kLookedUpTogether = 512;  // keys: a round trip to a database

}  // namespace

absl::StatusOr<absl::flat_hash_set<Uuid>> WhoIsGone(const VaultStore& store,
                                                    std::string_view ledger) {
  absl::flat_hash_set<Uuid> gone;
  RETURN_IF_ERROR(
      store.Visit(VaultRows::AllGone(ledger), [&](std::string_view row, std::string_view) {
        gone.insert(VaultRows::IdIn(row));
        return true;
      }));
  return gone;
}

absl::Status KeysInLog::Read(const EventLog& log, uint64_t from, uint64_t end) {
  RETURN_IF_ERROR(Begin());
  while (from < end) {
    ASSIGN_OR_RETURN(const std::vector<RecordedEvent> events,
                     log.ReadLedger(from, std::min<uint64_t>(kEventsPerPage, end - from)));
    for (const RecordedEvent& event : events) RETURN_IF_ERROR(Take(event));
    if (events.empty()) break;
    from = events.back().position + 1;
  }
  return End();
}

uint64_t KeysInLog::first_missing() const {
  uint64_t first = UINT64_MAX;
  for (const auto& [id, position] : missing_) first = std::min(first, position);
  return first;
}

absl::Status KeysInLog::Begin() {
  return store_.Visit(VaultRows::SparesOf(ledger_),
                      [this](std::string_view key, std::string_view value) {
                        spares_.emplace(VaultRows::IdIn(key), value);
                        return true;
                      });
}

absl::Status KeysInLog::Take(const RecordedEvent& event) {
  ASSIGN_OR_RETURN(const std::vector<StoredPart> parts, StoredPartsOf(event));
  for (const StoredPart& part : parts) {
    if (const auto spare = spares_.find(part.key_id); spare != spares_.end()) {
      storage::v1::WrappedKey wrapped;
      if (!wrapped.ParseFromString(spare->second)) return VaultDamaged("spare key");
      VaultChanges rows = RowsOfKey(ledger_, part.key_id, std::move(wrapped), event.stream,
                                    part.is_note, part.persons);
      std::move(rows.begin(), rows.end(), std::back_inserter(changes_));
      spares_.erase(spare);
      found_.insert(part.key_id);
      continue;
    }
    if (found_.contains(part.key_id)) continue;
    to_look_up_.push_back({part.key_id, event.position, NamesWhoIsGone(part.persons)});
  }
  if (to_look_up_.size() >= kLookedUpTogether) RETURN_IF_ERROR(LookUp());
  if (!IsErasure(event)) return absl::OkStatus();
  ASSIGN_OR_RETURN(const ErasedKeys erased, ErasedBy(event));
  erased_.insert(erased.fingerprints.begin(), erased.fingerprints.end());
  erasures_.push_back(event);
  return absl::OkStatus();
}

absl::Status KeysInLog::LookUp() {
  const std::vector<Sealed> sealed = std::exchange(to_look_up_, {});
  if (sealed.empty()) return absl::OkStatus();
  std::vector<std::string> rows;
  rows.reserve(sealed.size());
  for (const Sealed& each : sealed) rows.push_back(VaultRows::Key(ledger_, each.key_id));
  ASSIGN_OR_RETURN(const std::vector<std::optional<std::string>> known, store_.GetMany(rows));
  for (size_t i = 0; i < sealed.size(); ++i) {
    if (known[i].has_value()) continue;
    if (sealed[i].of_who_is_gone) {
      SetAside(sealed[i].key_id);
    } else {
      missing_.try_emplace(sealed[i].key_id, sealed[i].position);
    }
  }
  return absl::OkStatus();
}

bool KeysInLog::NamesWhoIsGone(const std::vector<Uuid>& persons) const {
  return std::any_of(persons.begin(), persons.end(),
                     [this](const Uuid& person) { return gone_.contains(person); });
}

// A key that is missing and erased leaves the row that a destroyed one leaves.
void KeysInLog::SetAside(const Uuid& key_id) {
  changes_.emplace_back(VaultRows::Key(ledger_, key_id),
                        storage::v1::VaultKey().SerializeAsString());
}

absl::Status KeysInLog::End() {
  RETURN_IF_ERROR(LookUp());
  absl::erase_if(missing_, [this](const auto& each) {
    if (!erased_.contains(FingerprintOf(each.first).raw())) return false;
    SetAside(each.first);
    return true;
  });
  return absl::OkStatus();
}

}  // namespace caseledger::eventstore
