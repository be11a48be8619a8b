// The rules that fields carry (options.proto), read once per message type: parsing options costs
// more than checking a small request.
#pragma once

#include <vector>

#include "caseledger/options/v1/options.pb.h"
#include "google/protobuf/descriptor.h"

namespace caseledger::commands {

struct RuledField {
  const google::protobuf::FieldDescriptor* field;
  options::v1::FieldRule rule;
};

// Every field of the type with its rule, in field order. Thread-safe; the result lives as long as
// the program.
const std::vector<RuledField>& RulesOf(const google::protobuf::Descriptor* type);

}  // namespace caseledger::commands
