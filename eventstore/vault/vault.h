// The vault: data keys, wrapped by wrapping keys, and which record or note each of them seals.
//
// Invariants
// 1. A key seals something only once it is durable, wrapped: spare keys are made durable many at a
//    time, and given out from memory. So a commit of the log waits for no second disk write.
// 2. What a spare key was given out for may be forgotten by a crash of the machine, and is found
//    again in the log (Begin) before the next key is given out.
//    The same holds for what a crash of the program forgets: rows of keys given out are written
//    some at a time.
// 3. A key of a destroyed row is nowhere: not in the store, not in memory.
// 4. After Begin every erasure in the log is carried out; those that come are, when CarryOut is
//    given their events (eraser.h).
// 5. A wrapping key that wraps anything has a row, with something that only it opens.
// 6. A wrapping key is destroyed only when no row is wrapped with it, and no file of the store has
//    what once was.
// 7. What names somebody erased in the companion of their ledger has no key: those of before are
//    destroyed in the same write as the person's, and none is kept of what comes after.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "caseledger/storage/v1/vault.pb.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/random.h"
#include "eventstore/sealing/data_keys.h"
#include "eventstore/vault/key_cache.h"
#include "eventstore/vault/keys/wrapping_keys.h"
#include "eventstore/vault/keys_in_log.h"
#include "eventstore/vault/vault_records.h"
#include "eventstore/vault/vault_store.h"

namespace caseledger::eventstore {

// How far a change of wrapping keys is: data keys looked at, of all there were at its beginning.
struct RotationProgress {
  uint64_t done = 0;
  uint64_t total = 0;  // not below `done`
};

// What became of the keys that seal something about a record or person.
struct ErasureState {
  uint64_t destroyed_keys = 0;
  uint64_t remaining_keys = 0;
  // The newest wrapping key that may have wrapped a destroyed one and is there still: until it is
  // destroyed, too, whoever has an old copy of the vault and of this key can undo the erasure.
  std::optional<WrappingKeyInfo> waits_for;
};

struct VaultOptions {
  Clock* clock = nullptr;          // required
  RandomSource* random = nullptr;  // required
  // Spare keys of a ledger that are made durable in one write.
  size_t spare_keys = 1024;
  // Unwrapped keys in memory; with the spare ones fewer than kLockedKeys.
  size_t cached_keys = 32768;
  // At most so many events are read again when the log is opened after a crash, beside those since
  // spare keys were last made.
  uint64_t mark_every = 65536;
  // Go on although keys or wrapping keys are missing: what they seal can never be read again.
  bool accept_lost_keys = false;
  // The ledger whose notes are about the persons of this one, such as its access trail; "": none.
  // No erasure names their keys: all about the person are destroyed. It is to begin with the vault
  // before the ledger does. Null: no ledger has one.
  std::function<std::string(std::string_view ledger)> companion_of;
};

// Thread-safe. Calls may block on storage and on the provider of wrapping keys.
class Vault final : public DataKeys {
 public:
  // Opens the vault in the store, or makes one in an empty store. Both must outlive it.
  // FAILED_PRECONDITION  the wrapping keys are not those of this vault, or the vault is of a newer
  //                      program; says what to do
  // UNAVAILABLE          the store or the provider cannot be reached
  static absl::StatusOr<std::unique_ptr<Vault>> Open(VaultStore& store, WrappingKeys& wrapping,
                                                     const VaultOptions& options);

  absl::Status Begin(std::string_view ledger, const EventLog& log) override;
  void Reached(std::string_view ledger, uint64_t position) override;
  void Expect(std::string_view ledger, std::span<const StreamId> records) override;
  absl::StatusOr<DataKey> ForRecord(std::string_view ledger, const StreamId& record,
                                    uint64_t position) override;
  absl::StatusOr<DataKey> ForNote(std::string_view ledger, const StreamId& record,
                                  const std::vector<Uuid>& persons, uint64_t position) override;
  void ExpectToFind(std::string_view ledger, std::span<const Uuid> ids) override;
  absl::StatusOr<DataKey> Find(std::string_view ledger, const Uuid& id) override;
  absl::StatusOr<std::shared_ptr<const SecretKey>> IndexKey(std::string_view ledger) override;

  // The keys that seal something about a record or person and are not destroyed: its own, and those
  // of notes that name it. At most `most` and one.
  absl::StatusOr<std::vector<Uuid>> KeysAbout(std::string_view ledger, const StreamId& subject,
                                              size_t most);

