// The trail of one server stream: opened before the first byte, continued every 1,000 events, and
// closed however the stream ends.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "caseledger/event/v1/access.pb.h"
#include "eventstore/base/uuid.h"
#include "services/access/call.h"
#include "services/access/trail/trail.h"

namespace caseledger::access {

// Invariants
// 1. Of what was sent, less than 1,000 events and records are not on the trail yet, and only while
//    the stream runs.
// 2. An entry names at most 1,000 records, each once.
//
// One thread at a time. Open, Note and Close block until the trail is durable: never call from a
// gRPC reaction. The destructor does not block.
class StreamTrail {
 public:
  static constexpr uint64_t kMostEventsPerEntry = 1000;

  // Records that the stream begins; `about` says what every entry of it says: action, query, level,
  // rules, warrant. Errors as Trail::Append. The trail must outlive the stream's.
  static absl::StatusOr<std::unique_ptr<StreamTrail>> Open(Trail& trail, Call call,
                                                           event::v1::RecordAccessed about);

  // Closes, unless it was closed, without waiting: the client has left.
  ~StreamTrail();
  StreamTrail(const StreamTrail&) = delete;
  StreamTrail& operator=(const StreamTrail&) = delete;

  // Before so many events of a record are sent; 0: the record itself, not a history. What is noted
  // counts as shown. On an error send nothing more, and end the stream with it.
  absl::Status Note(options::v1::RecordKind kind, const Uuid& record, uint64_t events = 1);

  // Records now what was noted since the entry before, if anything was. On an error as Note.
  absl::Status Flush();

  // What entries from now on say that was seen at most.
  void SeenAt(std::string level) { about_.set_level(std::move(level)); }

  // Before the end is told: records what was sent since the entry before. Once.
  absl::Status Close();

 private:
  using Record = std::pair<options::v1::RecordKind, Uuid>;

  StreamTrail(Trail& trail, Call call, event::v1::RecordAccessed about, const Uuid& opened)
      : trail_(trail), call_(std::move(call)), about_(std::move(about)), opened_(opened) {}

  // Of what was noted since the entry before.
  event::v1::Fact EntryOf(event::v1::TrailStage stage) const;
  absl::Status Write(event::v1::TrailStage stage);

  Trail& trail_;
  const Call call_;
  event::v1::RecordAccessed about_;  // without the query once that is recorded
  const Uuid opened_;
  std::set<Record> records_;  // noted since the last entry
  uint64_t events_ = 0;       // the same
  bool closed_ = false;
};

}  // namespace caseledger::access
