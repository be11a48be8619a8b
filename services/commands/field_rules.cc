#include "services/commands/field_rules.h"

#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>

namespace caseledger::commands {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using Types = std::map<const Descriptor*, std::unique_ptr<RuledType>>;

// The type with all types of messages within it; one that is known already as it is.
const RuledType* Build(const Descriptor* type, Types& types) {
  const auto [entry, is_new] = types.try_emplace(type, std::make_unique<RuledType>());
  RuledType& ruled = *entry->second;
  if (!is_new) return &ruled;
  ruled.type = type;
  ruled.fields.reserve(static_cast<size_t>(type->field_count()));
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    const Descriptor* inner = field->message_type();
    ruled.fields.push_back({field, field->options().GetExtension(options::v1::rule),
                            inner == nullptr ? nullptr : Build(inner, types)});
    if (field->real_containing_oneof() == nullptr) ruled.always.push_back(&ruled.fields.back());
  }
  for (int i = 0; i < type->real_oneof_decl_count(); ++i) {
    ruled.choices.push_back(type->oneof_decl(i));
  }
  return &ruled;
}

}  // namespace

const RuledField* RuledType::Chosen(const google::protobuf::Message& message,
                                    const google::protobuf::OneofDescriptor* choice) const {
  const FieldDescriptor* field = message.GetReflection()->GetOneofFieldDescriptor(message, choice);
  return field == nullptr ? nullptr : &fields[static_cast<size_t>(field->index())];
}

const RuledType& RulesOf(const Descriptor* type) {
  static std::shared_mutex mutex;
  static auto& types = *new Types;
  {
    const std::shared_lock lock(mutex);
    const auto known = types.find(type);
    if (known != types.end()) return *known->second;
  }
  const std::unique_lock lock(mutex);
  return *Build(type, types);
}

}  // namespace caseledger::commands
