#include "projections/report_facts/countable.h"

#include <cctype>
#include <unordered_map>

#include "caseledger/event/v1/fact.pb.h"
#include "caseledger/options/v1/options.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/protobuf/unknown_field_set.h"

namespace caseledger::projections {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::Timestamp;

// Longest string that is neither code, reference nor key and still no free text: a line, a ledger.
constexpr uint32_t kMaxShortNameChars = 40;

bool IsCountableString(const options::v1::FieldRule& rule) {
  return !rule.code_list().empty() || rule.refers_to() != 0 || rule.key() || rule.uuid() ||
         (rule.max_chars() > 0 && rule.max_chars() <= kMaxShortNameChars);
}

bool IsOpen(const FieldDescriptor& field) {
  const options::v1::Sensitivity sensitivity =
      field.options().GetExtension(options::v1::sensitivity);
  return sensitivity <= options::v1::SENSITIVITY_INTERNAL &&
         field.options().GetExtension(options::v1::sealed_by) == options::v1::SUBJECT_UNSPECIFIED;
}

// For each message type that a fact can hold: the fields to clear, and the messages to look into.
struct Plan {
  std::vector<const FieldDescriptor*> clear;
  std::vector<const FieldDescriptor*> descend;
};
using Plans = std::unordered_map<const Descriptor*, Plan>;

void AddPlan(const Descriptor& type, Plans& plans) {
  if (!plans.try_emplace(&type).second) return;
  Plan plan;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (!IsCountable(field)) {
      plan.clear.push_back(&field);
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      plan.descend.push_back(&field);
      AddPlan(*field.message_type(), plans);
    }
  }
  plans[&type] = std::move(plan);
}

const Plans& AllPlans() {
  static const Plans& plans = *[] {
    auto* built = new Plans;
    AddPlan(*event::v1::Fact::descriptor(), *built);
    return built;
  }();
  return plans;
}

void DropUnknown(Message& message) {
  const Reflection& reflection = *message.GetReflection();
  if (!reflection.GetUnknownFields(message).empty()) {
    reflection.MutableUnknownFields(&message)->Clear();
  }
}

void Clean(Message& message, const Plans& plans) {
  const auto plan = plans.find(message.GetDescriptor());
  if (plan == plans.end()) {  // not a part of any fact: nothing of it is known to be open
    message.Clear();
    return;
  }
  const Reflection& reflection = *message.GetReflection();
  DropUnknown(message);
  for (const FieldDescriptor* field : plan->second.clear) reflection.ClearField(&message, field);
  for (const FieldDescriptor* field : plan->second.descend) {
    if (field->is_repeated()) {
      for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
        Clean(*reflection.MutableRepeatedMessage(&message, field, i), plans);
      }
    } else if (reflection.HasField(message, field)) {
      Clean(*reflection.MutableMessage(&message, field), plans);
    }
  }
}

int64_t TimestampMicros(const Timestamp& time) {
  return time.seconds() * 1'000'000 + time.nanos() / 1000;
}

std::string MessageValue(const Message& message) {
  if (message.GetDescriptor() == event::v1::UnitRef::descriptor()) {
    const auto& unit = static_cast<const event::v1::UnitRef&>(message);
    return unit.code().empty() ? "" : unit.code() + "@" + unit.version();
  }
  if (message.GetDescriptor() == Timestamp::descriptor()) {
    return std::to_string(TimestampMicros(static_cast<const Timestamp&>(message)));
  }
  return "";
}

// Value of a field that is set; `index` -1 for one that is not repeated.
std::string FieldValue(const Message& message, const FieldDescriptor* field, int index) {
  const Reflection& reflection = *message.GetReflection();
  const bool list = index >= 0;
  switch (static_cast<int>(field->cpp_type())) {
    case FieldDescriptor::CPPTYPE_STRING:
      return list ? reflection.GetRepeatedString(message, field, index)
                  : reflection.GetString(message, field);
    case FieldDescriptor::CPPTYPE_ENUM:
      return EnumCode(*field->enum_type(),
                      list ? reflection.GetRepeatedEnumValue(message, field, index)
                           : reflection.GetEnumValue(message, field));
    case FieldDescriptor::CPPTYPE_BOOL:
      return (list ? reflection.GetRepeatedBool(message, field, index)
                   : reflection.GetBool(message, field))
                 ? "true"
                 : "false";
    case FieldDescriptor::CPPTYPE_UINT32:
      return std::to_string(list ? reflection.GetRepeatedUInt32(message, field, index)
                                 : reflection.GetUInt32(message, field));
    case FieldDescriptor::CPPTYPE_INT64:
      return std::to_string(list ? reflection.GetRepeatedInt64(message, field, index)
                                 : reflection.GetInt64(message, field));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return MessageValue(list ? reflection.GetRepeatedMessage(message, field, index)
                               : reflection.GetMessage(message, field));
    default:
      return "";
  }
}

}  // namespace

