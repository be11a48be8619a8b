// What a log says of the keys it is sealed with, compared with what a vault knows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/uuid.h"
#include "eventstore/log.h"
#include "eventstore/vault/vault_records.h"
#include "eventstore/vault/vault_store.h"

namespace caseledger::eventstore {

// For one reading of one log; changes nothing. Not thread-safe.
class KeysInLog {
 public:
  // `gone`: persons whom no note of the ledger may name any more. Both must outlive it.
  KeysInLog(const VaultStore& store, std::string_view ledger, const absl::flat_hash_set<Uuid>& gone)
      : store_(store), ledger_(ledger), gone_(gone) {}

  // Events [from, end). Once.
  absl::Status Read(const EventLog& log, uint64_t from, uint64_t end);
  // The same in parts, for events that come from elsewhere.
  absl::Status Begin();
  absl::Status Take(const RecordedEvent& event);
  absl::Status End();

  // Rows that the vault lacks and the log gives.
  VaultChanges TakeChanges() { return std::move(changes_); }
  // Spare keys that nothing is sealed with: wrapped, by id.
  const absl::flat_hash_map<Uuid, std::string>& spares() const { return spares_; }
  // Erasures, in order.
  const std::vector<RecordedEvent>& erasures() const { return erasures_; }
  // Keys that the vault does not have, that no erasure names, and that seal nothing of who is gone.
  size_t missing() const { return missing_.size(); }
  // The first event that one of these seals.
  uint64_t first_missing() const;

 private:
  // Of a part whose key was not spare: looked up with others.
  struct Sealed {
    Uuid key_id;
    uint64_t position;
    bool of_who_is_gone;
  };
  absl::Status LookUp();
  bool NamesWhoIsGone(const std::vector<Uuid>& persons) const;
  void SetAside(const Uuid& key_id);

  const VaultStore& store_;
  const std::string_view ledger_;
  const absl::flat_hash_set<Uuid>& gone_;
  absl::flat_hash_map<Uuid, std::string> spares_;
  absl::flat_hash_set<Uuid> found_;  // were spare
  std::vector<Sealed> to_look_up_;
  VaultChanges changes_;
  absl::flat_hash_map<Uuid, uint64_t> missing_;  // where each is first used
  KeyFingerprints erased_;
  std::vector<RecordedEvent> erasures_;
};

// Whom no note of the ledger may name any more, as the vault knows it.
absl::StatusOr<absl::flat_hash_set<Uuid>> WhoIsGone(const VaultStore& store,
                                                    std::string_view ledger);

}  // namespace caseledger::eventstore
