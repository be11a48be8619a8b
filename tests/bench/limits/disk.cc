#include "tests/bench/limits/disk.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <numeric>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/codec/marks.h"
#include "eventstore/engine/rocksdb/key_codec.h"
#include "eventstore/engine/rocksdb/rocksdb_engine.h"
#include "eventstore/engine/rocksdb/tuning.h"
#include "eventstore/engine/rocksdb/value_codec.h"
#include "rocksdb/db.h"
#include "rocksdb/listener.h"
#include "tests/bench/load/contact_commands.h"

namespace caseledger::bench {
namespace {

using eventstore::StoredEvent;

absl::Status Failed(const std::string& what, const rocksdb::Status& status) {
  return absl::UnavailableError(StrCat(what, ": ", status.ToString()));
}

absl::StatusOr<std::unique_ptr<rocksdb::DB>> OpenRaw(const std::string& path, bool create) {
  eventstore::RocksDbOptions options;
  options.path = path;
  options.create_if_missing = create;
  rocksdb::DB* raw = nullptr;
  const rocksdb::Status status =
      rocksdb::DB::Open(eventstore::rocksdb_engine::DatabaseOptions(
                            options, std::make_shared<rocksdb::EventListener>()),
                        path, &raw);
  if (!status.ok()) return Failed("open", status);
  return std::unique_ptr<rocksdb::DB>(raw);
}

void AddAll(const eventstore::rocksdb_engine::LedgerKeys& keys, const StoredEvent& event,
            rocksdb::WriteBatch& batch) {
  namespace engine = eventstore::rocksdb_engine;
  batch.Put(keys.Event(event.position), engine::EncodeEvent(event));
  batch.Put(keys.Revision(event.stream, event.revision), engine::EncodePosition(event.position));
  batch.Put(keys.StreamHead(event.stream),
            engine::EncodeStreamHead({event.revision, event.position, event.leaf_hash}));
  // A request mark as every command leaves one; its id only has to be as random as a real one.
  const auto id = Uuid::FromBytes(event.leaf_hash.raw().substr(0, 16));
  batch.Put(keys.Mark(*eventstore::MarkKeys::Request(kAgency, *id)),
            eventstore::EncodeMark(eventstore::RequestMark{event.leaf_hash, event.position, 1}));
}

}  // namespace

absl::StatusOr<LoadResult> MeasureSync(const std::string& directory, size_t bytes, double seconds) {
  const std::string path = directory + "/sync-probe";
  const int file = open(path.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return absl::UnavailableError(StrCat(path, ": ", std::strerror(errno)));
  const std::string block(bytes, 'x');
  LoadResult result;
  const auto start = SteadyClock::now();
  bool ok = true;
  while (ok && SecondsSince(start) < seconds) {
    const auto begin = SteadyClock::now();
    ok = write(file, block.data(), block.size()) == static_cast<ssize_t>(block.size()) &&
         fdatasync(file) == 0;
    result.latency.Add(begin);
  }
  result.seconds = SecondsSince(start);
  close(file);
  unlink(path.c_str());
  if (!ok) return absl::UnavailableError("the disk does not sync");
  return result;
}

absl::StatusOr<std::vector<StoredEvent>> LoadStoredEvents(const std::string& data_dir,
                                                          uint64_t from, uint64_t most) {
  eventstore::RocksDbOptions options;
  options.path = data_dir + "/log";
  ASSIGN_OR_RETURN(const auto engine, eventstore::OpenRocksDbEngine(options));
  ASSIGN_OR_RETURN(const eventstore::LedgerHead head, engine->LoadHead(kLedger));
  std::vector<StoredEvent> events;
  RETURN_IF_ERROR(engine->Read(kLedger, from, std::min(from + most, head.next_position),
                               [&events](const StoredEvent& event) {
                                 events.push_back(event);
                                 return true;
                               }));
  RETURN_IF_ERROR(engine->Close());
  return events;
}

absl::StatusOr<LoadResult> MeasureRawWrites(const std::string& directory,
                                            const std::vector<StoredEvent>& events,
                                            size_t per_batch) {
  ASSIGN_OR_RETURN(const auto db, OpenRaw(directory + "/raw-rocksdb", true));
  const eventstore::rocksdb_engine::LedgerKeys keys(kLedger);
  LoadResult result;
  const auto start = SteadyClock::now();
  for (size_t at = 0; at < events.size();) {
    rocksdb::WriteBatch batch;
    for (size_t i = 0; i < per_batch && at < events.size(); ++i, ++at) {
      AddAll(keys, events[at], batch);
      result.latency.Add(start);
    }
    const StoredEvent& last = events[at - 1];
    batch.Put(keys.Head(),
              eventstore::rocksdb_engine::EncodeLedgerHead({last.position + 1, 0, last.leaf_hash}));
    const rocksdb::Status status = db->Write(eventstore::rocksdb_engine::DurableWrite(), &batch);
    if (!status.ok()) return Failed("write", status);
  }
  result.seconds = SecondsSince(start);
  return result;
}

absl::StatusOr<LoadResult> MeasureRawIteration(const std::string& data_dir) {
  ASSIGN_OR_RETURN(const auto db, OpenRaw(data_dir + "/log", false));
  const eventstore::rocksdb_engine::LedgerKeys keys(kLedger);
  LoadResult result;
  size_t bytes = 0;
  const auto start = SteadyClock::now();
  const std::unique_ptr<rocksdb::Iterator> iterator(
      db->NewIterator(eventstore::rocksdb_engine::ScanRead()));
  uint64_t position = 0;
  for (iterator->Seek(keys.Event(0));
       iterator->Valid() && iterator->key() == rocksdb::Slice(keys.Event(position));
       iterator->Next(), ++position) {
    bytes += iterator->value().size();
    result.latency.Add(start);
  }
  result.seconds = SecondsSince(start);
  if (bytes == 0) return absl::DataLossError("the ledger has no events to read");
  return result;
}

}  // namespace caseledger::bench
