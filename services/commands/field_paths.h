// Where in a message something is to be found: looking it up in the types once spares walking whole
// messages for every command.
#pragma once

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace caseledger::commands {

// For every type within `root`, the fields that are wanted or lead to wanted ones. Immutable, so
// thread-safe.
class FieldPaths {
 public:
  FieldPaths(const google::protobuf::Descriptor* root,
             absl::FunctionRef<bool(const google::protobuf::FieldDescriptor*)> wanted);

  // In field order; empty for a type that has none.
  const std::vector<const google::protobuf::FieldDescriptor*>& Of(
      const google::protobuf::Descriptor* type) const;

 private:
  absl::flat_hash_map<const google::protobuf::Descriptor*,
                      std::vector<const google::protobuf::FieldDescriptor*>>
      fields_;
};

// Number of values that the field holds in the message: 0 or 1 unless it is repeated.
int CountOf(const google::protobuf::Message& message,
            const google::protobuf::FieldDescriptor* field);
// The i-th message of a field of messages, repeated or not.
const google::protobuf::Message& MessageAt(const google::protobuf::Message& message,
                                           const google::protobuf::FieldDescriptor* field, int i);
google::protobuf::Message& MutableMessageAt(google::protobuf::Message& message,
                                            const google::protobuf::FieldDescriptor* field, int i);
// The same for a field of text.
const std::string& TextAt(const google::protobuf::Message& message,
                          const google::protobuf::FieldDescriptor* field, int i,
                          std::string& scratch);
void SetTextAt(google::protobuf::Message& message, const google::protobuf::FieldDescriptor* field,
               int i, std::string text);

}  // namespace caseledger::commands
