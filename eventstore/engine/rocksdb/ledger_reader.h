// Reads one ledger out of the database and checks what it reads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/engine/engine.h"
#include "eventstore/engine/rocksdb/key_codec.h"
#include "rocksdb/db.h"

namespace caseledger::eventstore::rocksdb_engine {

using Visit = absl::FunctionRef<bool(const StoredEvent&)>;

// Thread-safe. The database must outlive it and stay open during every call. All methods:
// DATA_LOSS when bytes fail their check or disagree, UNAVAILABLE when the storage does not answer.
class LedgerReader {
 public:
  LedgerReader(rocksdb::DB& db, std::string_view ledger);

  const LedgerKeys& keys() const { return keys_; }

  // The head, after checking it against the events: the last one is there with the head's leaf
  // hash, and none lies beyond.
  absl::StatusOr<LedgerHead> LoadHead() const;

  // Events of [from, end), in order, until `visit` returns false. A missing one is DATA_LOSS.
  absl::Status Read(uint64_t from, uint64_t end, Visit visit) const;

  // Revision 0 when absent.
  absl::StatusOr<StreamHead> FindStream(const StreamId& stream) const;

  absl::Status ReadStream(const StreamId& stream, uint64_t from_revision, Visit visit) const;

  absl::StatusOr<std::optional<std::string>> FindMark(std::string_view mark) const;
  // The hashes of a full tile; nullopt when it was never written.
  absl::StatusOr<std::optional<std::string>> FindTile(unsigned level, uint64_t index) const;
  absl::StatusOr<std::optional<std::string>> FindSigningState() const;
  // As of Engine: all entries of one kind, in the order of their keys.
  absl::Status VisitIndex(
      absl::FunctionRef<bool(const StreamId&, uint64_t revision, uint64_t position)> visit) const;
  absl::Status VisitStreamHeads(
      absl::FunctionRef<bool(const StreamId&, const StreamHead&)> visit) const;
  absl::Status VisitMarks(
      std::string_view prefix,
      absl::FunctionRef<bool(std::string_view key, std::string_view value)> visit) const;
  absl::Status VisitTiles(
      absl::FunctionRef<bool(unsigned level, uint64_t index, std::string_view hashes)> visit) const;

 private:
  // Entries whose keys begin with `prefix`, in order, until `visit` returns false or an error.
  absl::Status Scan(
      const rocksdb::ReadOptions& options, const std::string& prefix, std::string_view what,
      absl::FunctionRef<absl::StatusOr<bool>(const KeyParts&, std::string_view value)> visit) const;
  // Nullopt when there is no such key.
  absl::StatusOr<std::optional<std::string>> Get(const rocksdb::ReadOptions& options,
                                                 const std::string& key,
                                                 std::string_view what) const;
  absl::StatusOr<LedgerHead> GetHead(const rocksdb::ReadOptions& options) const;
  absl::StatusOr<StoredEvent> GetEvent(const rocksdb::ReadOptions& options,
                                       uint64_t position) const;
  absl::Status CheckLastEvent(const rocksdb::ReadOptions& options, const LedgerHead& head) const;
  absl::Status CheckNothingBeyond(const rocksdb::ReadOptions& options,
                                  const LedgerHead& head) const;
  // The event that the stream's index entry at `revision` points to.
  absl::StatusOr<StoredEvent> GetIndexedEvent(const StreamId& stream, uint64_t revision,
                                              std::string_view index_value) const;
  absl::Status Hole(uint64_t position) const;

  rocksdb::DB& db_;
  std::string ledger_;
  LedgerKeys keys_;
};

}  // namespace caseledger::eventstore::rocksdb_engine
