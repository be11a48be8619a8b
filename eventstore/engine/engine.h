// The narrow waist: what a storage engine must do. Sequencer, codec, proofs, projections and
// services never name an engine; tests/contract runs one suite against every engine.
//
// The shape fits an engine that keeps the head in memory (RocksDB) and one that loads it under the
// lock of the head's row inside a transaction (PostgreSQL): the engine calls `resolve` with the
// head it is going to commit on, and may call it again on a newer head.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "caseledger/storage/v1/envelope.pb.h"
#include "eventstore/event.h"
#include "eventstore/verifiable/tile.h"

namespace caseledger::eventstore {

// Format of a ledger: what is written for an event, and how. Engines and the log refuse others.
// Never released: 1, where references left no marks, and 2, without the tiles of the Merkle tree.
inline constexpr uint32_t kLedgerFormatVersion = 3;

// One event as the engine keeps it. The engine never looks into `record`.
struct StoredEvent {
  StreamId stream;
  uint64_t revision = 0;
  uint64_t position = 0;
  Hash256 leaf_hash;
  std::string record;  // serialised storage.v1.StoredRecord
};

// What one commit writes, all or nothing.
struct EngineBatch {
  std::vector<StoredEvent> events;                       // contiguous positions from the head on
  std::vector<std::pair<StreamId, StreamHead>> streams;  // new heads of the streams written
  std::vector<std::pair<std::string, std::string>>
      marks;                     // unique keys -> values (request ids, names)
  LedgerHead head;               // after the batch
  std::vector<Tile> tiles = {};  // of the Merkle tree, full with these events
};

// The committed state that a batch is resolved against. Valid only inside `resolve`.
class HeadView {
 public:
  virtual ~HeadView() = default;
  virtual const LedgerHead& head() const = 0;
  virtual absl::StatusOr<StreamHead> FindStream(const StreamId& stream) = 0;
  virtual absl::StatusOr<std::optional<std::string>> FindMark(std::string_view key) = 0;
  // These are going to be asked for: looked up together where each look is a round trip. Changes no
  // answer.
  virtual absl::Status Expect(std::span<const std::string> /*mark_keys*/,
                              std::span<const StreamId> /*streams*/) {
    return absl::OkStatus();
  }
  // Calls `visit` for the keys of the marks that begin with `prefix`, in the order of their bytes,
  // until it returns false.
  virtual absl::Status VisitMarks(std::string_view prefix,
                                  absl::FunctionRef<bool(std::string_view key)> visit) = 0;
  virtual absl::Status ReadStream(const StreamId& stream, uint64_t from_revision,
                                  absl::FunctionRef<bool(const StoredEvent&)> visit) = 0;
  virtual absl::Status Read(uint64_t from, uint64_t end,
                            absl::FunctionRef<bool(const StoredEvent&)> visit) = 0;
  // The hashes of a full tile; nullopt when it was never written.
  virtual absl::StatusOr<std::optional<std::string>> FindTile(unsigned level, uint64_t index) = 0;
};

// Pure; may run again. An empty batch (no events) is not written. An error ends the commit with
// that error.
using Resolve = absl::FunctionRef<absl::StatusOr<EngineBatch>(HeadView& view)>;

// Thread-safe; but one ledger has at most one Commit at a time (its sequencer's).
class Engine {
 public:
  virtual ~Engine() = default;

  // All ledgers, by name. Names match [a-z0-9-]{1,40} (or such a name plus `.access`).
  virtual absl::StatusOr<std::vector<storage::v1::LedgerInfo>> ListLedgers() const = 0;
  // ALREADY_EXISTS when there is one of that name.
  virtual absl::Status CreateLedger(const storage::v1::LedgerInfo& info) = 0;

