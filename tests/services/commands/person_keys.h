// Keys of persons in memory, for whoever erases: a key for each record, and as many for notes as a
// test adds.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"
#include "services/commands/erasure_keys.h"

namespace caseledger::testing {

// Thread-safe: asked by the ledger's thread.
class PersonKeys {
 public:
  void AddNote(const Uuid& person) {
    const std::lock_guard lock(mutex_);
    ++notes_[person];
  }
  // Nothing is known until the next call with true.
  void SetReachable(bool reachable) {
    const std::lock_guard lock(mutex_);
    reachable_ = reachable;
  }
  absl::StatusOr<std::vector<Hash256>> FingerprintsOf(const Uuid& person) {
    const std::lock_guard lock(mutex_);
    if (!reachable_) return absl::UnavailableError("VAULT_SHUT: open the vault");
    std::vector<Hash256> keys{Sha256({"record", person.raw()})};
    for (int note = 0; note < notes_[person]; ++note) {
      keys.push_back(Sha256({"note", person.raw(), absl::StrCat(note)}));
    }
    return keys;
  }

  // One for each record: no notes of its own.
  absl::StatusOr<std::vector<Hash256>> FingerprintsIn(const eventstore::StreamId& record,
                                                      const std::vector<Uuid>& /*person_ids*/) {
    const std::lock_guard lock(mutex_);
    if (!reachable_) return absl::UnavailableError("VAULT_SHUT: open the vault");
    return std::vector<Hash256>{Sha256({"record", record.id.raw()})};
  }

  // What a ledger owns of them.
  static std::unique_ptr<commands::ErasureKeys> Share(std::shared_ptr<PersonKeys> keys) {
    class Shared final : public commands::ErasureKeys {
     public:
      explicit Shared(std::shared_ptr<PersonKeys> keys) : keys_(std::move(keys)) {}
      absl::StatusOr<std::vector<Hash256>> FingerprintsOf(const Uuid& person_id) override {
        return keys_->FingerprintsOf(person_id);
      }
      absl::StatusOr<std::vector<Hash256>> FingerprintsIn(
          const eventstore::StreamId& record, const std::vector<Uuid>& person_ids) override {
        return keys_->FingerprintsIn(record, person_ids);
      }
      absl::StatusOr<State> StateOf(const eventstore::StreamId& record) override {
        ASSIGN_OR_RETURN(const auto there, keys_->FingerprintsOf(record.id));
        State state;
        state.remaining = there.size();
        return state;
      }

     private:
      const std::shared_ptr<PersonKeys> keys_;
    };
    return std::make_unique<Shared>(std::move(keys));
  }

 private:
  std::mutex mutex_;
  std::map<Uuid, int> notes_;
  bool reachable_ = true;
};

}  // namespace caseledger::testing
