#include "services/commands/field_rules.h"

#include <map>
#include <shared_mutex>

namespace caseledger::commands {

const std::vector<RuledField>& RulesOf(const google::protobuf::Descriptor* type) {
  static std::shared_mutex mutex;
  static auto* rules = new std::map<const google::protobuf::Descriptor*, std::vector<RuledField>>;
  {
    const std::shared_lock lock(mutex);
    const auto it = rules->find(type);
    if (it != rules->end()) return it->second;
  }
  std::vector<RuledField> fields;
  for (int i = 0; i < type->field_count(); ++i) {
    const google::protobuf::FieldDescriptor* field = type->field(i);
    fields.push_back({field, field->options().GetExtension(options::v1::rule)});
  }
  const std::unique_lock lock(mutex);
  return rules->try_emplace(type, std::move(fields)).first->second;
}

}  // namespace caseledger::commands
