#include "eventstore/engine/rocksdb/rocksdb_engine.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/engine/batch_check.h"
#include "eventstore/engine/call_gate.h"
#include "eventstore/engine/ledger_rules.h"
#include "eventstore/engine/rocksdb/directory.h"
#include "eventstore/engine/rocksdb/ledger_catalogue.h"
#include "eventstore/engine/rocksdb/ledger_reader.h"
#include "eventstore/engine/rocksdb/log_check.h"
#include "eventstore/engine/rocksdb/storage_status.h"
#include "eventstore/engine/rocksdb/tuning.h"
#include "eventstore/engine/rocksdb/value_codec.h"
#include "eventstore/engine/rocksdb/write_failure.h"
#include "rocksdb/db.h"
#include "rocksdb/write_batch.h"

namespace caseledger::eventstore {
namespace rocksdb_engine {
namespace {

absl::Status Closed() { return absl::UnavailableError("the event store is closed"); }

// One ledger of the open database.
struct Ledger {
  Ledger(rocksdb::DB& db, const storage::v1::LedgerInfo& its_info)
      : reader(db, its_info.ledger()), info(its_info) {}

  const LedgerReader reader;
  // Held for the whole of a commit: one commit at a time in this ledger, any number in others.
  Mutex commit_mutex;
  // The committed head; nullopt until the first commit has loaded and checked it.
  std::optional<LedgerHead> head ABSL_GUARDED_BY(commit_mutex);
  // Taken after the commit's, and held while what it says matters.
  mutable Mutex info_mutex;
  storage::v1::LedgerInfo info ABSL_GUARDED_BY(info_mutex);

  storage::v1::LedgerInfo Info() const {
    MutexLock lock(&info_mutex);
    return info;
  }
  absl::Status MayBeWritten() const {
    MutexLock lock(&info_mutex);
    return CheckNotMoved(info);
  }
};

class View final : public HeadView {
 public:
  View(const LedgerReader& reader, const LedgerHead& head) : reader_(reader), head_(head) {}

  const LedgerHead& head() const override { return head_; }
  // Remembered: what decided on a head and what checks the batch against it ask for the same.
  absl::StatusOr<StreamHead> FindStream(const StreamId& stream) override {
    if (const auto known = streams_.find(stream); known != streams_.end()) return known->second;
    ASSIGN_OR_RETURN(const StreamHead head, reader_.FindStream(stream));
    return streams_.emplace(stream, head).first->second;
  }
  absl::StatusOr<std::optional<std::string>> FindMark(std::string_view key) override {
    return reader_.FindMark(key);
  }
  absl::Status VisitMarks(std::string_view prefix,
                          absl::FunctionRef<bool(std::string_view)> visit) override {
    return reader_.VisitMarks(
        prefix, [&](std::string_view key, std::string_view /*value*/) { return visit(key); });
  }
  absl::Status ReadStream(const StreamId& stream, uint64_t from_revision, Visit visit) override {
    return reader_.ReadStream(stream, from_revision, visit);
  }
  absl::Status Read(uint64_t from, uint64_t end, Visit visit) override {
    return reader_.Read(from, end, visit);
  }
  absl::StatusOr<std::optional<std::string>> FindTile(unsigned level, uint64_t index) override {
    return reader_.FindTile(level, index);
  }

