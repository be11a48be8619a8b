// All ledgers of one engine copied to another, byte for byte, until the copies go on in place of
// the originals. Offline: nobody else writes to either meanwhile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/hash.h"
#include "eventstore/base/random.h"
#include "eventstore/base/uuid.h"
#include "eventstore/engine/engine.h"
#include "eventstore/vault/vault_store.h"
#include "eventstore/verifiable/tree_edge.h"

namespace caseledger::eventstore {

struct CopyStep {
  enum class Phase { kEvents, kMarks, kCheckEvents, kCheckIndex, kCheckMarks };
  std::string ledger;
  Phase phase = Phase::kEvents;
  uint64_t done = 0;
  uint64_t total = 0;  // of marks an estimate
};

struct LedgersCopyOptions {
  Clock* clock = nullptr;          // required
  RandomSource* random = nullptr;  // required
  std::string place;               // where the copies are, for people; not empty
  // Of one commit to the copy: at most so many events, and no more bytes unless one event alone is
  // larger.
  size_t batch_events = 2048;
  size_t batch_bytes = 4u << 20;
  size_t batch_marks = 4096;
  unsigned helpers = 0;  // threads that check beside the calling one
  // False ends it with CANCELLED, to go on later. Called on the calling thread. May be empty.
  std::function<bool(const CopyStep&)> on_step;
};

// What became of one ledger.
struct CopiedLedger {
  std::string ledger;
  uint64_t events = 0;
  uint64_t copied_now = 0;  // the others were there from an earlier run
  uint64_t marks = 0;       // request ids, names and references
  Hash256 root;             // of the Merkle tree over all events, the same at both ends
  bool goes_on = false;     // the copy went on before this run: it was not looked at again
};

// Look, Begin, Copy, Check, End, each once and in this order. What an earlier run did is kept: a
// new object goes on where it was, also after End was interrupted.
//
// Invariants
// 1. Nobody serves a copy before its original is ended for good (engine.h, ReplaceInfo), and the
//    original names the one copying by which it goes on: of two copies one at most is ever served.
// 2. No original is ended before all copies were found to be whole and the same.
//
// Not thread-safe. Both engines must outlive it.
class LedgersCopy {
 public:
  LedgersCopy(Engine& from, Engine& to, LedgersCopyOptions options)
      : from_(from), to_(to), options_(std::move(options)) {}

  // Whether this can be: writes nothing.
  //
  // NOT_FOUND            there is no ledger to copy
  // ALREADY_EXISTS       the other end has ledgers that are not of this copying
  // FAILED_PRECONDITION  a ledger has moved elsewhere already, or is not copied here to its end
  absl::Status Look();
  // Makes the ledgers at the other end, which nobody serves before End.
  absl::Status Begin();

  // The same at both ends. After Look.
  const Uuid& copy_id() const { return copy_id_; }
  // Whether an earlier run came to End, or beyond it: all was copied and checked then, and what
  // belongs to the ledgers and is copied beside them, too. The originals may lack it since.
  bool was_ending() const { return was_ending_; }
  // Whether it was done with it: there is nothing left to do.
  bool was_done() const { return was_done_; }

  // Brings what is missing. DATA_LOSS: what is there already is not of this original.
  absl::Status Copy();
  // Every copy is whole by itself, equal to its original in events, indexes, request ids, names and
  // what its signer remembers. DATA_LOSS says what is not so. FAILED_PRECONDITION KEYS_LOST: the
  // vault beside the copies, given here, lacks keys that they are sealed with.
  absl::Status Check(const VaultStore& vault);
  // The originals are ended, then the copies go on. After Check; not to be interrupted, but going
  // on later is safe.
  absl::Status End();

  // In order of names; complete after Check.
  const std::vector<CopiedLedger>& ledgers() const { return ledgers_; }

 private:
  // Of all ledgers it is the same one, or FAILED_PRECONDITION.
  absl::Status TakeCopyId(const storage::v1::LedgerCopy& copy);
  absl::Status LookAtOriginals();
  absl::Status LookAtCopies();
  absl::Status MakeCopyOf(const storage::v1::LedgerInfo& original);
  absl::Status CopyEvents(CopiedLedger& ledger);
  absl::Status Audit(const CopiedLedger& ledger, const VaultStore& vault);
  absl::Status CommitNext(const std::string& ledger, std::vector<StoredEvent> events);
  absl::Status CopyMarks(CopiedLedger& ledger);
  absl::Status CopySigningState(const std::string& ledger);
  absl::Status CheckOne(CopiedLedger& ledger, const VaultStore& vault);
  absl::Status CheckSameMarks(const std::string& ledger);
  absl::Status Tell(const std::string& ledger, CopyStep::Phase phase, uint64_t done,
                    uint64_t total) const;

  Engine& from_;
  Engine& to_;
  const LedgersCopyOptions options_;
  Uuid copy_id_;
  bool was_ending_ = false;
  bool was_done_ = false;
  bool checked_ = false;
  std::vector<storage::v1::LedgerInfo> originals_;
  std::vector<storage::v1::LedgerInfo> copies_;  // those that are there at the beginning
  std::vector<CopiedLedger> ledgers_;
  std::shared_ptr<const TreeEdge> tree_;  // of the ledger that is being copied
};

}  // namespace caseledger::eventstore
