#include "services/commands/validation.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/cord.h"
#include "caseledger/event/v1/fact.pb.h"
#include "caseledger/event/v1/person.pb.h"
#include "caseledger/options/v1/options.pb.h"
#include "eventstore/base/strings.h"
#include "eventstore/base/uuid.h"
#include "eventstore/codec/utf8.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/rpc/error_details.pb.h"
#include "services/commands/codes.h"
#include "services/commands/field_paths.h"
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

namespace {

// A place within the message that is checked. Made into text only when something is wrong there.
struct Place {
  const Place* outer = nullptr;
  std::string_view field;  // its name; of the outermost, what stands before every path
  int item = -1;           // of a list; -1: the field itself

  std::string Text() const {
    std::string path = outer == nullptr ? "" : outer->Text();
    if (!path.empty()) path += '.';
    path += field;
    return item < 0 ? path : StrCat(path, "[", item, "]");
  }
};

// Compared by address: asking a message for its type is not free.
const Descriptor* TimestampType() {
  static const Descriptor* const type = google::protobuf::Timestamp::descriptor();
  return type;
}
const Descriptor* IdentifierType() {
  static const Descriptor* const type = event::v1::IdentifierAttached::descriptor();
  return type;
}
const Descriptor* PersonType() {
  static const Descriptor* const type = event::v1::PersonAttributes::descriptor();
  return type;
}

class Checker {
 public:
  explicit Checker(Micros now) : now_(now) {}

  void Check(const Message& message, const RuledType& type, const Place& at);
  std::vector<Violation> Take() { return std::move(violations_); }

 private:
  void CheckField(const Message& message, const RuledField& plan, const Place& at);
  void CheckString(const std::string& text, const FieldRule& rule, const Place& at);
  void CheckBytes(const std::string& bytes, const FieldRule& rule, const Place& at);
  void CheckNumber(const Message& message, const RuledField& plan, const Place& at);
  void CheckEnum(const Message& message, const RuledField& plan, const Place& at);
  void CheckTime(const google::protobuf::Timestamp& time, const FieldRule& rule, const Place& at);
  void CheckWholeMessage(const Message& message, const RuledType& type, const Place& at);
  void Add(const Place& at, std::string description) {
    violations_.push_back({at.Text(), std::move(description)});
  }

