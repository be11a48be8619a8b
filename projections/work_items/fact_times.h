// The effective facts of a record by type and time, as far as deadlines go, so that the first one
// after another is found without reading all of a long record.
//
// One row for each fact. A correction or void looks through its own record for its target, which is
// seldom needed and cheaper than an index that each fact would have to be written to.
//
// Invariants (the same as those of a stream's timeline in services/domain)
//  1. Order of occurrence: by occurred_at, then by revision.
//  2. A correction stands in its target's place: its replacement, at the replacement's time if it
//     says one, with the target's id and revision. A void leaves nothing. A correction of what is
//     not there changes nothing.
//  3. Nothing sealed is kept: keys, agencies, a worker's name with their agency, the case type.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "caseledger/event/v1/fact.pb.h"
#include "eventstore/event.h"
#include "projections/read_model/read_model.h"

namespace caseledger::projections {

// What a fact is about within its record, such as one measure: the value of its first field where
// that is a key. Other facts are about the whole record.
struct FactSubject {
  std::string field;  // "": the whole record
  std::string value;

  // Whether a fact about `other` may belong to one about this.
  bool GoesWith(const FactSubject& other) const {
    return field != other.field || field.empty() || value == other.value;
  }
};
FactSubject SubjectOf(const event::v1::Fact& fact);

// Where a fact stands. Ordered as facts occur.
struct FactPlace {
  Micros occurred_at = 0;
  uint64_t revision = 0;

  auto operator<=>(const FactPlace&) const = default;
};

struct FactTime {
  FactPlace place;
  Uuid event_id;  // of the original event
  FactSubject subject;
  // Of a case's opening or assignment: the owner it names. Of a contact's facts: who recorded it.
  std::string agency_id;
  std::string worker_id;
  std::string case_type;  // of a case's opening
};

// Takes in the next event of a case or contact, a correction or void included. Returns the types of
// which facts are other ones now. DATA_LOSS on damage.
absl::StatusOr<std::vector<int>> TakeInFact(const eventstore::RecordedEvent& event,
                                            const event::v1::Fact& fact, ReadModelBatch& batch);

// The facts of one record, for who looks at several types. A record of few facts is read at once.
// Not thread-safe; `snapshot` must outlive it and not change.
class FactTimes {
 public:
  FactTimes(const ReadSnapshot& snapshot, const eventstore::StreamId& record)
      : snapshot_(snapshot), record_(record) {}

  // Calls `visit` for the facts of that type after `after` (nullopt: all), in order, until it
  // returns false. DATA_LOSS on damage.
  absl::Status Visit(int fact_type, const std::optional<FactPlace>& after,
                     absl::FunctionRef<bool(const FactTime&)> visit);

 private:
  // All of a record that has few; else `is_whole_` stays false.
  absl::Status Load();

  const ReadSnapshot& snapshot_;
  const eventstore::StreamId record_;
  bool is_loaded_ = false;
  bool is_whole_ = false;
  std::map<int, std::vector<FactTime>> by_type_;  // in order
};

// Every record that has a row of a fact. Skips from record to record.
absl::StatusOr<std::vector<eventstore::StreamId>> RecordsWithFacts(const ReadSnapshot& snapshot);

}  // namespace caseledger::projections
