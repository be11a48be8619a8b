#include "services/commands/fact_schema.h"

#include <map>
#include <string>
#include <vector>

#include "eventstore/named_stream.h"

namespace caseledger::commands {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

struct Tables {
  std::vector<FactSchema> by_number;  // without a field where there is no fact
  std::map<const Descriptor*, const FieldDescriptor*> by_message;
};

const Tables& AllFacts() {
  static const Tables* const tables = [] {
    auto* built = new Tables;
    const Descriptor* fact = Fact::descriptor();
    for (int i = 0; i < fact->field_count(); ++i) {
      const FieldDescriptor* field = fact->field(i);
      FactSchema schema;
      schema.field = field;
      const auto& message_options = field->message_type()->options();
      if (message_options.HasExtension(options::v1::stream)) {
        const auto& stream = message_options.GetExtension(options::v1::stream);
        schema.kind = stream.kind();
        schema.creates = stream.creates();
      }
      schema.external_ref = field->message_type()->FindFieldByName("external_ref");
      built->by_message[field->message_type()] = field;
      const auto number = static_cast<size_t>(field->number());
      if (built->by_number.size() <= number) built->by_number.resize(number + 1);
      built->by_number[number] = schema;
    }
    return built;
  }();
  return *tables;
}

}  // namespace

const FactSchema* SchemaOf(const Fact& fact) {
  return SchemaOfType(static_cast<uint32_t>(fact.kind_case()));
}

const FactSchema* SchemaOfType(uint32_t fact_type) {
  const std::vector<FactSchema>& facts = AllFacts().by_number;
  if (fact_type >= facts.size() || facts[fact_type].field == nullptr) return nullptr;
  return &facts[fact_type];
}

const google::protobuf::Message& MessageOf(const Fact& fact) {
  return fact.GetReflection()->GetMessage(fact, SchemaOf(fact)->field);
}

google::protobuf::Message& MutableMessageOf(Fact& fact) {
  return *fact.GetReflection()->MutableMessage(&fact, SchemaOf(fact)->field);
}

const FieldDescriptor* FactField(const Descriptor* message) {
  const auto& fields = AllFacts().by_message;
  const auto it = fields.find(message);
  return it == fields.end() ? nullptr : it->second;
}

std::string_view FactName(uint32_t fact_type) {
  const FactSchema* schema = SchemaOfType(fact_type);
  return schema == nullptr ? std::string_view("unknown") : std::string_view(schema->field->name());
}

bool IsNamedKind(RecordKind kind) {
  return kind == RecordKind::RECORD_KIND_AGENCY || kind == RecordKind::RECORD_KIND_ADMIN_UNITS ||
         kind == RecordKind::RECORD_KIND_DEFINITION || kind == RecordKind::RECORD_KIND_LEDGER ||
         kind == RecordKind::RECORD_KIND_ACCESS_TRAIL ||
         kind == RecordKind::RECORD_KIND_PUBLICATION;
}

eventstore::StreamId NamedStream(RecordKind kind, std::string_view name) {
  return eventstore::NamedStream(static_cast<uint32_t>(kind), name);
}

}  // namespace caseledger::commands
