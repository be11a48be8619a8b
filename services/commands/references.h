// From what a client calls a record (UUID, external reference, short name) to its stream.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/event.h"
#include "google/protobuf/message.h"
#include "services/commands/fact_schema.h"

namespace caseledger::commands {

// Where names and streams are looked up: inside a decision the ledger view, for queries the log.
struct RecordIndex {
  std::function<absl::StatusOr<std::optional<eventstore::StreamId>>(
      uint32_t kind, std::string_view source, std::string_view value)>
      find_name;
  std::function<absl::StatusOr<bool>(const eventstore::StreamId&)> exists;
};

// What an id says without a look: the stream, or the name that the record is to be found by. The
// texts point into `id`.
struct CalledBy {
  std::optional<eventstore::StreamId> stream;
  std::string_view source;  // empty: any
  std::string_view value;
};
CalledBy ReadId(RecordKind kind, std::string_view id);

// The name that a fact gives its record; null if it gives none.
const event::v1::ExternalRef* NameGivenBy(const Fact& fact);

// The stream of a record that must exist. `id` is a UUID, `VALUE`, `SOURCE/VALUE`, or for named
// kinds the name. NOT_FOUND RECORD_UNKNOWN; INVALID_ARGUMENT when a bare VALUE names several
// records.
absl::StatusOr<eventstore::StreamId> FindRecord(const RecordIndex& index, RecordKind kind,
                                                std::string_view id);

// The same for somebody who only reads: records of named kinds also by the UUID that is shown of
// them.
absl::StatusOr<eventstore::StreamId> FindRecordToRead(const RecordIndex& index, RecordKind kind,
                                                      std::string_view id);

// A stream for an id by which no record was found. Rights are asked about it as about one that is
// there, so that the time of a refusal does not tell the two apart.
eventstore::StreamId StandInFor(RecordKind kind, std::string_view id);

// Replaces every reference in `fact` (rule `refers_to`) by the record's UUID; short names stay.
// NOT_FOUND REFERENCE_UNKNOWN naming the field.
absl::Status ResolveReferences(const RecordIndex& index, google::protobuf::Message& fact);

// Calls `visit` for every reference in a fact whose references are resolved: the UUID or, of named
// kinds, the name.
void VisitReferences(const google::protobuf::Message& fact,
                     absl::FunctionRef<void(RecordKind kind, std::string_view id)> visit);

}  // namespace caseledger::commands
