#include "eventstore/engine/memory/memory_engine.h"

#include <algorithm>
#include <functional>
#include <map>
#include <span>
#include <utility>

#include "absl/status/status.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/engine/ledger_rules.h"

namespace caseledger::eventstore {
namespace {

// Events handed to a visitor between two looks at the lock.
constexpr size_t kVisitChunk = 256;

bool Visit(std::span<const StoredEvent* const> events,
           absl::FunctionRef<bool(const StoredEvent&)> visit) {
  for (const StoredEvent* event : events) {
    if (!visit(*event)) return false;
  }
  return true;
}

}  // namespace

// One ledger. Thread-safe. Events are never moved or removed, so pointers to them stay good; a
// visitor runs without the lock.
class MemoryEngine::Ledger {
 public:
  explicit Ledger(storage::v1::LedgerInfo info) : info_(std::move(info)) {}

  storage::v1::LedgerInfo info() const {
    MutexLock lock(&mutex_);
    return info_;
  }
  void ReplaceInfo(const storage::v1::LedgerInfo& info) {
    MutexLock lock(&mutex_);
    info_ = info;
  }
  absl::Status MayBeWritten() const {
    MutexLock lock(&mutex_);
    return CheckNotMoved(info_);
  }
  // Held for the whole of a commit: one commit at a time.
  Mutex& commit_mutex() { return commit_mutex_; }

  LedgerHead head() const {
    MutexLock lock(&mutex_);
    return head_;
  }

  // INTERNAL when the batch does not continue the ledger; nothing is kept then.
  absl::Status Write(EngineBatch batch) {
    MutexLock lock(&mutex_);
    RETURN_IF_ERROR(CheckContinues(batch));
    for (StoredEvent& event : batch.events) {
      const StreamId stream = event.stream;
      events_.push_back(std::move(event));
      streams_[stream].events.push_back(&events_.back());
    }
    for (auto& [stream, head] : batch.streams) streams_[stream].head = head;
    for (auto& [key, value] : batch.marks) marks_.insert_or_assign(key, std::move(value));
    for (Tile& tile : batch.tiles) {
      tiles_.insert_or_assign({tile.id.level, tile.id.index}, std::move(tile.hashes));
    }
    head_ = batch.head;
    return absl::OkStatus();
  }

  void AddMarks(std::span<const std::pair<std::string, std::string>> marks) {
    MutexLock lock(&mutex_);
    for (const auto& [key, value] : marks) marks_.insert_or_assign(key, value);
  }

  absl::Status Read(uint64_t from, uint64_t end,
                    absl::FunctionRef<bool(const StoredEvent&)> visit) const {
    std::vector<const StoredEvent*> chunk;
    for (uint64_t at = from; at < end; at += chunk.size()) {
      chunk.clear();
      {
        MutexLock lock(&mutex_);
        const uint64_t stop = std::min<uint64_t>({end, at + kVisitChunk, events_.size()});
        for (uint64_t i = at; i < stop; ++i) chunk.push_back(&events_[i]);
      }
      if (chunk.empty()) return absl::DataLossError(StrCat("no record at position ", at));
      if (!Visit(chunk, visit)) break;
    }
    return absl::OkStatus();
  }

  StreamHead FindStream(const StreamId& stream) const {
    MutexLock lock(&mutex_);
    const auto found = streams_.find(stream);
    return found == streams_.end() ? StreamHead{} : found->second.head;
  }

  void ReadStream(const StreamId& stream, uint64_t from_revision,
                  absl::FunctionRef<bool(const StoredEvent&)> visit) const {
    std::vector<const StoredEvent*> events;
    {
      MutexLock lock(&mutex_);
      const auto found = streams_.find(stream);
      if (found == streams_.end()) return;
      const auto& all = found->second.events;
      const size_t skip = from_revision == 0 ? 0 : static_cast<size_t>(from_revision - 1);
      if (skip < all.size()) {
        events.assign(all.begin() + static_cast<std::ptrdiff_t>(skip), all.end());
      }
    }
    Visit(events, visit);
  }

  std::optional<std::string> FindMark(std::string_view key) const {
    MutexLock lock(&mutex_);
    const auto found = marks_.find(key);
    if (found == marks_.end()) return std::nullopt;
    return found->second;
  }

  std::optional<std::string> FindTile(unsigned level, uint64_t index) const {
    MutexLock lock(&mutex_);
    const auto found = tiles_.find({level, index});
    if (found == tiles_.end()) return std::nullopt;
    return found->second;
  }

