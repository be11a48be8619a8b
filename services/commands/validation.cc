#include "services/commands/validation.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <utility>

#include "absl/strings/cord.h"
#include "caseledger/event/v1/person.pb.h"
#include "caseledger/options/v1/options.pb.h"
#include "eventstore/base/strings.h"
#include "eventstore/base/uuid.h"
#include "eventstore/codec/utf8.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/rpc/error_details.pb.h"
#include "services/commands/codes.h"
#include "services/commands/field_rules.h"

namespace caseledger::commands {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using options::v1::FieldRule;

constexpr size_t kDefaultMaxChars = 200;
constexpr int kDefaultMaxItems = 64;
constexpr size_t kMaxKeyChars = 64;

size_t CountCodePoints(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

}  // namespace

bool IsKey(const std::string& text) {
  if (text.empty() || text.size() > kMaxKeyChars) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_' || c == '-' ||
           c == '/' || c == ':';
  });
}

std::string PathTo(const std::string& path, const std::string& field) {
  return path.empty() ? field : StrCat(path, ".", field);
}

namespace {

class Checker {
 public:
  explicit Checker(Micros now) : now_(now) {}

  void Check(const Message& message, const std::string& path);
  std::vector<Violation> Take() { return std::move(violations_); }

 private:
  void CheckField(const Message& message, const RuledField& plan, const std::string& path);
  void CheckString(const std::string& text, const FieldRule& rule, const std::string& path);
  void CheckBytes(const std::string& bytes, const FieldRule& rule, const std::string& path);
  void CheckNumber(const Message& message, const RuledField& plan, const std::string& path);
  void CheckEnum(const Message& message, const RuledField& plan, const std::string& path);
  void CheckTime(const google::protobuf::Timestamp& time, const FieldRule& rule,
                 const std::string& path);
  void CheckWholeMessage(const Message& message, const std::string& path);
  void Add(const std::string& path, std::string description) {
    violations_.push_back({path, std::move(description)});
  }

