#include "tests/architecture/proto_rules.h"

#include <set>
#include <sstream>
#include <string_view>
#include <utility>

#include "caseledger/options/v1/options.pb.h"

namespace caseledger::architecture {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;
using options::v1::RecordKind;
using options::v1::Sensitivity;
using options::v1::StreamOption;

using Violations = std::vector<std::string>;

Sensitivity SensitivityOf(const FieldDescriptor& field) {
  return field.options().GetExtension(options::v1::sensitivity);
}

bool IsSealed(const FieldDescriptor& field) {
  return field.options().GetExtension(options::v1::sealed_by) != options::v1::SUBJECT_UNSPECIFIED;
}

bool IsMessage(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
}

// Free text is sealed as a whole wherever it stands, like a message named Private.
bool IsSealedType(const Descriptor& message) {
  return message.name() == "Private" || message.full_name() == "caseledger.event.v1.FreeText";
}

// How the message is stored; says nothing by itself.
bool IsStoredForm(const FieldDescriptor& field) {
  return IsMessage(field) && field.message_type()->full_name() == "caseledger.event.v1.Sealed";
}

bool HasStoredForm(const Descriptor& message) {
  const FieldDescriptor* field = message.FindFieldByNumber(15);
  return field != nullptr && field->name() == "sealed" && !field->is_repeated() &&
         IsStoredForm(*field);
}

void Add(Violations& violations, const std::string& what, std::string_view why) {
  std::ostringstream sentence;
  sentence << what << ": " << why;
  violations.push_back(sentence.str());
}

// Texts of questions: none says anything about a person whom a record is about. `person_name` is a
// member of staff, `name` a projection, `note` and `reason` are the asker's own.
bool IsAskedBy(const std::string& field) {
  static const auto& fields = *new std::set<std::string>{
      "action",      "actor",           "agency_id",    "break_glass_event_id",
      "case_id",     "case_type",       "consent_id",   "recipient_agency_id",
      "event_id",    "fact_names",      "fields",       "owner_agency_id",
      "deadline_id", "worker_id",       "ledger",       "legal_basis",
      "name",        "stream_prefixes", "note",         "page_token",
      "flag",        "person_id",       "person_name",  "phase",
      "purpose",     "reason",          "request_kind", "record_id",
      "report_id",   "request_id",      "shelter_id",   "state",
      "warrant",     "owner_worker_id", "order_by"};
  return fields.contains(field);
}

void AddSealing(const FieldDescriptor& field, Violations& violations) {
  const Sensitivity sensitivity = SensitivityOf(field);
  const bool personal = sensitivity >= options::v1::SENSITIVITY_PERSONAL;
  if (IsStoredForm(field)) return;
  if (field.containing_type()->name() == "Private" && !personal) {
    Add(violations, field.full_name(), "is in Private but not PERSONAL or above");
  }
  if (personal && !IsSealedType(*field.containing_type())) {
    Add(violations, field.full_name(), "is PERSONAL or above outside a sealed message");
  }
  const bool holds_sealed = IsMessage(field) && IsSealedType(*field.message_type());
  if (holds_sealed && !IsSealed(field)) {
    Add(violations, field.full_name(), "holds personal data but says not whose key seals it");
  }
  if (IsSealed(field) && !holds_sealed) {
    Add(violations, field.full_name(), "is sealed but holds no Private message");
  }
  if (holds_sealed && !HasStoredForm(*field.message_type())) {
    Add(violations, field.message_type()->full_name(), "lacks `Sealed sealed = 15`");
  }
  if (IsSealed(field) && field.is_repeated()) {
    Add(violations, field.full_name(), "is sealed and repeated: two parts would have one place");
  }
}

// Messages of others, such as times and errors, are values: they say nothing of their own fields.
bool HoldsValue(const FieldDescriptor& field) {
  return !IsMessage(field) || !field.message_type()->file()->package().starts_with("caseledger.");
}

// Whether records of that kind have such a key; a text with a key of its own may be in any.
bool HasKey(RecordKind kind, options::v1::Subject subject) {
  switch (static_cast<int>(subject)) {
    case options::v1::SUBJECT_NOTE:
      return true;
    case options::v1::SUBJECT_PERSON:
      return kind == RecordKind::RECORD_KIND_PERSON;
    case options::v1::SUBJECT_CONTACT:
      return kind == RecordKind::RECORD_KIND_CONTACT;
    case options::v1::SUBJECT_CASE_RECORD:
      return kind == RecordKind::RECORD_KIND_CASE_RECORD;
    case options::v1::SUBJECT_SHELTER:
      return kind == RecordKind::RECORD_KIND_SHELTER;
    default:
      return false;
  }
}

// Of the message and everything in it; `seen` ends circles.
void AddSubjects(const Descriptor& message, RecordKind stream, std::set<const Descriptor*>& seen,
                 Violations& violations) {
  if (!seen.insert(&message).second) return;
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor& field = *message.field(i);
    if (IsSealed(field) && !HasKey(stream, field.options().GetExtension(options::v1::sealed_by))) {
      Add(violations, field.full_name(),
          "is sealed by another kind of record than " + RecordKind_Name(stream));
    }
    if (IsMessage(field)) AddSubjects(*field.message_type(), stream, seen, violations);
  }
}