  // Replaces what is said of a ledger that is there: its name and format stay. Durable when it
  // returns OK, UNAVAILABLE as for Commit. Of a ledger that has moved (`moved`) nothing is written
  // any more, by no program: Commit and ReplaceSigningState answer FAILED_PRECONDITION from then
  // on, and so does this but for the same once more.
  virtual absl::Status ReplaceInfo(const storage::v1::LedgerInfo& info) = 0;

  // NOT_FOUND for an unknown ledger, here and below. DATA_LOSS when head and records disagree.
  virtual absl::StatusOr<LedgerHead> LoadHead(std::string_view ledger) const = 0;

  // Durable when it returns OK. UNAVAILABLE after storage failed: the outcome is unknown, unless
  // the status says that nothing was written. From an engine that keeps heads in memory every later
  // commit fails too until it is reopened, and a failed sync is never retried; one that loads the
  // head for each commit goes on.
  virtual absl::Status Commit(std::string_view ledger, Resolve resolve) = 0;

  // Records of positions [from, end), in order, until `visit` returns false. DATA_LOSS on a hole.
  virtual absl::Status Read(std::string_view ledger, uint64_t from, uint64_t end,
                            absl::FunctionRef<bool(const StoredEvent&)> visit) const = 0;
  virtual absl::StatusOr<StreamHead> FindStream(std::string_view ledger,
                                                const StreamId& stream) const = 0;
  virtual absl::Status ReadStream(std::string_view ledger, const StreamId& stream,
                                  uint64_t from_revision,
                                  absl::FunctionRef<bool(const StoredEvent&)> visit) const = 0;
  virtual absl::StatusOr<std::optional<std::string>> FindMark(std::string_view ledger,
                                                              std::string_view key) const = 0;
  // The hashes of a full tile; nullopt when it was never written.
  virtual absl::StatusOr<std::optional<std::string>> FindTile(std::string_view ledger,
                                                              unsigned level,
                                                              uint64_t index) const = 0;

  // Adds marks to a ledger that is being copied here (`arriving`): a key that is there gets the new
  // value. All or nothing; durable when it returns OK, UNAVAILABLE as for Commit, and may be called
  // again. FAILED_PRECONDITION for any other ledger: its marks come with its events.
  virtual absl::Status AddMarks(std::string_view ledger,
                                std::span<const std::pair<std::string, std::string>> marks) = 0;

  // All entries of one kind, for whoever compares a whole ledger with itself: in the order of the
  // ledger's keys, so that the entries of a stream stand together and its revisions ascend, until
  // `visit` returns false. What commits write meanwhile may be missing. DATA_LOSS when an entry is
  // not readable.
  //
  // Where the events of each stream stand.
  virtual absl::Status VisitIndex(
      std::string_view ledger,
      absl::FunctionRef<bool(const StreamId& stream, uint64_t revision, uint64_t position)> visit)
      const = 0;
  virtual absl::Status VisitStreamHeads(
      std::string_view ledger,
      absl::FunctionRef<bool(const StreamId& stream, const StreamHead& head)> visit) const = 0;
  // Those whose keys begin with `prefix`.
  virtual absl::Status VisitMarks(
      std::string_view ledger, std::string_view prefix,
      absl::FunctionRef<bool(std::string_view key, std::string_view value)> visit) const = 0;
  virtual absl::Status VisitTiles(
      std::string_view ledger,
      absl::FunctionRef<bool(unsigned level, uint64_t index, std::string_view hashes)> visit)
      const = 0;

  // What the ledger's signer has to remember; nullopt before the first time. The engine never looks
  // into it. It may be replaced while commits go on; durable when it returns OK, and UNAVAILABLE as
  // for Commit.
  virtual absl::StatusOr<std::optional<std::string>> FindSigningState(
      std::string_view ledger) const = 0;
  virtual absl::Status ReplaceSigningState(std::string_view ledger, std::string_view state) = 0;

  // Makes everything durable and lets go of the files.
  virtual absl::Status Close() = 0;
};

}  // namespace caseledger::eventstore
