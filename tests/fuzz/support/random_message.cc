#include "tests/fuzz/support/random_message.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>

#include "caseledger/event/v1/fact.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "services/commands/field_rules.h"

namespace caseledger::fuzz {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::OneofDescriptor;
using google::protobuf::Reflection;
using options::v1::FieldRule;

constexpr int kMostDepth = 6;
constexpr char kUnknownId[] = "99999999-9999-4999-8999-999999999999";
constexpr int64_t kStart = 1'704'067'200;  // 2024-01-01 UTC, in seconds
constexpr std::array kKeys = {"k1", "k2", "k3", "k4"};
constexpr std::array kCodes = {
    "sharing", "gender_based_violence",     "female", "services", "relatives",
    "other",   "psychological_counselling", "k1"};
constexpr std::array kTexts = {"x", "Nguyễn Thị Hòa", "2014-09", "SRC/1", "012345678901"};

template <typename Items>
std::string Pick(FuzzedDataProvider& in, const Items& items) {
  return items[in.ConsumeIntegralInRange<size_t>(0, items.size() - 1)];
}

class Filler {
 public:
  Filler(FuzzedDataProvider& in, const Names& names) : in_(in), names_(names) {}

  void Fill(Message& message, int depth) {
    if (message.GetDescriptor() == google::protobuf::Timestamp::descriptor()) {
      return FillTime(static_cast<google::protobuf::Timestamp&>(message));
    }
    for (const commands::RuledField& ruled : commands::RulesOf(message.GetDescriptor()).fields) {
      if (ruled.field->real_containing_oneof() != nullptr) continue;
      if (IsToBeSet(ruled.rule)) FillField(message, ruled, depth);
    }
    FillOneofs(message, depth);
  }

 private:
  bool Rarely(int one_in) { return in_.ConsumeIntegralInRange(0, one_in - 1) == one_in - 1; }
  bool Wild() { return Rarely(64); }

  bool IsToBeSet(const FieldRule& rule) {
    if (rule.output_only()) return Wild();
    if (rule.required() || rule.min_items() > 0) return !Wild();
    return in_.ConsumeBool();
  }

  void FillOneofs(Message& message, int depth) {
    const Descriptor* type = message.GetDescriptor();
    for (int i = 0; i < type->real_oneof_decl_count(); ++i) {
      const OneofDescriptor* oneof = type->oneof_decl(i);
      const int chosen = in_.ConsumeIntegralInRange(0, oneof->field_count() - 1);
      for (const commands::RuledField& ruled : commands::RulesOf(type).fields) {
        if (ruled.field == oneof->field(chosen) && !Wild()) FillField(message, ruled, depth);
      }
    }
  }

  void FillField(Message& message, const commands::RuledField& ruled, int depth) {
    const int fewest = static_cast<int>(ruled.rule.min_items());
    const int items = !ruled.field->is_repeated() ? 1
                      : Wild()                    ? in_.ConsumeIntegralInRange(60, 300)
                                                  : in_.ConsumeIntegralInRange(fewest, fewest + 2);
    for (int i = 0; i < items; ++i) FillItem(message, ruled, depth);
  }

  void FillItem(Message& message, const commands::RuledField& ruled, int depth) {
    const FieldDescriptor* field = ruled.field;
    const Reflection* to = message.GetReflection();
    const bool many = field->is_repeated();
    switch (static_cast<int>(field->cpp_type())) {
      case FieldDescriptor::CPPTYPE_STRING: {
        const std::string text = Text(*field, ruled.rule);
        many ? to->AddString(&message, field, text) : to->SetString(&message, field, text);
        return;
      }
      case FieldDescriptor::CPPTYPE_ENUM: {
        const int number = EnumNumber(*field);
        many ? to->AddEnumValue(&message, field, number)
             : to->SetEnumValue(&message, field, number);
        return;
      }
      case FieldDescriptor::CPPTYPE_MESSAGE:
        if (depth >= kMostDepth) return;
        return Fill(many ? *to->AddMessage(&message, field) : *to->MutableMessage(&message, field),
                    depth + 1);
      default:
        if (!many) SetNumber(message, *field, Number(ruled.rule));
    }
  }

