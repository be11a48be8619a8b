// What the protos say about facts, read once by reflection: which record a fact belongs to, and
// under which field of `Fact` a message goes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "caseledger/event/v1/fact.pb.h"
#include "caseledger/options/v1/options.pb.h"
#include "eventstore/base/uuid.h"
#include "eventstore/event.h"

namespace caseledger::commands {

using event::v1::Fact;
using options::v1::RecordKind;

struct FactSchema {
  const google::protobuf::FieldDescriptor* field = nullptr;  // in Fact
  RecordKind kind = RecordKind::RECORD_KIND_UNSPECIFIED;  // unspecified for corrections and voids
  bool creates = false;
  // The fact's field of type ExternalRef: the name the record is to be known by; null without one.
  const google::protobuf::FieldDescriptor* external_ref = nullptr;
};

// Schema of the fact that is set; null when none is.
const FactSchema* SchemaOf(const Fact& fact);
// The message that is set in the fact, which must be one this program knows.
const google::protobuf::Message& MessageOf(const Fact& fact);
google::protobuf::Message& MutableMessageOf(Fact& fact);
// Schema of a fact by its field number in Fact; null for numbers this program does not know.
const FactSchema* SchemaOfType(uint32_t fact_type);
// The field of Fact that takes messages of this type; null when it is no fact.
const google::protobuf::FieldDescriptor* FactField(const google::protobuf::Descriptor* message);
// Name of a fact, such as `case_opened`; "unknown" for numbers this program does not know.
std::string_view FactName(uint32_t fact_type);

// Whether records of this kind are known by a name (`ctxh-qn`) instead of a UUID.
bool IsNamedKind(RecordKind kind);
// Stream of a record that is known by its name (eventstore/named_stream.h).
eventstore::StreamId NamedStream(RecordKind kind, std::string_view name);

}  // namespace caseledger::commands
