// The facts as a reader knew them after n events: each stream's in order of occurrence, corrected
// and without what was voided.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "caseledger/event/v1/fact.pb.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/uuid.h"
#include "eventstore/event.h"
#include "projections/read_model/read_model.h"
#include "projections/report_facts/period.h"

namespace caseledger::projections {

struct FactInForce {
  Micros occurred_at = 0;
  uint64_t revision = 0;
  uint64_t from = 0;       // position of the event that said it so
  Micros recorded_at = 0;  // when the ledger learned it first: of the original event
  Uuid event_id;           // of the original event
  std::string agency;
  event::v1::Fact fact;  // only what may be counted

  int kind() const { return static_cast<int>(fact.kind_case()); }
};

// The facts of one stream by (occurred_at, revision).
struct Timeline {
  eventstore::StreamId stream;
  std::vector<FactInForce> facts;
};

// Not thread-safe. `snapshot` must outlive it.
class FactsAsOf {
 public:
  // OUT_OF_RANGE: the snapshot does not reflect that many events yet.
  static absl::StatusOr<std::unique_ptr<FactsAsOf>> Open(const ReadSnapshot& snapshot,
                                                         uint64_t as_of_events);

  // Streams whose facts were asked for are added there from now on, each time; nullptr: nowhere.
  // Returns where they were added until now.
  std::vector<eventstore::StreamId>* WriteReadsTo(std::vector<eventstore::StreamId>* reads) {
    return std::exchange(reads_, reads);
  }

  // As if the facts of the stream had been asked for.
  void NoteRead(const eventstore::StreamId& stream) {
    if (reads_ != nullptr) reads_->push_back(stream);
  }

  // Reads the facts of streams, in rising order, that will be asked for next: in the order of the
  // rows, which is faster than one by one. DATA_LOSS on damage.
  absl::Status ReadAhead(const std::vector<eventstore::StreamId>& streams);

  // Empty for a stream that is not there. DATA_LOSS on damage.
  absl::StatusOr<std::shared_ptr<const Timeline>> TimelineOf(const eventstore::StreamId& stream);

  // Every fact of the kind that occurred in [from, to), by time, with the timeline it stands in.
  // Stops at the first error of `visit`.
  absl::Status VisitByTime(
      int kind, Micros from, Micros to,
      absl::FunctionRef<absl::Status(const Timeline&, const FactInForce&)> visit);

  // Where and when those facts occurred, without reading them.
  absl::Status VisitTimes(
      int kind, const Period& period,
      absl::FunctionRef<void(const eventstore::StreamId& stream, Micros occurred_at)> visit) const;

 private:
  struct Place {
    eventstore::StreamId stream;
    Micros occurred_at;
    uint64_t revision;
  };

  FactsAsOf(const ReadSnapshot& snapshot, uint64_t as_of_events)
      : snapshot_(snapshot), as_of_events_(as_of_events) {}
  absl::Status ReadRun(const std::vector<eventstore::StreamId>& streams, size_t& next);
  bool AddRow(std::string_view key, std::string_view value, Timeline& timeline) const;
  void Keep(std::shared_ptr<const Timeline> timeline);
  // Forgets all when there is too much.
  void MakeRoom();
  // Up to kPageFacts places from `begin` on; `begin` becomes the next page's, or `end` at the end.
  absl::Status NextPage(std::string& begin, const std::string& end, std::vector<Place>& page) const;

  const ReadSnapshot& snapshot_;
  const uint64_t as_of_events_;
  absl::flat_hash_map<eventstore::StreamId, std::shared_ptr<const Timeline>> cache_;
  size_t cached_facts_ = 0;
  std::vector<eventstore::StreamId>* reads_ = nullptr;
};

}  // namespace caseledger::projections