  void SetNumber(Message& message, const FieldDescriptor& field, int64_t value) {
    const Reflection* to = message.GetReflection();
    switch (static_cast<int>(field.cpp_type())) {
      case FieldDescriptor::CPPTYPE_BOOL:
        return to->SetBool(&message, &field, (value & 1) != 0);
      case FieldDescriptor::CPPTYPE_INT32:
        return to->SetInt32(&message, &field, static_cast<int32_t>(value));
      case FieldDescriptor::CPPTYPE_UINT32:
        return to->SetUInt32(&message, &field, static_cast<uint32_t>(value));
      case FieldDescriptor::CPPTYPE_INT64:
        return to->SetInt64(&message, &field, value);
      case FieldDescriptor::CPPTYPE_UINT64:
        return to->SetUInt64(&message, &field, static_cast<uint64_t>(value));
      default:
        return;
    }
  }

  int64_t Number(const FieldRule& rule) {
    if (Wild()) return in_.ConsumeIntegral<int64_t>();
    const int64_t most = rule.max() == 0 ? 8 : std::min(rule.max(), rule.min() + 20);
    return in_.ConsumeIntegralInRange(std::min(rule.min(), most), most);
  }

  int EnumNumber(const FieldDescriptor& field) {
    if (Wild()) return in_.ConsumeIntegral<int32_t>();
    const int last = field.enum_type()->value_count() - 1;
    const int index = in_.ConsumeIntegralInRange(std::min(1, last), last);
    return field.enum_type()->value(index)->number();
  }

  std::string Text(const FieldDescriptor& field, const FieldRule& rule) {
    if (Wild()) return WildText();
    if (field.type() == FieldDescriptor::TYPE_BYTES) return in_.ConsumeRandomLengthString(40);
    if (rule.refers_to() != options::v1::RECORD_KIND_UNSPECIFIED) {
      return names_.Record(in_, rule.refers_to());
    }
    if (rule.uuid()) return names_.event_ids.empty() ? kUnknownId : Pick(in_, names_.event_ids);
    if (!rule.code_list().empty()) return Pick(in_, kCodes);
    if (rule.key()) return Pick(in_, kKeys);
    if (!names_.others.empty() && in_.ConsumeBool()) return Pick(in_, names_.others);
    return Pick(in_, kTexts);
  }

  std::string WildText() {
    switch (in_.ConsumeIntegralInRange(0, 4)) {
      case 0:
        return in_.ConsumeRandomLengthString(64);
      case 1:
        return std::string(in_.ConsumeIntegralInRange<size_t>(100, 70'000), 'a');
      case 2:
        return std::string("a\0b", 3);
      case 3:
        return "\xE1\xBA\xA3\xF0\x9F\x98\x80 \xCC\x82";
      default:
        return "\xED\xA0\x80";
    }
  }

  void FillTime(google::protobuf::Timestamp& time) {
    if (Wild()) {
      time.set_seconds(in_.ConsumeIntegral<int64_t>());
      time.set_nanos(in_.ConsumeIntegral<int32_t>());
      return;
    }
    time.set_seconds(kStart + 3600 * in_.ConsumeIntegralInRange<int64_t>(2, 50));
  }

  FuzzedDataProvider& in_;
  const Names& names_;
};

}  // namespace

std::string Names::Record(FuzzedDataProvider& in, options::v1::RecordKind kind) const {
  const auto found = records.find(kind);
  if (found == records.end() || found->second.empty()) return kUnknownId;
  return Pick(in, found->second);
}

void Randomize(FuzzedDataProvider& in, const Names& names, Message& message) {
  Filler(in, names).Fill(message, 0);
}

}  // namespace caseledger::fuzz