  const Micros now_;
  std::vector<Violation> violations_;
};

bool IsSet(const Message& message, const FieldDescriptor* field) {
  const Reflection* reflection = message.GetReflection();
  return field->is_repeated() ? reflection->FieldSize(message, field) > 0
                              : reflection->HasField(message, field);
}

void Checker::Check(const Message& message, const RuledType& type, const Place& at) {
  // What is not known may be personal, and nobody here would know to seal it.
  if (!message.GetReflection()->GetUnknownFields(message).empty()) {
    Add(at, "has a field that this server does not know; use a client of the server's version");
  }
  for (const RuledField* plan : type.always) {
    CheckField(message, *plan, {&at, plan->field->name()});
  }
  for (const google::protobuf::OneofDescriptor* choice : type.choices) {
    const RuledField* plan = type.Chosen(message, choice);
    if (plan != nullptr) CheckField(message, *plan, {&at, plan->field->name()});
  }
  CheckWholeMessage(message, type, at);
}

void Checker::CheckField(const Message& message, const RuledField& plan, const Place& at) {
  const FieldDescriptor* field = plan.field;
  const Reflection* reflection = message.GetReflection();
  if (!IsSet(message, field)) {
    if (plan.rule.required() || plan.rule.min_items() > 0) Add(at, "must be set");
    return;
  }
  if (plan.rule.output_only()) {
    Add(at, "is set by the server; leave it out");
    return;
  }
  std::string scratch;
  if (field->is_repeated()) {
    const int size = reflection->FieldSize(message, field);
    const int most =
        plan.rule.max_items() > 0 ? static_cast<int>(plan.rule.max_items()) : kDefaultMaxItems;
    if (size > most) {
      Add(at, StrCat("has ", size, " items; at most ", most, " are allowed"));
      return;
    }
    if (size < static_cast<int>(plan.rule.min_items())) {
      Add(at, StrCat("has ", size, " items; at least ", plan.rule.min_items(), " are needed"));
    }
    for (int i = 0; i < size; ++i) {
      const Place item{at.outer, at.field, i};
      if (field->type() == FieldDescriptor::TYPE_STRING) {
        CheckString(TextAt(message, field, i, scratch), plan.rule, item);
      } else if (plan.inner != nullptr) {
        Check(reflection->GetRepeatedMessage(message, field, i), *plan.inner, item);
      }
    }
    return;
  }
  switch (static_cast<int>(field->cpp_type())) {
    case FieldDescriptor::CPPTYPE_STRING:
      if (field->type() == FieldDescriptor::TYPE_BYTES) {
        CheckBytes(TextAt(message, field, 0, scratch), plan.rule, at);
      } else {
        CheckString(TextAt(message, field, 0, scratch), plan.rule, at);
      }
      break;
    case FieldDescriptor::CPPTYPE_ENUM:
      CheckEnum(message, plan, at);
      break;
    case FieldDescriptor::CPPTYPE_MESSAGE: {
      const Message& inner = reflection->GetMessage(message, field);
      if (plan.inner->type == TimestampType()) {
        CheckTime(static_cast<const google::protobuf::Timestamp&>(inner), plan.rule, at);
      } else {
        Check(inner, *plan.inner, at);
      }
      break;
    }
    default:
      CheckNumber(message, plan, at);
  }
}

void Checker::CheckString(const std::string& text, const FieldRule& rule, const Place& at) {
  if (rule.uuid() && !Uuid::Parse(text).has_value()) {
    Add(at, "must be a UUID such as 018f2b6e-7a3c-7cc1-9d0e-1b2c3d4e5f60");
    return;
  }
  if (rule.key() && !IsKey(text)) {
    Add(at, "must be a key: 1 to 64 of A-Z a-z 0-9 . _ - / :");
    return;
  }
  if (!rule.code_list().empty() && !IsKey(text)) {
    Add(at, "must be a code such as those of the list " + rule.code_list());
    return;
  }
  const size_t most = rule.max_chars() > 0 ? rule.max_chars() : kDefaultMaxChars;
  // A character has four bytes at most: what is far too long is not counted, which takes a while.
  if (text.size() / 4 > most) {
    Add(at, StrCat("has ", text.size(), " bytes; at most ", most, " characters are allowed"));
    return;
  }
  const size_t chars = CountCodePoints(text);
  if (chars > most) {
    Add(at, StrCat("has ", chars, " characters; at most ", most, " are allowed"));
  }
  if (text.find('\0') != std::string::npos) Add(at, "must not contain a NUL character");
  const bool blank = text.find_first_not_of(" \t\r\n") == std::string::npos;
  if (blank && !text.empty()) Add(at, "must not be blank; leave it out instead");
}

// Bytes are no text: a hash may well hold a NUL.
void Checker::CheckBytes(const std::string& bytes, const FieldRule& rule, const Place& at) {
  const size_t most = rule.max_chars() > 0 ? rule.max_chars() : kDefaultMaxChars;
  if (bytes.size() > most) {
    Add(at, StrCat("has ", bytes.size(), " bytes; at most ", most, " are allowed"));
  }
}

void Checker::CheckNumber(const Message& message, const RuledField& plan, const Place& at) {
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
    Add(at, StrCat("must be between ", plan.rule.min(), " and ", plan.rule.max()));
  }
}

void Checker::CheckEnum(const Message& message, const RuledField& plan, const Place& at) {
  const int number = message.GetReflection()->GetEnumValue(message, plan.field);
  if (plan.field->enum_type()->FindValueByNumber(number) == nullptr) {
    Add(at, StrCat("is not a value of ", plan.field->enum_type()->name()));
  }
}