  const Micros now_;
  std::vector<Violation> violations_;
};

bool IsSet(const Message& message, const FieldDescriptor* field) {
  const Reflection* reflection = message.GetReflection();
  return field->is_repeated() ? reflection->FieldSize(message, field) > 0
                              : reflection->HasField(message, field);
}

void Checker::Check(const Message& message, const std::string& path) {
  for (const RuledField& plan : RulesOf(message.GetDescriptor())) {
    const std::string field_path = PathTo(path, plan.field->name());
    CheckField(message, plan, field_path);
  }
  CheckWholeMessage(message, path);
}

void Checker::CheckField(const Message& message, const RuledField& plan, const std::string& path) {
  const FieldDescriptor* field = plan.field;
  const Reflection* reflection = message.GetReflection();
  if (!IsSet(message, field)) {
    if (plan.rule.required() || plan.rule.min_items() > 0) Add(path, "must be set");
    return;
  }
  if (plan.rule.output_only()) {
    Add(path, "is set by the server; leave it out");
    return;
  }
  if (field->is_repeated()) {
    const int size = reflection->FieldSize(message, field);
    const int most =
        plan.rule.max_items() > 0 ? static_cast<int>(plan.rule.max_items()) : kDefaultMaxItems;
    if (size > most) {
      Add(path, StrCat("has ", size, " items; at most ", most, " are allowed"));
      return;
    }
    if (size < static_cast<int>(plan.rule.min_items())) {
      Add(path, StrCat("has ", size, " items; at least ", plan.rule.min_items(), " are needed"));
    }
    for (int i = 0; i < size; ++i) {
      const std::string item_path = StrCat(path, "[", i, "]");
      if (field->type() == FieldDescriptor::TYPE_STRING) {
        CheckString(reflection->GetRepeatedString(message, field, i), plan.rule, item_path);
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        Check(reflection->GetRepeatedMessage(message, field, i), item_path);
      }
    }
    return;
  }
  switch (static_cast<int>(field->cpp_type())) {
    case FieldDescriptor::CPPTYPE_STRING:
      if (field->type() == FieldDescriptor::TYPE_BYTES) {
        CheckBytes(reflection->GetString(message, field), plan.rule, path);
      } else {
        CheckString(reflection->GetString(message, field), plan.rule, path);
      }
      break;
    case FieldDescriptor::CPPTYPE_ENUM:
      CheckEnum(message, plan, path);
      break;
    case FieldDescriptor::CPPTYPE_MESSAGE: {
      const Message& inner = reflection->GetMessage(message, field);
      if (inner.GetDescriptor() == google::protobuf::Timestamp::descriptor()) {
        CheckTime(static_cast<const google::protobuf::Timestamp&>(inner), plan.rule, path);
      } else {
        Check(inner, path);
      }
      break;
    }
    default:
      CheckNumber(message, plan, path);
  }
}

void Checker::CheckString(const std::string& text, const FieldRule& rule, const std::string& path) {
  if (rule.uuid() && !Uuid::Parse(text).has_value()) {
    Add(path, "must be a UUID such as 018f2b6e-7a3c-7cc1-9d0e-1b2c3d4e5f60");
    return;
  }
  if (rule.key() && !IsKey(text)) {
    Add(path, "must be a key: 1 to 64 of A-Z a-z 0-9 . _ - / :");
    return;
  }
  if (!rule.code_list().empty() && !IsKey(text)) {
    Add(path, "must be a code such as those of the list " + rule.code_list());
    return;
  }
  const size_t most = rule.max_chars() > 0 ? rule.max_chars() : kDefaultMaxChars;
  const size_t chars = CountCodePoints(text);
  if (chars > most) {
    Add(path, StrCat("has ", chars, " characters; at most ", most, " are allowed"));
  }
  if (text.find('\0') != std::string::npos) Add(path, "must not contain a NUL character");
}

// Bytes are no text: a hash may well hold a NUL.
void Checker::CheckBytes(const std::string& bytes, const FieldRule& rule, const std::string& path) {
  const size_t most = rule.max_chars() > 0 ? rule.max_chars() : kDefaultMaxChars;
  if (bytes.size() > most) {
    Add(path, StrCat("has ", bytes.size(), " bytes; at most ", most, " are allowed"));
  }
}

void Checker::CheckNumber(const Message& message, const RuledField& plan, const std::string& path) {
  if (plan.rule.max() == 0) return;
  const Reflection* reflection = message.GetReflection();
  int64_t value = 0;
  switch (static_cast<int>(plan.field->cpp_type())) {
    case FieldDescriptor::CPPTYPE_UINT32:
      value = reflection->GetUInt32(message, plan.field);
      break;
    case FieldDescriptor::CPPTYPE_INT32:
      value = reflection->GetInt32(message, plan.field);
      break;
    case FieldDescriptor::CPPTYPE_INT64:
      value = reflection->GetInt64(message, plan.field);
      break;
    default:
      return;
  }
  if (value < plan.rule.min() || value > plan.rule.max()) {
    Add(path, StrCat("must be between ", plan.rule.min(), " and ", plan.rule.max()));
  }
}

void Checker::CheckEnum(const Message& message, const RuledField& plan, const std::string& path) {
  const int number = message.GetReflection()->GetEnumValue(message, plan.field);
  if (plan.field->enum_type()->FindValueByNumber(number) == nullptr) {
    Add(path, StrCat("is not a value of ", plan.field->enum_type()->name()));
  }
}

void Checker::CheckTime(const google::protobuf::Timestamp& time, const FieldRule& rule,
                        const std::string& path) {
  constexpr int64_t kYear1 = -62135596800;
  constexpr int64_t kYear9999 = 253402300799;
  if (time.seconds() < kYear1 || time.seconds() > kYear9999 || time.nanos() < 0 ||
      time.nanos() > 999'999'999) {
    Add(path, "is not a valid time");
    return;
  }
  if (rule.future_allowed()) return;
  const int64_t latest = (now_ + kClockSkew) / kMicrosPerSecond;
  if (time.seconds() > latest) Add(path, "lies in the future; check the clock of the client");
}

// Rules over several fields of one message.
void Checker::CheckWholeMessage(const Message& message, const std::string& path) {
  if (const auto* identifier = dynamic_cast<const event::v1::IdentifierAttached*>(&message)) {
    const std::string& number = identifier->private_part().number();
    const bool digits = std::all_of(number.begin(), number.end(),
                                    [](unsigned char c) { return std::isdigit(c) != 0; });
    const bool is_citizen_id = identifier->identifier_kind() == "citizen_id";
    if (is_citizen_id && !number.empty() && (number.size() != 12 || !digits)) {
      Add(PathTo(path, "private_part.number"), "a citizen_id has 12 digits");
    }
  }
  if (const auto* person = dynamic_cast<const event::v1::PersonAttributes*>(&message)) {
    const std::string& date = person->private_part().birth_date();
    std::string form = date;
    std::replace_if(
        form.begin(), form.end(), [](unsigned char c) { return std::isdigit(c) != 0; }, '0');
    if (!date.empty() && form != "0000" && form != "0000-00" && form != "0000-00-00") {
      Add(PathTo(path, "private_part.birth_date"), "must look like 2014, 2014-09 or 2014-09-30");
    }
  }
}

void CollectUnknownCodes(const Message& message, std::set<std::string>& found) {
  const Reflection* reflection = message.GetReflection();
  for (const RuledField& plan : RulesOf(message.GetDescriptor())) {
    const FieldDescriptor* field = plan.field;
    if (!IsSet(message, field)) continue;
    const int size = field->is_repeated() ? reflection->FieldSize(message, field) : 1;
    for (int i = 0; i < size; ++i) {
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        CollectUnknownCodes(field->is_repeated() ? reflection->GetRepeatedMessage(message, field, i)
                                                 : reflection->GetMessage(message, field),
                            found);
      } else if (!plan.rule.code_list().empty()) {
        const std::string code = field->is_repeated()
                                     ? reflection->GetRepeatedString(message, field, i)
                                     : reflection->GetString(message, field);
        if (!IsKnownCode(plan.rule.code_list(), code)) {
          found.insert("UNKNOWN_CODE:" + plan.rule.code_list());
        }
      }
    }
  }
}

}  // namespace