bool IsFactAboutFacts(const Descriptor& message) {
  return message.full_name() == "caseledger.event.v1.FactCorrected" ||
         message.full_name() == "caseledger.event.v1.EventVoided";
}

bool IsAlternative(const Descriptor& fact, const Descriptor& candidate) {
  for (int i = 0; i < fact.field_count(); ++i) {
    if (fact.field(i)->message_type() == &candidate) return true;
  }
  return false;
}

// What a request calls the id of a record of this kind.
std::string_view IdNameOf(int kind) {
  switch (kind) {
    case options::v1::RECORD_KIND_CONTACT:
      return "contact_id";
    case options::v1::RECORD_KIND_PERSON:
      return "person_id";
    case options::v1::RECORD_KIND_CASE_RECORD:
      return "case_id";
    case options::v1::RECORD_KIND_SHELTER:
      return "shelter_id";
    case options::v1::RECORD_KIND_PROGRAMME:
      return "programme_id";
    case options::v1::RECORD_KIND_AGENCY:
      return "agency_id";
    case options::v1::RECORD_KIND_PUBLICATION:
      return "publication_id";
    case options::v1::RECORD_KIND_ADMIN_UNITS:
      return "version";
    case options::v1::RECORD_KIND_DEFINITION:
      return "definition_id";
    default:
      return "record_id";
  }
}

// Whether field `index` is a single one with this number and name.
bool IsField(const Descriptor& message, int index, std::string_view name) {
  if (index >= message.field_count()) return false;
  const FieldDescriptor& field = *message.field(index);
  return field.number() == index + 1 && field.name() == name && !field.is_repeated();
}

}  // namespace

Violations SealingViolations(const Descriptor& message) {
  Violations violations;
  for (int i = 0; i < message.field_count(); ++i) AddSealing(*message.field(i), violations);
  for (int i = 0; i < message.nested_type_count(); ++i) {
    for (std::string& sentence : SealingViolations(*message.nested_type(i))) {
      violations.push_back(std::move(sentence));
    }
  }
  return violations;
}

Violations UnsaidSensitivities(const Descriptor& message) {
  Violations violations;
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor& field = *message.field(i);
    if (HoldsValue(field) && SensitivityOf(field) == options::v1::SENSITIVITY_UNSPECIFIED) {
      Add(violations, field.full_name(), "does not say how sensitive it is");
    }
  }
  for (int i = 0; i < message.nested_type_count(); ++i) {
    for (std::string& sentence : UnsaidSensitivities(*message.nested_type(i))) {
      violations.push_back(std::move(sentence));
    }
  }
  return violations;
}