 private:
  const LedgerReader& reader_;
  const LedgerHead& head_;
  absl::flat_hash_map<StreamId, StreamHead> streams_;
};

// Events first, in order of positions: RocksDB finds the place of one beside the one before. The
// keys that ids make random follow in the order of their bytes: neighbours share part of the
// search.
rocksdb::WriteBatch ToWriteBatch(const LedgerKeys& keys, const EngineBatch& from) {
  rocksdb::WriteBatch batch;
  for (const StoredEvent& event : from.events) {
    batch.Put(keys.Event(event.position), EncodeEvent(event));
  }
  std::vector<std::pair<std::string, std::string>> scattered;
  scattered.reserve(from.events.size() + from.streams.size() + from.marks.size());
  for (const StoredEvent& event : from.events) {
    scattered.emplace_back(keys.Revision(event.stream, event.revision),
                           EncodePosition(event.position));
  }
  for (const auto& [stream, head] : from.streams) {
    scattered.emplace_back(keys.StreamHead(stream), EncodeStreamHead(head));
  }
  for (const auto& [mark, value] : from.marks) scattered.emplace_back(keys.Mark(mark), value);
  std::sort(scattered.begin(), scattered.end());
  for (const auto& [key, value] : scattered) batch.Put(key, value);
  for (const Tile& tile : from.tiles) {
    batch.Put(keys.Tile(static_cast<uint8_t>(tile.id.level), tile.id.index), tile.hashes);
  }
  batch.Put(keys.Head(), EncodeLedgerHead(from.head));
  return batch;
}

}  // namespace

// Invariants
// 1. What Commit acknowledged was synced; `head` moves only after that.
// 2. After a failed write nothing is written any more (WriteFailure).
// 3. No call uses the database after Close (CallGate).
class RocksDbEngine final : public RocksDbStore {
 public:
  RocksDbEngine(std::unique_ptr<rocksdb::DB> db, std::shared_ptr<WriteFailure> failure)
      : db_(std::move(db)), failure_(std::move(failure)) {}
  ~RocksDbEngine() override { gate_.CloseAndWait(); }

  // Reads which ledgers there are. Once, before anything else.
  absl::Status LoadLedgers();

  absl::StatusOr<std::vector<storage::v1::LedgerInfo>> ListLedgers() const override;
  absl::Status CreateLedger(const storage::v1::LedgerInfo& info) override;
  absl::Status ReplaceInfo(const storage::v1::LedgerInfo& info) override;
  absl::Status AddMarks(std::string_view ledger,
                        std::span<const std::pair<std::string, std::string>> marks) override;
  absl::StatusOr<LedgerHead> LoadHead(std::string_view ledger) const override;
  absl::Status Commit(std::string_view ledger, Resolve resolve) override;
  absl::Status Read(std::string_view ledger, uint64_t from, uint64_t end,
                    Visit visit) const override;
  absl::StatusOr<StreamHead> FindStream(std::string_view ledger,
                                        const StreamId& stream) const override;
  absl::Status ReadStream(std::string_view ledger, const StreamId& stream, uint64_t from_revision,
                          Visit visit) const override;
  absl::StatusOr<std::optional<std::string>> FindMark(std::string_view ledger,
                                                      std::string_view key) const override;
  absl::StatusOr<std::optional<std::string>> FindTile(std::string_view ledger, unsigned level,
                                                      uint64_t index) const override;
  absl::Status VisitIndex(
      std::string_view ledger,
      absl::FunctionRef<bool(const StreamId&, uint64_t, uint64_t)> visit) const override;
  absl::Status VisitStreamHeads(
      std::string_view ledger,
      absl::FunctionRef<bool(const StreamId&, const StreamHead&)> visit) const override;
  absl::Status VisitMarks(
      std::string_view ledger, std::string_view prefix,
      absl::FunctionRef<bool(std::string_view, std::string_view)> visit) const override;
  absl::Status VisitTiles(
      std::string_view ledger,
      absl::FunctionRef<bool(unsigned, uint64_t, std::string_view)> visit) const override;
  absl::StatusOr<std::optional<std::string>> FindSigningState(
      std::string_view ledger) const override;
  absl::Status ReplaceSigningState(std::string_view ledger, std::string_view state) override;
  absl::Status Close() override;
  absl::Status WithDatabase(absl::FunctionRef<absl::Status(rocksdb::DB& db)> use) override;

 private:
  // NOT_FOUND. Ledgers are never removed, so the pointer stays good.
  absl::StatusOr<Ledger*> Find(std::string_view ledger) const ABSL_LOCKS_EXCLUDED(mutex_);
  // UNAVAILABLE: the outcome is unknown, and nothing is written from now on.
  absl::Status WriteDurably(rocksdb::WriteBatch& batch);

