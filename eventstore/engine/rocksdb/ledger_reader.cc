#include "eventstore/engine/rocksdb/ledger_reader.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/engine/rocksdb/storage_status.h"
#include "eventstore/engine/rocksdb/tuning.h"
#include "eventstore/engine/rocksdb/value_codec.h"
#include "rocksdb/snapshot.h"

namespace caseledger::eventstore::rocksdb_engine {
namespace {

std::string_view View(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

}  // namespace

LedgerReader::LedgerReader(rocksdb::DB& db, std::string_view ledger)
    : db_(db), ledger_(ledger), keys_(ledger) {}

absl::StatusOr<LedgerHead> LedgerReader::LoadHead() const {
  // One snapshot, so that a commit in between is not taken for damage.
  rocksdb::ManagedSnapshot snapshot(&db_);
  rocksdb::ReadOptions options = PointRead();
  options.snapshot = snapshot.snapshot();
  ASSIGN_OR_RETURN(const LedgerHead head, GetHead(options));
  RETURN_IF_ERROR(CheckLastEvent(options, head));
  RETURN_IF_ERROR(CheckNothingBeyond(options, head));
  return head;
}

absl::Status LedgerReader::Read(uint64_t from, uint64_t end, Visit visit) const {
  if (from >= end) return absl::OkStatus();
  const std::string end_key = keys_.Event(end);
  const rocksdb::Slice upper_bound(end_key);
  rocksdb::ReadOptions options = ScanRead();
  options.iterate_upper_bound = &upper_bound;
  const std::unique_ptr<rocksdb::Iterator> iterator(db_.NewIterator(options));
  iterator->Seek(keys_.Event(from));
  StoredEvent event;
  for (uint64_t position = from; position < end; ++position, iterator->Next()) {
    if (!iterator->Valid()) {
      if (!iterator->status().ok()) return ReadFailure(iterator->status(), "events");
      return Hole(position);
    }
    const std::optional<KeyParts> key = DecodeKey(View(iterator->key()));
    if (!key || key->position != position) return Hole(position);
    if (!DecodeEvent(position, View(iterator->value()), event)) {
      return Damaged(ledger_, StrCat("the record at position ", position, " is cut"));
    }
    if (!visit(event)) return absl::OkStatus();
  }
  return absl::OkStatus();
}

absl::StatusOr<StreamHead> LedgerReader::FindStream(const StreamId& stream) const {
  ASSIGN_OR_RETURN(const std::optional<std::string> value,
                   Get(PointRead(), keys_.StreamHead(stream), "a stream head"));
  if (!value) return StreamHead{};
  const std::optional<StreamHead> head = DecodeStreamHead(*value);
  if (!head) return Damaged(ledger_, "a stream head is not readable");
  return *head;
}

absl::Status LedgerReader::ReadStream(const StreamId& stream, uint64_t from_revision,
                                      Visit visit) const {
  const uint64_t first = std::max<uint64_t>(from_revision, 1);
  ASSIGN_OR_RETURN(const StreamHead head, FindStream(stream));
  if (first > head.revision) return absl::OkStatus();
  const std::string end_key = keys_.Revision(stream, head.revision + 1);
  const rocksdb::Slice upper_bound(end_key);
  rocksdb::ReadOptions options = PointRead();
  options.iterate_upper_bound = &upper_bound;
  const std::unique_ptr<rocksdb::Iterator> iterator(db_.NewIterator(options));
  iterator->Seek(keys_.Revision(stream, first));
  for (uint64_t revision = first; revision <= head.revision; ++revision, iterator->Next()) {
    if (!iterator->Valid() && !iterator->status().ok()) {
      return ReadFailure(iterator->status(), "the stream index");
    }
    const std::optional<KeyParts> key =
        iterator->Valid() ? DecodeKey(View(iterator->key())) : std::nullopt;
    if (!key || key->revision != revision) {
      return Damaged(ledger_, StrCat("a stream lacks its revision ", revision));
    }
    ASSIGN_OR_RETURN(const StoredEvent event,
                     GetIndexedEvent(stream, revision, View(iterator->value())));
    if (!visit(event)) return absl::OkStatus();
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<std::string>> LedgerReader::FindMark(std::string_view mark) const {
  return Get(PointRead(), keys_.Mark(mark), "a mark");
}

absl::StatusOr<std::optional<std::string>> LedgerReader::FindTile(unsigned level,
                                                                  uint64_t index) const {
  return Get(PointRead(), keys_.Tile(static_cast<uint8_t>(level), index), "a tile of the tree");
}

absl::StatusOr<std::optional<std::string>> LedgerReader::FindSigningState() const {
  return Get(PointRead(), keys_.SigningState(), "the signing state");
}

absl::Status LedgerReader::Scan(
    const rocksdb::ReadOptions& options, const std::string& prefix, std::string_view what,
    absl::FunctionRef<absl::StatusOr<bool>(const KeyParts&, std::string_view)> visit) const {
  const std::unique_ptr<rocksdb::Iterator> iterator(db_.NewIterator(options));
  for (iterator->Seek(prefix); iterator->Valid(); iterator->Next()) {
    if (!View(iterator->key()).starts_with(prefix)) break;
    const std::optional<KeyParts> key = DecodeKey(View(iterator->key()));
    if (!key) return Damaged(ledger_, StrCat("among ", what, " is a key that is not readable"));
    ASSIGN_OR_RETURN(const bool more, visit(*key, View(iterator->value())));
    if (!more) return absl::OkStatus();
  }
  if (!iterator->status().ok()) return ReadFailure(iterator->status(), what);
  return absl::OkStatus();
}

absl::Status LedgerReader::VisitIndex(
    absl::FunctionRef<bool(const StreamId&, uint64_t, uint64_t)> visit) const {
  const auto take = [&](const KeyParts& key, std::string_view value) -> absl::StatusOr<bool> {
    const std::optional<uint64_t> position = DecodePosition(value);
    if (!position) return Damaged(ledger_, "a stream index entry is not readable");
    return visit(key.stream, key.revision, *position);
  };
  return Scan(ScanRead(), keys_.Revisions(), "the stream index", take);
}

absl::Status LedgerReader::VisitStreamHeads(
    absl::FunctionRef<bool(const StreamId&, const StreamHead&)> visit) const {
  const auto take = [&](const KeyParts& key, std::string_view value) -> absl::StatusOr<bool> {
    const std::optional<StreamHead> head = DecodeStreamHead(value);
    if (!head) return Damaged(ledger_, "a stream head is not readable");
    return visit(key.stream, *head);
  };
  return Scan(ScanRead(), keys_.StreamHeads(), "the stream heads", take);
}

absl::Status LedgerReader::VisitMarks(
    std::string_view prefix,
    absl::FunctionRef<bool(std::string_view, std::string_view)> visit) const {
  const auto take = [&](const KeyParts& key, std::string_view value) -> absl::StatusOr<bool> {
    return visit(key.mark, value);
  };
  return Scan(PointRead(), keys_.Mark(prefix), "the marks", take);
}

absl::Status LedgerReader::VisitTiles(
    absl::FunctionRef<bool(unsigned, uint64_t, std::string_view)> visit) const {
  const auto take = [&](const KeyParts& key, std::string_view value) -> absl::StatusOr<bool> {
    return visit(key.tile_level, key.tile_index, value);
  };
  return Scan(ScanRead(), keys_.Tiles(), "the tiles", take);
}

absl::StatusOr<std::optional<std::string>> LedgerReader::Get(const rocksdb::ReadOptions& options,
                                                             const std::string& key,
                                                             std::string_view what) const {
  std::string value;
  const rocksdb::Status status = db_.Get(options, key, &value);
  if (status.IsNotFound()) return std::optional<std::string>();
  if (!status.ok()) return ReadFailure(status, what);
  return std::optional<std::string>(std::move(value));
}

absl::StatusOr<LedgerHead> LedgerReader::GetHead(const rocksdb::ReadOptions& options) const {
  ASSIGN_OR_RETURN(const std::optional<std::string> value, Get(options, keys_.Head(), "the head"));
  if (!value) return Damaged(ledger_, "it has no head");
  const std::optional<LedgerHead> head = DecodeLedgerHead(*value);
  if (!head) return Damaged(ledger_, "its head is not readable");
  return *head;
}

absl::StatusOr<StoredEvent> LedgerReader::GetEvent(const rocksdb::ReadOptions& options,
                                                   uint64_t position) const {
  ASSIGN_OR_RETURN(const std::optional<std::string> value,
                   Get(options, keys_.Event(position), "an event"));
  if (!value) return Hole(position);
  std::optional<StoredEvent> event = DecodeEvent(position, *value);
  if (!event) return Damaged(ledger_, StrCat("the record at position ", position, " is cut"));
  return *std::move(event);
}

absl::Status LedgerReader::CheckLastEvent(const rocksdb::ReadOptions& options,
                                          const LedgerHead& head) const {
  if (head.next_position == 0) return absl::OkStatus();
  ASSIGN_OR_RETURN(const StoredEvent last, GetEvent(options, head.next_position - 1));
  if (last.leaf_hash != head.last_leaf_hash) {
    return Damaged(ledger_, "the last event's leaf hash differs from the head's");
  }
  return absl::OkStatus();
}

absl::Status LedgerReader::CheckNothingBeyond(const rocksdb::ReadOptions& options,
                                              const LedgerHead& head) const {
  const std::string end_key = keys_.Event(std::numeric_limits<uint64_t>::max());
  const rocksdb::Slice upper_bound(end_key);
  rocksdb::ReadOptions bounded = options;
  bounded.iterate_upper_bound = &upper_bound;
  const std::unique_ptr<rocksdb::Iterator> iterator(db_.NewIterator(bounded));
  iterator->Seek(keys_.Event(head.next_position));
  if (iterator->Valid()) return Damaged(ledger_, "an event lies beyond the head");
  if (!iterator->status().ok()) return ReadFailure(iterator->status(), "events beyond the head");
  return absl::OkStatus();
}

absl::StatusOr<StoredEvent> LedgerReader::GetIndexedEvent(const StreamId& stream, uint64_t revision,
                                                          std::string_view index_value) const {
  const std::optional<uint64_t> position = DecodePosition(index_value);
  if (!position) return Damaged(ledger_, "a stream index entry is not readable");
  ASSIGN_OR_RETURN(StoredEvent event, GetEvent(PointRead(), *position));
  if (event.stream != stream || event.revision != revision) {
    return Damaged(ledger_,
                   StrCat("the stream index leads to a different event at position ", *position));
  }
  return event;
}

absl::Status LedgerReader::Hole(uint64_t position) const {
  return Damaged(ledger_, StrCat("there is no record at position ", position));
}

}  // namespace caseledger::eventstore::rocksdb_engine