bool IsCountable(const FieldDescriptor& field) {
  if (!IsOpen(field)) return false;
  switch (static_cast<int>(field.cpp_type())) {
    case FieldDescriptor::CPPTYPE_STRING:
      return field.type() == FieldDescriptor::TYPE_STRING &&
             IsCountableString(field.options().GetExtension(options::v1::rule));
    case FieldDescriptor::CPPTYPE_ENUM:
    case FieldDescriptor::CPPTYPE_BOOL:
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_INT64:
      return true;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return field.message_type() != event::v1::ExternalRef::descriptor() &&
             field.message_type() != event::v1::FreeText::descriptor();
    default:
      return field.containing_type() == Timestamp::descriptor();
  }
}

void KeepCountable(Message& message) {
  if (message.GetDescriptor() != event::v1::Fact::descriptor()) {
    Clean(message, AllPlans());
    return;
  }
  // A fact has one of many kinds: look at that one only.
  DropUnknown(message);
  const Reflection& reflection = *message.GetReflection();
  const FieldDescriptor* kind =
      reflection.GetOneofFieldDescriptor(message, message.GetDescriptor()->oneof_decl(0));
  if (kind != nullptr) Clean(*reflection.MutableMessage(&message, kind), AllPlans());
}

std::string EnumCode(const google::protobuf::EnumDescriptor& type, int number) {
  if (number == 0) return "";
  const google::protobuf::EnumValueDescriptor* value = type.FindValueByNumber(number);
  if (value == nullptr) return std::to_string(number);
  // All values share the prefix of the first one, `PREFIX_UNSPECIFIED`.
  const size_t prefix = type.value(0)->name().size() - std::string_view("UNSPECIFIED").size();
  std::string code = value->name().substr(prefix);
  for (char& c : code) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return code;
}

std::vector<std::string> ReadValues(const Message& message,
                                    const std::vector<const FieldDescriptor*>& path) {
  const Message* at = &message;
  for (size_t i = 0; i + 1 < path.size(); ++i) {
    const Reflection& reflection = *at->GetReflection();
    if (!reflection.HasField(*at, path[i])) return {};
    at = &reflection.GetMessage(*at, path[i]);
  }
  const FieldDescriptor* leaf = path.back();
  const Reflection& reflection = *at->GetReflection();
  std::vector<std::string> values;
  const auto add = [&](int index) {
    std::string value = FieldValue(*at, leaf, index);
    if (!value.empty()) values.push_back(std::move(value));
  };
  if (leaf->is_repeated()) {
    for (int i = 0; i < reflection.FieldSize(*at, leaf); ++i) add(i);
  } else if (leaf->cpp_type() == FieldDescriptor::CPPTYPE_BOOL || reflection.HasField(*at, leaf)) {
    add(-1);
  }
  return values;
}

int64_t ReadTime(const Message& message, const char* field, int64_t otherwise) {
  const FieldDescriptor* descriptor = message.GetDescriptor()->FindFieldByName(field);
  if (descriptor == nullptr || !message.GetReflection()->HasField(message, descriptor)) {
    return otherwise;
  }
  return TimestampMicros(
      static_cast<const Timestamp&>(message.GetReflection()->GetMessage(message, descriptor)));
}

std::string ReadString(const Message& message, const char* field) {
  const FieldDescriptor* descriptor = message.GetDescriptor()->FindFieldByName(field);
  if (descriptor == nullptr) return "";
  return message.GetReflection()->GetString(message, descriptor);
}

}  // namespace caseledger::projections
