// The names a report definition may use: facts, spans, and paths of fields. Read off the facts'
// own descriptors wherever that is possible, so that a new fact can be counted at once.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/descriptor.h"

namespace caseledger::projections {

using FactNumber = int;  // field number in event.v1.Fact

// A span of time that facts of one stream with the same key begin, extend and end.
struct SpanRule {
  enum class Shape { kKeyed, kCaseCycles, kParticipation, kOffers };
  const char* name;
  Shape shape;
  FactNumber begun_by;
  const char* key_field;                // nullptr: the whole record is the key
  const char* begin_time_field;         // nullptr: begins when `begun_by` occurred
  const char* end_time_field;           // nullptr: does not end by itself
  std::vector<FactNumber> extended_by;  // each carries the new end in `to_time`
  std::vector<FactNumber> ended_by;
};

// What an indicator counts.
struct CountedFact {
  std::string name;
  FactNumber number = 0;                                  // of the fact whose fields can be named
  const google::protobuf::Descriptor* message = nullptr;  // of that fact
  const SpanRule* span = nullptr;                         // nullptr: the fact itself
  bool SameAs(const CountedFact& other) const { return name == other.name; }
};

// INVALID_ARGUMENT: no such fact.
absl::StatusOr<CountedFact> FindCountedFact(std::string_view name);

// The fact that began what another fact goes on with, by a key in both; nullptr when there is none.
struct StartRule {
  FactNumber started_by;
  const char* key_field;
};
const StartRule* FindStartRule(FactNumber fact);

// Whose value a path names.
enum class Scope {
  kFact,
  kStart,
  kContact,
  kCase,
  kPerson,
  kProgramme,
  kShelter,
  kEvent,
  kMoment,  // when it counts
  kSpan,
};

// A value of a record: the newest of some facts of its stream decides.
struct RecordAttribute {
  struct Source {
    FactNumber fact;
    std::vector<const google::protobuf::FieldDescriptor*> path;
  };
  Scope scope;
  std::string name;
  bool at_fact;  // as it was at the counted fact; else as known now
  std::vector<Source> sources;
};

struct FieldPath {
  enum class Special {
    kNone,
    kAge,
    kRole,
    kVictimStatus,
    kAgency,
    kDelayDays,
    kHour,
    kWeekday,
    kDate,
    kMonth,
    kSpanHours,
    kSpanDays,
    kSpanEnd,
  };
  Scope scope = Scope::kFact;
  std::vector<const google::protobuf::FieldDescriptor*> path;  // kFact, kStart
  const RecordAttribute* attribute = nullptr;                  // records
  Special special = Special::kNone;

  bool IsNumber() const;
  bool IsUnit() const;
  bool RefersToPerson() const;
  // Type of a closed code list; nullptr: any code.
  const google::protobuf::EnumDescriptor* ClosedCodes() const;

 private:
  const google::protobuf::FieldDescriptor* leaf() const;
};

// Resolves `text` for facts of `fact`. INVALID_ARGUMENT says what is wrong.
absl::StatusOr<FieldPath> FindPath(const CountedFact& fact, std::string_view text);

}  // namespace caseledger::projections