  // Copies: a visitor runs without the lock.
  std::vector<std::pair<StreamId, StreamHead>> StreamHeads() const {
    std::vector<std::pair<StreamId, StreamHead>> heads;
    {
      MutexLock lock(&mutex_);
      for (const auto& [stream, entry] : streams_) heads.emplace_back(stream, entry.head);
    }
    std::sort(heads.begin(), heads.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    return heads;
  }
  std::vector<std::pair<std::string, std::string>> Marks(std::string_view prefix) const {
    std::vector<std::pair<std::string, std::string>> marks;
    MutexLock lock(&mutex_);
    for (auto mark = marks_.lower_bound(prefix);
         mark != marks_.end() && mark->first.starts_with(prefix); ++mark) {
      marks.emplace_back(*mark);
    }
    return marks;
  }
  std::vector<std::pair<std::pair<unsigned, uint64_t>, std::string>> Tiles() const {
    MutexLock lock(&mutex_);
    return {tiles_.begin(), tiles_.end()};
  }

  std::optional<std::string> signing_state() const {
    MutexLock lock(&mutex_);
    return signing_state_;
  }
  void ReplaceSigningState(std::string_view state) {
    MutexLock lock(&mutex_);
    signing_state_ = std::string(state);
  }

  void OverwriteTile(unsigned level, uint64_t index, std::string hashes) {
    MutexLock lock(&mutex_);
    if (hashes.empty()) {
      tiles_.erase({level, index});
    } else {
      tiles_.insert_or_assign({level, index}, std::move(hashes));
    }
  }

  void OverwriteRecord(uint64_t position, std::string record) {
    MutexLock lock(&mutex_);
    events_.at(position).record = std::move(record);
  }

 private:
  struct Stream {
    StreamHead head;
    std::vector<const StoredEvent*> events;
  };

  absl::Status CheckContinues(const EngineBatch& batch) const ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    uint64_t position = head_.next_position;
    absl::flat_hash_map<StreamId, uint64_t> revisions;
    for (const StoredEvent& event : batch.events) {
      const auto found = streams_.find(event.stream);
      const uint64_t base = found == streams_.end() ? 0 : found->second.head.revision;
      uint64_t& revision = revisions.try_emplace(event.stream, base).first->second;
      if (event.position != position++ || event.revision != ++revision) {
        return absl::InternalError("batch does not continue the ledger");
      }
    }
    if (batch.head.next_position != position || batch.streams.size() != revisions.size()) {
      return absl::InternalError("batch has wrong heads");
    }
    return absl::OkStatus();
  }

  Mutex commit_mutex_;
  mutable Mutex mutex_;
  storage::v1::LedgerInfo info_ ABSL_GUARDED_BY(mutex_);
  LedgerHead head_ ABSL_GUARDED_BY(mutex_);
  std::deque<StoredEvent> events_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<StreamId, Stream> streams_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::string, std::less<>> marks_ ABSL_GUARDED_BY(mutex_);
  std::map<std::pair<unsigned, uint64_t>, std::string> tiles_ ABSL_GUARDED_BY(mutex_);
  std::optional<std::string> signing_state_ ABSL_GUARDED_BY(mutex_);
};

class MemoryEngine::View final : public HeadView {
 public:
  explicit View(const Ledger& ledger) : ledger_(ledger), head_(ledger.head()) {}

  const LedgerHead& head() const override { return head_; }
  absl::StatusOr<StreamHead> FindStream(const StreamId& stream) override {
    return ledger_.FindStream(stream);
  }
  absl::StatusOr<std::optional<std::string>> FindMark(std::string_view key) override {
    return ledger_.FindMark(key);
  }
  absl::Status VisitMarks(std::string_view prefix,
                          absl::FunctionRef<bool(std::string_view key)> visit) override {
    for (const auto& [key, value] : ledger_.Marks(prefix)) {
      if (!visit(key)) break;
    }
    return absl::OkStatus();
  }
  absl::Status ReadStream(const StreamId& stream, uint64_t from_revision,
                          absl::FunctionRef<bool(const StoredEvent&)> visit) override {
    ledger_.ReadStream(stream, from_revision, visit);
    return absl::OkStatus();
  }
  absl::Status Read(uint64_t from, uint64_t end,
                    absl::FunctionRef<bool(const StoredEvent&)> visit) override {
    return ledger_.Read(from, end, visit);
  }
  absl::StatusOr<std::optional<std::string>> FindTile(unsigned level, uint64_t index) override {
    return ledger_.FindTile(level, index);
  }

