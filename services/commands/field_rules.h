// The rules that fields carry (options.proto), read once per message type: parsing options costs
// more than checking a small request.
#pragma once

#include <vector>

#include "caseledger/options/v1/options.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace caseledger::commands {

struct RuledType;

struct RuledField {
  const google::protobuf::FieldDescriptor* field = nullptr;
  options::v1::FieldRule rule = {};
  const RuledType* inner = nullptr;  // of a message or list of messages, else null
};

// A message type. Immutable; lives as long as the program.
struct RuledType {
  const google::protobuf::Descriptor* type = nullptr;
  std::vector<RuledField> fields = {};                                 // all, in field order
  std::vector<const RuledField*> always = {};                          // those outside of oneofs
  std::vector<const google::protobuf::OneofDescriptor*> choices = {};  // the oneofs

  // The rule of the field that is set in a message's oneof; null when none is. A fact is one of
  // dozens: asking each whether it is set would cost more than all the rest.
  const RuledField* Chosen(const google::protobuf::Message& message,
                           const google::protobuf::OneofDescriptor* choice) const;
};

// Thread-safe.
const RuledType& RulesOf(const google::protobuf::Descriptor* type);

}  // namespace caseledger::commands