void Checker::CheckTime(const google::protobuf::Timestamp& time, const FieldRule& rule,
                        const Place& at) {
  constexpr int64_t kYear1 = -62135596800;
  constexpr int64_t kYear9999 = 253402300799;
  if (time.seconds() < kYear1 || time.seconds() > kYear9999 || time.nanos() < 0 ||
      time.nanos() > 999'999'999) {
    Add(at, "is not a valid time");
    return;
  }
  if (rule.future_allowed()) return;
  const int64_t latest = (now_ + kClockSkew) / kMicrosPerSecond;
  if (time.seconds() > latest) Add(at, "lies in the future; check the clock of the client");
}

// Whether `date`, which has the form of a birth date, is in the calendar.
bool IsInCalendar(const std::string& date) {
  const auto number = [&](size_t begin, size_t length, unsigned otherwise) {
    unsigned value = otherwise;
    if (begin < date.size()) value = static_cast<unsigned>(std::stoul(date.substr(begin, length)));
    return value;
  };
  using namespace std::chrono;  // NOLINT: only its calendar
  return year_month_day(year(static_cast<int>(number(0, 4, 1))), month(number(5, 2, 1)),
                        day(number(8, 2, 1)))
      .ok();
}

// Rules over several fields of one message.
void Checker::CheckWholeMessage(const Message& message, const RuledType& type, const Place& at) {
  if (type.type == IdentifierType()) {
    const auto& identifier = static_cast<const event::v1::IdentifierAttached&>(message);
    const std::string& number = identifier.private_part().number();
    const bool digits = std::all_of(number.begin(), number.end(),
                                    [](unsigned char c) { return std::isdigit(c) != 0; });
    const bool is_citizen_id = identifier.identifier_kind() == "citizen_id";
    if (is_citizen_id && !number.empty() && (number.size() != 12 || !digits)) {
      Add({&at, "private_part.number"}, "a citizen_id has 12 digits");
    }
  }
  if (type.type == PersonType()) {
    const auto& person = static_cast<const event::v1::PersonAttributes&>(message);
    const std::string& date = person.private_part().birth_date();
    std::string form = date;
    std::replace_if(
        form.begin(), form.end(), [](unsigned char c) { return std::isdigit(c) != 0; }, '0');
    if (!date.empty() && form != "0000" && form != "0000-00" && form != "0000-00-00") {
      Add({&at, "private_part.birth_date"}, "must look like 2014, 2014-09 or 2014-09-30");
    } else if (!date.empty() && !IsInCalendar(date)) {
      Add({&at, "private_part.birth_date"}, "is no day of the calendar");
    }
  }
}

const FieldPaths& PathsToCodes() {
  static const auto& paths =
      *new FieldPaths(event::v1::Fact::descriptor(), [](const FieldDescriptor* field) {
        return !field->options().GetExtension(options::v1::rule).code_list().empty();
      });
  return paths;
}

void CollectUnknownCodes(const Message& message, std::set<std::string>& found) {
  for (const FieldDescriptor* field : PathsToCodes().Of(message.GetDescriptor())) {
    const int count = CountOf(message, field);
    for (int i = 0; i < count; ++i) {
      if (field->message_type() != nullptr) {
        CollectUnknownCodes(MessageAt(message, field, i), found);
        continue;
      }
      std::string scratch;
      const std::string& list = field->options().GetExtension(options::v1::rule).code_list();
      if (!IsKnownCode(list, TextAt(message, field, i, scratch))) {
        found.insert("UNKNOWN_CODE:" + list);
      }
    }
  }
}

}  // namespace

std::vector<Violation> Validate(const Message& message, Micros now, std::string_view path) {
  Checker checker(now);
  checker.Check(message, RulesOf(message.GetDescriptor()), {nullptr, path});
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
