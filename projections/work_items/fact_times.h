// The effective facts of a record by type and time, so that the first one after another is found
// without reading all of a long record.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/event.h"
#include "projections/effective/fact_groups.h"
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
  Uuid event_id;
  std::string group;  // in which the fact itself is kept
};

// Facts of one type with the same keys are a group: adding one reads no others of a long record.
std::vector<std::string> FactTimeGroupsOf(const event::v1::Fact& fact);
// Of all facts of a type that is about the whole record.
std::string GroupOfWhole(int fact_type);
// DATA_LOSS for what no such group is called.
absl::StatusOr<int> TypeOfGroup(const std::string& group);

// Brings the rows of a group up to date with its facts.
absl::Status ReplaceFactTimes(const eventstore::StreamId& stream, const std::string& group,
                              const std::vector<EffectiveFact>& facts, ReadModelBatch& batch);

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
