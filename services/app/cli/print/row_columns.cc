#include "services/app/cli/print/row_columns.h"

#include <fmt/format.h>

#include <cctype>

#include "absl/strings/escaping.h"
#include "eventstore/base/strings.h"
#include "google/protobuf/timestamp.pb.h"
#include "services/app/cli/print/titles.h"
#include "services/app/cli/text/time_text.h"

namespace caseledger::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Timestamp;

bool IsTime(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
         field.message_type() == Timestamp::descriptor() && !field.is_repeated();
}

bool IsShown(const FieldDescriptor& field, bool vietnamese) {
  if (field.name() == (vietnamese ? "label_en" : "label_vi")) return false;
  return !field.is_repeated() || field.cpp_type() == FieldDescriptor::CPPTYPE_STRING ||
         field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
}

// `RECORD_KIND_CASE_RECORD` of `RecordKind` as `case_record`.
std::string NameOfValue(const google::protobuf::EnumValueDescriptor& value) {
  std::string prefix;
  for (const char c : value.type()->name()) {
    if (std::isupper(static_cast<unsigned char>(c)) != 0 && !prefix.empty()) prefix += '_';
    prefix += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  prefix += '_';
  std::string name = value.name();
  if (name.starts_with(prefix)) name.erase(0, prefix.size());
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return value.number() == 0 ? "" : name;
}

// What a message inside a row says, its fields with spaces between.
std::string TextOf(const Message& part, bool vietnamese);

std::string Joined(const Message& row, const FieldDescriptor& field, bool vietnamese) {
  std::string text;
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    for (int i = 0; i < row.GetReflection()->FieldSize(row, &field); ++i) {
      text += (i == 0 ? "" : "; ") +
              TextOf(row.GetReflection()->GetRepeatedMessage(row, &field, i), vietnamese);
    }
    return text;
  }
  for (int i = 0; i < row.GetReflection()->FieldSize(row, &field); ++i) {
    text += (i == 0 ? "" : ", ") + row.GetReflection()->GetRepeatedString(row, &field, i);
  }
  return text;
}

SheetCell CellOf(const Message& row, const FieldDescriptor& field, bool vietnamese) {
  const google::protobuf::Reflection& reflection = *row.GetReflection();
  if (field.is_repeated()) return Joined(row, field, vietnamese);
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      if (field.type() == FieldDescriptor::TYPE_BYTES) {
        return absl::BytesToHexString(ToAbsl(reflection.GetString(row, &field)));
      }
      return reflection.GetString(row, &field);
    case FieldDescriptor::CPPTYPE_UINT32:
      return uint64_t{reflection.GetUInt32(row, &field)};
    case FieldDescriptor::CPPTYPE_UINT64:
      return reflection.GetUInt64(row, &field);
    case FieldDescriptor::CPPTYPE_INT32:
      return std::to_string(reflection.GetInt32(row, &field));
    case FieldDescriptor::CPPTYPE_INT64:
      return std::to_string(reflection.GetInt64(row, &field));
    case FieldDescriptor::CPPTYPE_BOOL:
      return YesCell(reflection.GetBool(row, &field), vietnamese);
    case FieldDescriptor::CPPTYPE_ENUM:
      return NameOfValue(*reflection.GetEnum(row, &field));
    case FieldDescriptor::CPPTYPE_MESSAGE: {
      if (!reflection.HasField(row, &field)) return {};
      if (!IsTime(field)) return TextOf(reflection.GetMessage(row, &field), vietnamese);
      Timestamp time;
      time.CopyFrom(reflection.GetMessage(row, &field));
      return SheetTime{FromTimestamp(time)};
    }
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return fmt::format("{:.3f}", reflection.GetDouble(row, &field));
    case FieldDescriptor::CPPTYPE_FLOAT:
      break;  // no row has any
  }
  return {};
}

std::string TextOf(const Message& part, bool vietnamese) {
  std::string text;
  for (int i = 0; i < part.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *part.GetDescriptor()->field(i);
    // A mark is told by its name.
    const bool is_mark = field.cpp_type() == FieldDescriptor::CPPTYPE_BOOL && !field.is_repeated();
    std::string value = is_mark && part.GetReflection()->GetBool(part, &field)
                            ? field.name()
                            : TextOfCell(CellOf(part, field, vietnamese));
    if (!value.empty()) text += (text.empty() ? "" : " ") + value;
  }
  return text;
}

}  // namespace

SheetCell YesCell(bool yes, bool vietnamese) {
  if (!yes) return {};
  return std::string(vietnamese ? "có" : "yes");
}

std::string ColumnTitle(std::string_view field_name, bool vietnamese) {
  if (vietnamese) {
    const std::string_view label = VietnameseLabel(field_name);
    if (label != field_name) return std::string(label);
  }
  std::string title(field_name);
  if (title == "label_vi" || title == "label_en") title = "label";
  if (title.ends_with("_id") && title.size() > 3) title.erase(title.size() - 3);
  for (char& c : title) c = c == '_' ? ' ' : c;
  title[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(title[0])));
  return title;
}

RowColumns::RowColumns(const google::protobuf::Descriptor& row, bool vietnamese)
    : vietnamese_(vietnamese) {
  for (int i = 0; i < row.field_count(); ++i) {
    if (IsShown(*row.field(i), vietnamese)) fields_.push_back(row.field(i));
  }
}

std::vector<std::string> RowColumns::Titles() const {
  std::vector<std::string> titles;
  for (const FieldDescriptor* field : fields_) {
    titles.push_back(ColumnTitle(field->name(), vietnamese_));
  }
  return titles;
}

std::vector<SheetCell> RowColumns::CellsOf(const Message& row) const {
  std::vector<SheetCell> cells;
  for (const FieldDescriptor* field : fields_) cells.push_back(CellOf(row, *field, vietnamese_));
  return cells;
}

}  // namespace caseledger::cli