 private:
  const Ledger& ledger_;
  const LedgerHead head_;
};

MemoryEngine::MemoryEngine(MemoryEngineOptions options) : options_(std::move(options)) {}
MemoryEngine::~MemoryEngine() = default;

absl::StatusOr<MemoryEngine::Ledger*> MemoryEngine::Find(std::string_view ledger) const {
  MutexLock lock(&mutex_);
  const auto found = ledgers_.find(ToAbsl(ledger));
  if (found == ledgers_.end()) return absl::NotFoundError(StrCat("no ledger ", ledger));
  return found->second.get();
}

absl::Status MemoryEngine::failure() const {
  MutexLock lock(&mutex_);
  return failure_;
}

absl::Status MemoryEngine::Fail(absl::Status status) {
  if (options_.goes_on) return status;
  MutexLock lock(&mutex_);
  failure_ = status;
  return status;
}

absl::StatusOr<std::vector<storage::v1::LedgerInfo>> MemoryEngine::ListLedgers() const {
  std::vector<storage::v1::LedgerInfo> infos;
  {
    MutexLock lock(&mutex_);
    for (const auto& [name, ledger] : ledgers_) infos.push_back(ledger->info());
  }
  std::sort(infos.begin(), infos.end(),
            [](const auto& a, const auto& b) { return a.ledger() < b.ledger(); });
  return infos;
}

absl::Status MemoryEngine::CreateLedger(const storage::v1::LedgerInfo& info) {
  MutexLock lock(&mutex_);
  if (!ledgers_.try_emplace(info.ledger(), std::make_unique<Ledger>(info)).second) {
    return absl::AlreadyExistsError(StrCat("there is a ledger ", info.ledger()));
  }
  return absl::OkStatus();
}

absl::Status MemoryEngine::ReplaceInfo(const storage::v1::LedgerInfo& info) {
  ASSIGN_OR_RETURN(Ledger * found, Find(info.ledger()));
  MutexLock lock(&found->commit_mutex());
  RETURN_IF_ERROR(failure());
  RETURN_IF_ERROR(CheckMayReplace(found->info(), info));
  found->ReplaceInfo(info);
  return absl::OkStatus();
}

absl::Status MemoryEngine::AddMarks(std::string_view ledger,
                                    std::span<const std::pair<std::string, std::string>> marks) {
  ASSIGN_OR_RETURN(Ledger * found, Find(ledger));
  MutexLock lock(&found->commit_mutex());
  RETURN_IF_ERROR(failure());
  RETURN_IF_ERROR(CheckArriving(found->info()));
  found->AddMarks(marks);
  return absl::OkStatus();
}

absl::StatusOr<LedgerHead> MemoryEngine::LoadHead(std::string_view ledger) const {
  ASSIGN_OR_RETURN(const Ledger* found, Find(ledger));
  return found->head();
}

absl::StatusOr<EngineBatch> MemoryEngine::RunResolve(View& view, Resolve resolve) const {
  for (int run = 1; run < options_.resolve_runs; ++run) RETURN_IF_ERROR(resolve(view).status());
  return resolve(view);
}

absl::Status MemoryEngine::Commit(std::string_view ledger, Resolve resolve) {
  ASSIGN_OR_RETURN(Ledger * found, Find(ledger));
  MutexLock lock(&found->commit_mutex());
  RETURN_IF_ERROR(failure());
  RETURN_IF_ERROR(found->MayBeWritten());
  View view(*found);
  ASSIGN_OR_RETURN(EngineBatch batch, RunResolve(view, resolve));
  if (batch.events.empty()) return absl::OkStatus();
  if (options_.before_write) {
    if (absl::Status status = options_.before_write(batch); !status.ok()) return Fail(status);
  }
  const EngineBatch written = options_.after_write ? batch : EngineBatch{};
  RETURN_IF_ERROR(found->Write(std::move(batch)));
  if (options_.after_write) {
    if (absl::Status status = options_.after_write(written); !status.ok()) return Fail(status);
  }
  return absl::OkStatus();
}

absl::Status MemoryEngine::Read(std::string_view ledger, uint64_t from, uint64_t end,
                                absl::FunctionRef<bool(const StoredEvent&)> visit) const {
  ASSIGN_OR_RETURN(const Ledger* found, Find(ledger));
  return found->Read(from, end, visit);
}

absl::StatusOr<StreamHead> MemoryEngine::FindStream(std::string_view ledger,
                                                    const StreamId& stream) const {
  ASSIGN_OR_RETURN(const Ledger* found, Find(ledger));
  return found->FindStream(stream);
}

absl::Status MemoryEngine::ReadStream(std::string_view ledger, const StreamId& stream,
                                      uint64_t from_revision,
                                      absl::FunctionRef<bool(const StoredEvent&)> visit) const {
  ASSIGN_OR_RETURN(const Ledger* found, Find(ledger));
  found->ReadStream(stream, from_revision, visit);
  return absl::OkStatus();
}

absl::StatusOr<std::optional<std::string>> MemoryEngine::FindMark(std::string_view ledger,
                                                                  std::string_view key) const {
  ASSIGN_OR_RETURN(const Ledger* found, Find(ledger));
  return found->FindMark(key);
}

absl::StatusOr<std::optional<std::string>> MemoryEngine::FindTile(std::string_view ledger,
                                                                  unsigned level,
                                                                  uint64_t index) const {
  ASSIGN_OR_RETURN(const Ledger* found, Find(ledger));
  return found->FindTile(level, index);
}

absl::Status MemoryEngine::VisitIndex(
    std::string_view ledger,
    absl::FunctionRef<bool(const StreamId&, uint64_t, uint64_t)> visit) const {
  ASSIGN_OR_RETURN(const Ledger* found, Find(ledger));
  bool more = true;
  for (const auto& [stream, head] : found->StreamHeads()) {
    found->ReadStream(stream, 1, [&, id = stream](const StoredEvent& event) {
      return more = visit(id, event.revision, event.position);
    });
    if (!more) break;
  }
  return absl::OkStatus();
}

absl::Status MemoryEngine::VisitStreamHeads(
    std::string_view ledger,
    absl::FunctionRef<bool(const StreamId&, const StreamHead&)> visit) const {
  ASSIGN_OR_RETURN(const Ledger* found, Find(ledger));
  for (const auto& [stream, head] : found->StreamHeads()) {
    if (!visit(stream, head)) break;
  }
  return absl::OkStatus();
}

absl::Status MemoryEngine::VisitMarks(
    std::string_view ledger, std::string_view prefix,
    absl::FunctionRef<bool(std::string_view, std::string_view)> visit) const {
  ASSIGN_OR_RETURN(const Ledger* found, Find(ledger));
  for (const auto& [key, value] : found->Marks(prefix)) {
    if (!visit(key, value)) break;
  }
  return absl::OkStatus();
}

absl::Status MemoryEngine::VisitTiles(
    std::string_view ledger,
    absl::FunctionRef<bool(unsigned, uint64_t, std::string_view)> visit) const {
  ASSIGN_OR_RETURN(const Ledger* found, Find(ledger));
  for (const auto& [id, hashes] : found->Tiles()) {
    if (!visit(id.first, id.second, hashes)) break;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<std::string>> MemoryEngine::FindSigningState(
    std::string_view ledger) const {
  ASSIGN_OR_RETURN(const Ledger* found, Find(ledger));
  return found->signing_state();
}

absl::Status MemoryEngine::ReplaceSigningState(std::string_view ledger, std::string_view state) {
  ASSIGN_OR_RETURN(Ledger * found, Find(ledger));
  MutexLock lock(&found->commit_mutex());
  RETURN_IF_ERROR(failure());
  RETURN_IF_ERROR(found->MayBeWritten());
  found->ReplaceSigningState(state);
  return absl::OkStatus();
}

absl::Status MemoryEngine::Close() {
  MutexLock lock(&mutex_);
  if (failure_.ok()) failure_ = absl::UnavailableError("the engine is closed");
  return absl::OkStatus();
}

void MemoryEngine::Reopen() {
  MutexLock lock(&mutex_);
  failure_ = absl::OkStatus();
}

void MemoryEngine::OverwriteRecord(std::string_view ledger, uint64_t position, std::string record) {
  if (absl::StatusOr<Ledger*> found = Find(ledger); found.ok()) {
    (*found)->OverwriteRecord(position, std::move(record));
  }
}

void MemoryEngine::OverwriteTile(std::string_view ledger, unsigned level, uint64_t index,
                                 std::string hashes) {
  if (absl::StatusOr<Ledger*> found = Find(ledger); found.ok()) {
    (*found)->OverwriteTile(level, index, std::move(hashes));
  }
}

}  // namespace caseledger::eventstore
