// The effective facts of streams, kept as rows, so that a projection can compute its rows again
// from them whenever one is added, corrected or voided.
//
// A stream's facts are cut into groups (all facts of one placement, say), so that the cost of an
// event follows the group and not the stream's whole history.
//
// Layout, within two bytes of the table:
//
//   facts_space KIND ID GROUP        -> the group's facts, in order of occurrence
//   index_space event id             -> the groups that hold the event
//
// Invariants (the same as those of a stream's timeline in services/domain)
//  1. Order of occurrence: by occurred_at, then by revision.
//  2. A correction stands in its target's place: its replacement, at the replacement's time if it
//     says one, with the target's id and revision. A void leaves nothing. A correction of what is
//     not there changes nothing.
//  3. Only the open part of a fact is kept.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "caseledger/event/v1/fact.pb.h"
#include "eventstore/event.h"
#include "projections/read_model/read_model.h"

namespace caseledger::projections {

// The kind of a fact as a plain number, for switches over some facts only.
inline int KindOf(const event::v1::Fact& fact) { return static_cast<int>(fact.kind_case()); }

// Microseconds of a protobuf timestamp.
inline Micros ToMicros(const google::protobuf::Timestamp& time) {
  return time.seconds() * kMicrosPerSecond + time.nanos() / 1000;
}

// One fact that holds.
struct EffectiveFact {
  Uuid event_id;
  uint64_t revision = 0;
  Micros occurred_at = 0;
  event::v1::Fact fact;
};

// UNIMPLEMENTED when this program does not know the event's type: a projection that reads this kind
// of stream must stop, since the fact could matter.
absl::Status CheckKnown(const eventstore::RecordedEvent& event, const event::v1::Fact& fact);

// Thread-safe: keeps nothing itself.
class FactGroups {
 public:
  // Names the groups of its stream that a fact belongs to; none when the projection does not need
  // it. Pure.
  using GroupsOf = std::vector<std::string> (*)(const event::v1::Fact& fact);

  constexpr FactGroups(char facts_space, char index_space, GroupsOf groups_of)
      : facts_space_(facts_space), index_space_(index_space), groups_of_(groups_of) {}

  // Takes in the next event of a stream, a correction or void included. Returns the groups of the
  // event's stream whose facts are other ones now, each once.
  absl::StatusOr<std::vector<std::string>> Apply(const eventstore::RecordedEvent& event,
                                                 const event::v1::Fact& fact,
                                                 ReadModelBatch& batch) const;

  // Facts of a group in order of occurrence. DATA_LOSS on damage.
  absl::StatusOr<std::vector<EffectiveFact>> Read(const ReadSnapshot& snapshot,
                                                  const eventstore::StreamId& stream,
                                                  std::string_view group) const;

 private:
  using Groups = std::vector<std::string>;

  absl::StatusOr<Groups> Correct(const eventstore::StreamId& stream,
                                 const event::v1::FactCorrected& correction,
                                 ReadModelBatch& batch) const;
  // Takes the event out of its groups. Returns them; `removed` becomes the fact it was.
  absl::StatusOr<Groups> Remove(const eventstore::StreamId& stream, const Uuid& event_id,
                                ReadModelBatch& batch, EffectiveFact& removed) const;
  absl::StatusOr<Groups> Insert(const eventstore::StreamId& stream, const EffectiveFact& fact,
                                ReadModelBatch& batch) const;
  absl::Status Write(const eventstore::StreamId& stream, std::string_view group,
                     const std::vector<EffectiveFact>& facts, ReadModelBatch& batch) const;
  std::string GroupKey(const eventstore::StreamId& stream, std::string_view group) const;
  std::string IndexKey(const Uuid& event_id) const;

  char facts_space_;
  char index_space_;
  GroupsOf groups_of_;
};

}  // namespace caseledger::projections
