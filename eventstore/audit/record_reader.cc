#include "eventstore/audit/record_reader.h"

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/thread.h"
#include "eventstore/codec/record.h"

namespace caseledger::eventstore {
namespace {

constexpr size_t kChunkEvents = 512;
constexpr size_t kChunkBytes = 512u << 10;  // unless one event alone is larger

// Some events that follow each other. Belongs to the reading thread, and while it is decoded to
// the thread that does so.
struct Chunk {
  std::vector<StoredEvent> stored;
  size_t bytes = 0;
  std::vector<RecordedEvent> events;  // decoded, up to the first that is damaged
  absl::Status damage;                // of that one

  bool full() const { return stored.size() == kChunkEvents || bytes >= kChunkBytes; }
  void Clear() {
    stored.clear();
    bytes = 0;
  }
};

void Decode(std::string_view ledger, Chunk& chunk) {
  static const FactUpgrades& no_upgrades = *new FactUpgrades;
  chunk.events.clear();
  chunk.events.reserve(chunk.stored.size());
  chunk.damage = absl::OkStatus();
  for (const StoredEvent& stored : chunk.stored) {
    chunk.damage = DecodeEvent(ledger, stored, no_upgrades, chunk.events.emplace_back());
    if (chunk.damage.ok()) continue;
    chunk.events.pop_back();
    return;
  }
}

// Decodes chunks on threads of its own; without any, in Submit.
class Decoders {
 public:
  Decoders(std::string_view ledger, unsigned threads) : ledger_(ledger) {
    for (unsigned i = 0; i < threads; ++i) threads_.emplace_back("decoder", [this] { Run(); });
  }
  // Waits for the chunks that are being decoded; the others are forgotten.
  ~Decoders() {
    {
      MutexLock lock(&mutex_);
      stopping_ = true;
    }
    for (Thread& thread : threads_) thread.Join();
  }
  Decoders(const Decoders&) = delete;
  Decoders& operator=(const Decoders&) = delete;

  // Chunks are done in the order of being submitted, and taken back in that order.
  void Submit(Chunk& chunk) {
    if (threads_.empty()) {
      Decode(ledger_, chunk);
      return;
    }
    MutexLock lock(&mutex_);
    waiting_.push_back(&chunk);
    in_work_.push_back({&chunk, false});
  }

  // Returns when the chunk that was submitted first, and not yet taken, is decoded.
  void TakeFirst() {
    if (threads_.empty()) return;
    MutexLock lock(&mutex_);
    mutex_.Await(this, &Decoders::first_is_done);
    in_work_.pop_front();
  }

 private:
  struct InWork {
    const Chunk* chunk;
    bool done;
  };

  bool first_is_done() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return in_work_.front().done; }
  bool has_work_or_stops() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return stopping_ || !waiting_.empty();
  }

  Chunk* Next() {
    MutexLock lock(&mutex_);
    mutex_.Await(this, &Decoders::has_work_or_stops);
    if (stopping_) return nullptr;
    Chunk* const chunk = waiting_.front();
    waiting_.pop_front();
    return chunk;
  }

  void Run() {
    while (Chunk* const chunk = Next()) {
      Decode(ledger_, *chunk);
      MutexLock lock(&mutex_);
      for (InWork& work : in_work_) {
        if (work.chunk == chunk) work.done = true;
      }
    }
  }

  const std::string ledger_;
  Mutex mutex_;
  std::deque<Chunk*> waiting_ ABSL_GUARDED_BY(mutex_);
  std::deque<InWork> in_work_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<Thread> threads_;
};

// Hands chunks round a ring: filled, decoded, visited, filled again.
class Reading {
 public:
  Reading(std::string_view ledger, unsigned helpers,
          absl::FunctionRef<absl::Status(const RecordedEvent&)> visit)
      : visit_(visit), ring_(2 * size_t{helpers} + 2), decoders_(ledger, helpers) {}

  // False when there is no use in reading on.
  bool Add(const StoredEvent& stored) {
    Chunk& chunk = ring_[filled_ % ring_.size()];
    chunk.stored.push_back(stored);
    chunk.bytes += stored.record.size();
    if (chunk.full()) HandOver();
    return status_.ok();
  }

  // Of all that was added.
  absl::Status Finish() {
    if (status_.ok() && !ring_[filled_ % ring_.size()].stored.empty()) HandOver();
    while (status_.ok() && visited_ < filled_) VisitFirst();
    return status_;
  }

 private:
  void HandOver() {
    decoders_.Submit(ring_[filled_ % ring_.size()]);
    ++filled_;
    // The next to be filled must have been visited.
    if (filled_ - visited_ == ring_.size()) VisitFirst();
  }

  void VisitFirst() {
    decoders_.TakeFirst();
    Chunk& chunk = ring_[visited_ % ring_.size()];
    ++visited_;
    for (const RecordedEvent& event : chunk.events) {
      status_ = visit_(event);
      if (!status_.ok()) return;
    }
    status_ = chunk.damage;
    chunk.Clear();
  }

  const absl::FunctionRef<absl::Status(const RecordedEvent&)> visit_;
  absl::Status status_;
  std::vector<Chunk> ring_;
  size_t filled_ = 0;   // chunks handed over
  size_t visited_ = 0;  // chunks visited
  Decoders decoders_;   // ends before the chunks do
};

}  // namespace

absl::Status ReadRecords(const Engine& engine, std::string_view ledger, uint64_t from, uint64_t end,
                         unsigned helpers,
                         absl::FunctionRef<absl::Status(const RecordedEvent&)> visit) {
  Reading reading(ledger, helpers, visit);
  absl::Status read = engine.Read(
      ledger, from, end, [&reading](const StoredEvent& stored) { return reading.Add(stored); });
  RETURN_IF_ERROR(reading.Finish());
  return read;
}

}  // namespace caseledger::eventstore