  mutable CallGate gate_;
  std::unique_ptr<rocksdb::DB> db_;
  const std::shared_ptr<WriteFailure> failure_;
  mutable Mutex mutex_;
  std::map<std::string, std::unique_ptr<Ledger>, std::less<>> ledgers_ ABSL_GUARDED_BY(mutex_);
};

absl::Status RocksDbEngine::LoadLedgers() {
  ASSIGN_OR_RETURN(const std::vector<storage::v1::LedgerInfo> infos, ReadLedgerInfos(*db_));
  MutexLock lock(&mutex_);
  for (const storage::v1::LedgerInfo& info : infos) {
    RETURN_IF_ERROR(CheckUnderstood(info));
    ledgers_.emplace(info.ledger(), std::make_unique<Ledger>(*db_, info));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<storage::v1::LedgerInfo>> RocksDbEngine::ListLedgers() const {
  const GateEntry entry(gate_);
  if (!entry.inside()) return Closed();
  MutexLock lock(&mutex_);
  std::vector<storage::v1::LedgerInfo> infos;
  infos.reserve(ledgers_.size());
  for (const auto& [name, ledger] : ledgers_) infos.push_back(ledger->Info());
  return infos;
}

absl::Status RocksDbEngine::CreateLedger(const storage::v1::LedgerInfo& info) {
  const GateEntry entry(gate_);
  if (!entry.inside()) return Closed();
  RETURN_IF_ERROR(CheckCreatable(info));
  // Held while writing: of two creators of one name the second must see the first.
  MutexLock lock(&mutex_);
  if (ledgers_.contains(info.ledger())) {
    return absl::AlreadyExistsError(StrCat("there is a ledger ", info.ledger()));
  }
  const LedgerKeys keys(info.ledger());
  rocksdb::WriteBatch batch;
  batch.Put(keys.Info(), info.SerializeAsString());
  batch.Put(keys.Head(), EncodeLedgerHead(LedgerHead{}));
  RETURN_IF_ERROR(WriteDurably(batch));
  ledgers_.emplace(info.ledger(), std::make_unique<Ledger>(*db_, info));
  return absl::OkStatus();
}

absl::Status RocksDbEngine::ReplaceInfo(const storage::v1::LedgerInfo& info) {
  const GateEntry entry(gate_);
  if (!entry.inside()) return Closed();
  ASSIGN_OR_RETURN(Ledger * found, Find(info.ledger()));
  MutexLock commits(&found->commit_mutex);
  MutexLock lock(&found->info_mutex);
  RETURN_IF_ERROR(CheckMayReplace(found->info, info));
  rocksdb::WriteBatch batch;
  batch.Put(found->reader.keys().Info(), info.SerializeAsString());
  RETURN_IF_ERROR(WriteDurably(batch));
  found->info = info;
  return absl::OkStatus();
}

absl::Status RocksDbEngine::AddMarks(std::string_view ledger,
                                     std::span<const std::pair<std::string, std::string>> marks) {
  const GateEntry entry(gate_);
  if (!entry.inside()) return Closed();
  ASSIGN_OR_RETURN(Ledger * found, Find(ledger));
  MutexLock lock(&found->info_mutex);
  RETURN_IF_ERROR(CheckArriving(found->info));
  rocksdb::WriteBatch batch;
  for (const auto& [key, value] : marks) batch.Put(found->reader.keys().Mark(key), value);
  return WriteDurably(batch);
}

absl::StatusOr<LedgerHead> RocksDbEngine::LoadHead(std::string_view ledger) const {
  const GateEntry entry(gate_);
  if (!entry.inside()) return Closed();
  ASSIGN_OR_RETURN(const Ledger* found, Find(ledger));
  return found->reader.LoadHead();
}

absl::Status RocksDbEngine::Commit(std::string_view ledger, Resolve resolve) {
  const GateEntry entry(gate_);
  if (!entry.inside()) return Closed();
  ASSIGN_OR_RETURN(Ledger * found, Find(ledger));
  MutexLock lock(&found->commit_mutex);
  RETURN_IF_ERROR(failure_->Check());
  RETURN_IF_ERROR(found->MayBeWritten());
  if (!found->head) {
    ASSIGN_OR_RETURN(found->head, found->reader.LoadHead());
  }
  View view(found->reader, *found->head);
  ASSIGN_OR_RETURN(const EngineBatch batch, resolve(view));
  if (batch.events.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(CheckContinues(view, batch));
  rocksdb::WriteBatch writes = ToWriteBatch(found->reader.keys(), batch);
  RETURN_IF_ERROR(WriteDurably(writes));
  found->head = batch.head;
  return absl::OkStatus();
}

absl::Status RocksDbEngine::Read(std::string_view ledger, uint64_t from, uint64_t end,
                                 Visit visit) const {
  const GateEntry entry(gate_);
  if (!entry.inside()) return Closed();
  ASSIGN_OR_RETURN(const Ledger* found, Find(ledger));
  return found->reader.Read(from, end, visit);
}

absl::StatusOr<StreamHead> RocksDbEngine::FindStream(std::string_view ledger,
                                                     const StreamId& stream) const {
  const GateEntry entry(gate_);
  if (!entry.inside()) return Closed();
  ASSIGN_OR_RETURN(const Ledger* found, Find(ledger));
  return found->reader.FindStream(stream);
}

absl::Status RocksDbEngine::ReadStream(std::string_view ledger, const StreamId& stream,
                                       uint64_t from_revision, Visit visit) const {
  const GateEntry entry(gate_);
  if (!entry.inside()) return Closed();
  ASSIGN_OR_RETURN(const Ledger* found, Find(ledger));
  return found->reader.ReadStream(stream, from_revision, visit);
}

absl::StatusOr<std::optional<std::string>> RocksDbEngine::FindMark(std::string_view ledger,
                                                                   std::string_view key) const {
  const GateEntry entry(gate_);
  if (!entry.inside()) return Closed();
  ASSIGN_OR_RETURN(const Ledger* found, Find(ledger));
  return found->reader.FindMark(key);
}

absl::StatusOr<std::optional<std::string>> RocksDbEngine::FindTile(std::string_view ledger,
                                                                   unsigned level,
                                                                   uint64_t index) const {
  const GateEntry entry(gate_);
  if (!entry.inside()) return Closed();
  ASSIGN_OR_RETURN(const Ledger* found, Find(ledger));
  return found->reader.FindTile(level, index);
}

absl::Status RocksDbEngine::VisitIndex(
    std::string_view ledger,
    absl::FunctionRef<bool(const StreamId&, uint64_t, uint64_t)> visit) const {
  const GateEntry entry(gate_);
  if (!entry.inside()) return Closed();
  ASSIGN_OR_RETURN(const Ledger* found, Find(ledger));
  return found->reader.VisitIndex(visit);
}

absl::Status RocksDbEngine::VisitStreamHeads(
    std::string_view ledger,
    absl::FunctionRef<bool(const StreamId&, const StreamHead&)> visit) const {
  const GateEntry entry(gate_);
  if (!entry.inside()) return Closed();
  ASSIGN_OR_RETURN(const Ledger* found, Find(ledger));
  return found->reader.VisitStreamHeads(visit);
}

absl::Status RocksDbEngine::VisitMarks(
    std::string_view ledger, std::string_view prefix,
    absl::FunctionRef<bool(std::string_view, std::string_view)> visit) const {
  const GateEntry entry(gate_);
  if (!entry.inside()) return Closed();
  ASSIGN_OR_RETURN(const Ledger* found, Find(ledger));
  return found->reader.VisitMarks(prefix, visit);
}

absl::Status RocksDbEngine::VisitTiles(
    std::string_view ledger,
    absl::FunctionRef<bool(unsigned, uint64_t, std::string_view)> visit) const {
  const GateEntry entry(gate_);
  if (!entry.inside()) return Closed();
  ASSIGN_OR_RETURN(const Ledger* found, Find(ledger));
  return found->reader.VisitTiles(visit);
}

absl::StatusOr<std::optional<std::string>> RocksDbEngine::FindSigningState(
    std::string_view ledger) const {
  const GateEntry entry(gate_);
  if (!entry.inside()) return Closed();
  ASSIGN_OR_RETURN(const Ledger* found, Find(ledger));
  return found->reader.FindSigningState();
}

absl::Status RocksDbEngine::ReplaceSigningState(std::string_view ledger, std::string_view state) {
  const GateEntry entry(gate_);
  if (!entry.inside()) return Closed();
  ASSIGN_OR_RETURN(Ledger * found, Find(ledger));
  MutexLock lock(&found->info_mutex);
  RETURN_IF_ERROR(CheckNotMoved(found->info));
  rocksdb::WriteBatch batch;
  batch.Put(found->reader.keys().SigningState(), rocksdb::Slice(state.data(), state.size()));
  return WriteDurably(batch);
}

absl::Status RocksDbEngine::Close() {
  if (!gate_.CloseAndWait()) return absl::OkStatus();
  // After a failed write there is nothing to flush: a sync is never tried again.
  absl::Status result = failure_->Check();
  if (result.ok()) {
    // Everything acknowledged is synced already; the flush spares the next start the replay.
    const rocksdb::Status flushed = db_->Flush(rocksdb::FlushOptions());
    if (!flushed.ok()) {
      result = absl::UnavailableError(StrCat(
          "closing: the last flush failed; what was acknowledged is in the write-ahead log: ",
          flushed.ToString()));
    }
  }
  const rocksdb::Status closed = db_->Close();
  if (result.ok() && !closed.ok()) {
    result = absl::UnavailableError(StrCat("closing the event store: ", closed.ToString()));
  }
  return result;
}

absl::Status RocksDbEngine::WithDatabase(absl::FunctionRef<absl::Status(rocksdb::DB& db)> use) {
  const GateEntry entry(gate_);
  if (!entry.inside()) return Closed();
  RETURN_IF_ERROR(failure_->Check());
  return use(*db_);
}

absl::StatusOr<Ledger*> RocksDbEngine::Find(std::string_view ledger) const {
  MutexLock lock(&mutex_);
  const auto found = ledgers_.find(ledger);
  if (found == ledgers_.end()) return absl::NotFoundError(StrCat("no ledger ", ledger));
  return found->second.get();
}

absl::Status RocksDbEngine::WriteDurably(rocksdb::WriteBatch& batch) {
  RETURN_IF_ERROR(failure_->Check());
  const rocksdb::Status status = db_->Write(DurableWrite(), &batch);
  if (status.ok()) return absl::OkStatus();
  failure_->Report(status.ToString());
  return absl::UnavailableError(
      StrCat("storage failed while writing, so the outcome of this commit is unknown; no writes "
             "are accepted until the server is restarted (",
             status.ToString(), ")"));
}

absl::Status CheckOptions(const RocksDbOptions& options) {
  if (options.path.empty()) return absl::InvalidArgumentError("the event store needs a path");
  if (options.write_buffer_bytes == 0) {
    return absl::InvalidArgumentError("write_buffer_bytes must be above 0");
  }
  return absl::OkStatus();
}

}  // namespace rocksdb_engine

absl::StatusOr<std::unique_ptr<RocksDbStore>> OpenRocksDbEngine(const RocksDbOptions& options) {
  RETURN_IF_ERROR(rocksdb_engine::CheckOptions(options));
  rocksdb::Env& env = options.env != nullptr ? *options.env : *rocksdb::Env::Default();
  RETURN_IF_ERROR(rocksdb_engine::CheckNotRemains(env, options.path));
  RETURN_IF_ERROR(rocksdb_engine::CheckLogs(env, options.path));
  const auto failure = std::make_shared<rocksdb_engine::WriteFailure>();
  rocksdb::DB* raw = nullptr;
  const rocksdb::Status status =
      rocksdb::DB::Open(rocksdb_engine::DatabaseOptions(options, failure), options.path, &raw);
  std::unique_ptr<rocksdb::DB> db(raw);
  if (!status.ok()) return rocksdb_engine::OpenFailure(status, options.path);
  if (options.create_if_missing) {
    RETURN_IF_ERROR(rocksdb_engine::SyncParent(env, options.path));
  }
  auto engine = std::make_unique<rocksdb_engine::RocksDbEngine>(std::move(db), failure);
  RETURN_IF_ERROR(engine->LoadLedgers());
  return engine;
}

}  // namespace caseledger::eventstore
