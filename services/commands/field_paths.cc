#include "services/commands/field_paths.h"

#include <algorithm>
#include <utility>

namespace caseledger::commands {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// The type and all types of messages within it, each once.
std::vector<const Descriptor*> TypesWithin(const Descriptor* root) {
  std::vector<const Descriptor*> types{root};
  for (size_t next = 0; next < types.size(); ++next) {
    for (int i = 0; i < types[next]->field_count(); ++i) {
      const Descriptor* inner = types[next]->field(i)->message_type();
      if (inner == nullptr) continue;
      if (std::find(types.begin(), types.end(), inner) == types.end()) types.push_back(inner);
    }
  }
  return types;
}

}  // namespace

FieldPaths::FieldPaths(const Descriptor* root,
                       absl::FunctionRef<bool(const FieldDescriptor*)> wanted) {
  const std::vector<const Descriptor*> types = TypesWithin(root);
  const auto leads = [&](const FieldDescriptor* field) {
    return wanted(field) ||
           (field->message_type() != nullptr && fields_.contains(field->message_type()));
  };
  // Facts may hold facts, so until no type is new.
  for (size_t known = fields_.size() + 1; known != fields_.size();) {
    known = fields_.size();
    for (const Descriptor* type : types) {
      std::vector<const FieldDescriptor*> leading;
      for (int i = 0; i < type->field_count(); ++i) {
        if (leads(type->field(i))) leading.push_back(type->field(i));
      }
      if (!leading.empty()) fields_[type] = std::move(leading);
    }
  }
}

const std::vector<const FieldDescriptor*>& FieldPaths::Of(const Descriptor* type) const {
  static const auto& none = *new std::vector<const FieldDescriptor*>;
  const auto found = fields_.find(type);
  return found == fields_.end() ? none : found->second;
}

int CountOf(const Message& message, const FieldDescriptor* field) {
  const google::protobuf::Reflection* reflection = message.GetReflection();
  if (field->is_repeated()) return reflection->FieldSize(message, field);
  return reflection->HasField(message, field) ? 1 : 0;
}

const Message& MessageAt(const Message& message, const FieldDescriptor* field, int i) {
  const google::protobuf::Reflection* reflection = message.GetReflection();
  return field->is_repeated() ? reflection->GetRepeatedMessage(message, field, i)
                              : reflection->GetMessage(message, field);
}

Message& MutableMessageAt(Message& message, const FieldDescriptor* field, int i) {
  const google::protobuf::Reflection* reflection = message.GetReflection();
  return field->is_repeated() ? *reflection->MutableRepeatedMessage(&message, field, i)
                              : *reflection->MutableMessage(&message, field);
}

const std::string& TextAt(const Message& message, const FieldDescriptor* field, int i,
                          std::string& scratch) {
  const google::protobuf::Reflection* reflection = message.GetReflection();
  return field->is_repeated() ? reflection->GetRepeatedStringReference(message, field, i, &scratch)
                              : reflection->GetStringReference(message, field, &scratch);
}

void SetTextAt(Message& message, const FieldDescriptor* field, int i, std::string text) {
  const google::protobuf::Reflection* reflection = message.GetReflection();
  if (field->is_repeated()) {
    reflection->SetRepeatedString(&message, field, i, std::move(text));
  } else {
    reflection->SetString(&message, field, std::move(text));
  }
}

}  // namespace caseledger::commands