Violations SubjectViolations(const Descriptor& fact) {
  Violations violations;
  for (int i = 0; i < fact.field_count(); ++i) {
    if (!IsMessage(*fact.field(i))) continue;
    const Descriptor& type = *fact.field(i)->message_type();
    // A correction is judged as what it replaces: it holds a whole Fact again.
    if (IsFactAboutFacts(type)) continue;
    std::set<const Descriptor*> seen;
    AddSubjects(type, type.options().GetExtension(options::v1::stream).kind(), seen, violations);
  }
  return violations;
}

Violations StreamViolations(const Descriptor& fact) {
  Violations violations;
  for (int i = 0; i < fact.field_count(); ++i) {
    const FieldDescriptor& field = *fact.field(i);
    if (!IsMessage(field) || field.containing_oneof() == nullptr) {
      Add(violations, field.full_name(), "is no alternative of the fact's kind");
      continue;
    }
    const Descriptor& type = *field.message_type();
    const StreamOption& stream = type.options().GetExtension(options::v1::stream);
    const bool placed = stream.kind() != RecordKind::RECORD_KIND_UNSPECIFIED;
    if (IsFactAboutFacts(type) == placed) {
      Add(violations, type.full_name(),
          placed ? "may stand in any stream but names one"
                 : "does not say to which stream it belongs");
    }
  }
  return violations;
}

bool IsCommand(const Descriptor& message) {
  if (!message.name().ends_with("Request")) return false;
  const FieldDescriptor* header = message.FindFieldByName("header");
  return header != nullptr && IsMessage(*header) &&
         header->message_type()->full_name() == "caseledger.v1.CommandHeader";
}

Violations CommandViolations(const Descriptor& request, const Descriptor& fact) {
  Violations violations;
  if (!IsField(request, 0, "header")) Add(violations, request.full_name(), "header is not field 1");
  const FieldDescriptor* field = request.FindFieldByName("fact");
  if (field == nullptr || !IsMessage(*field)) {
    Add(violations, request.full_name(), "carries no fact");
    return violations;
  }
  const Descriptor& type = *field->message_type();
  if (!IsAlternative(fact, type)) {
    Add(violations, request.full_name(), "its fact is no alternative of Fact");
  }
  const bool any_stream = IsFactAboutFacts(type);
  const int id_index = any_stream ? 2 : 1;
  const int kind = type.options().GetExtension(options::v1::stream).kind();
  if (any_stream && !IsField(request, 1, "record_kind")) {
    Add(violations, request.full_name(), "record_kind is not field 2");
  }
  if (!IsField(request, id_index, IdNameOf(kind)) ||
      request.field(id_index)->type() != FieldDescriptor::TYPE_STRING) {
    Add(violations, request.full_name(), "the record id is not where or what it should be");
  }
  if (!IsField(request, id_index + 1, "fact") || request.field_count() != id_index + 2) {
    Add(violations, request.full_name(), "the fact is not the last field");
  }
  return violations;
}

Violations ServiceViolations(const ServiceDescriptor& service) {
  Violations violations;
  for (int i = 0; i < service.method_count(); ++i) {
    const MethodDescriptor& method = *service.method(i);
    const bool result = method.output_type()->full_name() == "caseledger.v1.CommandResult";
    if (IsCommand(*method.input_type()) != result) {
      Add(violations, method.full_name(), "commands, and only commands, answer with CommandResult");
    }
  }
  return violations;
}

Violations QuestionViolations(const ServiceDescriptor& service) {
  Violations violations;
  for (int i = 0; i < service.method_count(); ++i) {
    const Descriptor& request = *service.method(i)->input_type();
    // The one question that does: it finds only whom the caller may see anyway
    // (services/rpc/person_queries.cc).
    if (IsCommand(request) || request.full_name() == "caseledger.v1.SearchPersonsRequest") continue;
    for (int at = 0; at < request.field_count(); ++at) {
      const FieldDescriptor& field = *request.field(at);
      if (field.cpp_type() != FieldDescriptor::CPPTYPE_STRING || IsAskedBy(field.name())) continue;
      Add(violations, field.full_name(), "is no text that questions are asked by");
    }
  }
  return violations;
}

}  // namespace caseledger::architecture