std::vector<Violation> Validate(const Message& message, Micros now, std::string_view path) {
  Checker checker(now);
  checker.Check(message, std::string(path));
  return checker.Take();
}

std::vector<std::string> UnknownCodes(const Message& message) {
  std::set<std::string> found;
  CollectUnknownCodes(message, found);
  return {found.begin(), found.end()};
}

namespace {

// Errors travel in trailing metadata, of which gRPC lets 8 KiB through.
constexpr size_t kMostInText = 4;
constexpr size_t kMostDetailBytes = 4500;
constexpr size_t kMostDescriptionBytes = 400;
constexpr size_t kMostFieldBytes = 200;

// The text at most so long, and text in any case: parsers quote single bytes of what they do not
// understand, and a client cannot read an error that is not UTF-8.
std::string Shown(const std::string& text, size_t most_bytes) {
  std::string shown = text;
  if (!eventstore::IsUtf8(shown)) {
    std::replace_if(
        shown.begin(), shown.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; },
        '?');
  }
  if (shown.size() <= most_bytes) return shown;
  size_t end = most_bytes;
  while (end > 0 && (static_cast<unsigned char>(shown[end]) & 0xC0) == 0x80) --end;
  return shown.substr(0, end) + "...";
}

}  // namespace

absl::Status InvalidRequest(const std::vector<Violation>& violations) {
  google::rpc::BadRequest details;
  std::string text = "INVALID_REQUEST:";
  size_t named = 0;
  for (const Violation& violation : violations) {
    const std::string field = Shown(violation.field, kMostFieldBytes);
    const std::string description = Shown(violation.description, kMostDescriptionBytes);
    const bool fits = details.ByteSizeLong() + field.size() + description.size() < kMostDetailBytes;
    if (named < kMostViolations && fits) {
      auto* out = details.add_field_violations();
      out->set_field(field);
      out->set_description(description);
    }
    if (named < kMostInText) text += StrCat(" ", field, " ", description, ";");
    ++named;
  }
  if (named > kMostInText) {
    text += StrCat(" and ", named - kMostInText, " more");
  } else {
    text.pop_back();
  }
  absl::Status status = absl::InvalidArgumentError(text);
  status.SetPayload(kViolationsUrl, absl::Cord(details.SerializeAsString()));
  return status;
}

}  // namespace caseledger::commands