  // Those of the keys about a record that seal nothing of anybody but these persons: its own, and
  // those of notes in it that name nobody else.
  absl::StatusOr<std::vector<Uuid>> KeysOfNobodyElse(std::string_view ledger,
                                                     const StreamId& record,
                                                     const std::vector<Uuid>& persons, size_t most);

  // Carries out the erasure that the event is: destroys the keys about its record, and about those
  // it names, whose fingerprints it names, for good, and with them all about the person in the
  // ledger's companion. How many there were; 0 for other events and when it was done before. After
  // an error it is to be called again.
  absl::StatusOr<size_t> CarryOut(std::string_view ledger, const RecordedEvent& event);

  // What became of keys about a record or person, in the companion, too.
  absl::StatusOr<ErasureState> ErasureOf(std::string_view ledger, const StreamId& subject);

  // Those that exist, oldest first; the last one wraps new data keys.
  absl::StatusOr<std::vector<WrappingKeyInfo>> ListWrappingKeys() const { return wrapping_.List(); }
  // Makes a new wrapping key, wraps all data keys with it, and destroys the older ones. Others go
  // on meanwhile, but for Begin, which waits. `progress` hears how far it is, and ends it by
  // returning false: CANCELLED. After an error or a crash, FinishRotation goes on.
  // `before_destroying`, when given, is called once nothing needs the older keys any more, so that
  // there can be a copy without them while they are there; false: CANCELLED.
  using BeforeDestroying = std::function<bool()>;
  absl::Status Rotate(absl::FunctionRef<bool(const RotationProgress&)> progress,
                      const BeforeDestroying& before_destroying = nullptr);
  // Whether a change of wrapping keys was begun and did not come to its end.
  absl::StatusOr<bool> RotationUnfinished() const;
  absl::Status FinishRotation(absl::FunctionRef<bool(const RotationProgress&)> progress,
                              const BeforeDestroying& before_destroying = nullptr);

  // The vault's UUID; fixed after Open.
  Uuid id() const;
  // Shows every row as all are at one moment after the call began, in order of their bytes, with
  // keys wrapped: what a backup holds. Every key that seals something then is among them. Others go
  // on meanwhile, but what was destroyed is purged from the store's files only afterwards.
  // CANCELLED when `row` returns false.
  absl::Status Copy(absl::FunctionRef<bool(std::string_view key, std::string_view value)> row);
  // Whether a row of an older copy is no loss: its key is known here still, or known as destroyed,
  // or the row is no key's.
  absl::StatusOr<bool> Continues(std::string_view row) const;

  // All erasures of events below are carried out: Begin reads from there. Need not be durable.
  absl::Status ErasedUntil(std::string_view ledger, uint64_t next_position);

  // Remembers how far the logs were sealed, so that the next Begin reads less. After the logs are
  // closed.
  absl::Status Close();

 private:
  struct Spare {
    DataKey key;
    storage::v1::WrappedKey wrapped;
  };
  struct LedgerState {
    std::vector<Spare> spares;
    VaultChanges unwritten;  // rows of keys that were given out
    // Of records, as far as remembered; those of which `unwritten` tells are.
    absl::flat_hash_map<StreamId, DataKey> current;
    // Of those expected that are not in `current`: which key the store has for them, if any.
    absl::flat_hash_map<StreamId, std::optional<std::string>> expected;
    absl::flat_hash_set<Uuid> gone;  // persons whom no note may name any more
    uint64_t reached = 0;            // all keys of events below are written
    uint64_t marked = 0;             // and durable below this
  };

  Vault(VaultStore& store, WrappingKeys& wrapping, const VaultOptions& options)
      : store_(store), wrapping_(wrapping), options_(options), cache_(options.cached_keys) {}

  absl::Status Load();
  // What the log knows and the vault did not. Whether a key was destroyed with it.
  absl::StatusOr<bool> TakeIn(std::string_view ledger, uint64_t end, KeysInLog& keys,
                              absl::flat_hash_set<Uuid> gone);
  std::string CompanionOf(std::string_view ledger) const;
  absl::Status CheckWrappingKeys();
  absl::Status UseNewestWrappingKey() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<storage::v1::WrappedKey> Wrap(const Uuid& with, const Uuid& id,
                                               const SecretKey& key);
  absl::StatusOr<DataKey> Unwrap(const Uuid& id, const storage::v1::WrappedKey& wrapped);
  std::string AboutKey(const Uuid& id) const;

  // vault_find.cc
  absl::StatusOr<DataKey> FindStored(std::string_view ledger, const Uuid& id);
  // FAILED_PRECONDITION when it was destroyed, NOT_FOUND when there is none.
  absl::StatusOr<storage::v1::WrappedKey> ReadKey(std::string_view ledger, const Uuid& id) const;

  // vault_rotation.cc
  using Listener = absl::FunctionRef<bool(const RotationProgress&)>;
  struct WrappedAnew;
  absl::Status RewrapAll(const Uuid& newest, Listener progress)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(rotation_);
  // How many rows below `prefix` were wrapped with another key than `newest`.
  absl::StatusOr<uint64_t> RewrapRows(std::string_view prefix, const Uuid& newest,
                                      RotationProgress& seen, Listener progress)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(rotation_);
  absl::StatusOr<std::optional<std::string>> RewrapRow(std::string_view row, std::string_view value,
                                                       const Uuid& newest);
  absl::Status ReplaceUnchanged(const std::vector<WrappedAnew>& page);
  absl::Status DestroyRetired(const BeforeDestroying& before_destroying)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(rotation_);
  absl::StatusOr<std::vector<Uuid>> WrappingKeyRows() const;

  // vault_copy.cc
  absl::Status Purge() ABSL_LOCKS_EXCLUDED(files_);

  absl::StatusOr<LedgerState*> StateOf(std::string_view ledger)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<DataKey> FindOrMakeIndexKey(std::string_view ledger)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status MakeSpares(std::string_view ledger, LedgerState& state)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status WriteMark(std::string_view ledger, LedgerState& state, uint64_t next_position,
                         VaultChanges changes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // What was given out and not written, of one ledger or of all.
  absl::Status WriteGivenOut(LedgerState& state) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status WriteGivenOut() ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<std::vector<Uuid>> StoredKeysAbout(
      std::string_view ledger, const StreamId& subject, size_t most,
      absl::FunctionRef<bool(const storage::v1::VaultKey&)> taken) const;
  // CarryOut without the purge.
  absl::StatusOr<size_t> DestroyFor(std::string_view ledger, const RecordedEvent& event);
  // Of keys that are to be destroyed: by ledger.
  using KeysByLedger = std::map<std::string, std::set<Uuid>, std::less<>>;
  absl::Status FindErased(std::string_view ledger, const ErasedKeys& erased, KeysByLedger& found)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // All about the persons.
  absl::Status FindAllAbout(std::string_view ledger, const absl::flat_hash_set<Uuid>& persons,
                            KeysByLedger& found) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Removes the keys from their rows in one write with `changes`; how many. Not yet from the
  // store's files.
  absl::StatusOr<size_t> Destroy(const KeysByLedger& keys, VaultChanges changes)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // A key that nobody can find again.
  absl::StatusOr<DataKey> GiveOutDestroyed(std::string_view ledger, LedgerState& state,
                                           const StreamId& record)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Which key the store has for a record that is not in `current`.
  absl::StatusOr<std::optional<std::string>> StoredCurrent(std::string_view ledger,
                                                           LedgerState& state,
                                                           const StreamId& record) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Keeps what was given out and is not written yet within its bound.
  absl::Status MakeRoom(LedgerState& state) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Takes a spare key; its rows are written with others.
  absl::StatusOr<DataKey> GiveOut(std::string_view ledger, LedgerState& state,
                                  const StreamId& record, bool of_note,
                                  const std::vector<Uuid>& persons)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  VaultStore& store_;
  WrappingKeys& wrapping_;
  const VaultOptions options_;
  std::string id_;  // of the vault, 16 bytes; fixed after Open

  // Held over a change of wrapping keys, so that nothing is wrapped with one that goes. Before
  // mutex_.
  Mutex rotation_;
  // Held while rows are copied, which keeps old files of the store, and while these are purged.
  // Before mutex_.
  Mutex files_;
  Mutex mutex_;  // over what is given out
  Uuid newest_wrapping_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, LedgerState, std::less<>> ledgers_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::shared_ptr<const SecretKey>, std::less<>> index_keys_
      ABSL_GUARDED_BY(mutex_);  // as far as asked for
  KeyCache cache_;
};

}  // namespace caseledger::eventstore
