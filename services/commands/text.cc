#include "services/commands/text.h"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>

#include <algorithm>
#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace caseledger::commands {
namespace {

using google::protobuf::FieldDescriptor;

bool IsAscii(const std::string& text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::string ToNfc(const std::string& text) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* nfc = icu::Normalizer2::getNFCInstance(error);
  if (U_FAILURE(error)) return text;
  std::string normalized;
  icu::StringByteSink<std::string> sink(&normalized);
  nfc->normalizeUTF8(0, text, sink, nullptr, error);
  return U_FAILURE(error) ? text : normalized;
}

}  // namespace

// Reflection is asked for once a message: asking takes longer than reading a field.
void NormalizeText(google::protobuf::Message& message) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  std::string scratch;
  for (const FieldDescriptor* field : fields) {
    const bool is_text = field->type() == FieldDescriptor::TYPE_STRING;
    if (!is_text && field->message_type() == nullptr) continue;
    if (!field->is_repeated()) {
      if (!is_text) {
        NormalizeText(*reflection.MutableMessage(&message, field));
      } else if (const std::string& text = reflection.GetStringReference(message, field, &scratch);
                 !IsAscii(text)) {
        reflection.SetString(&message, field, ToNfc(text));
      }
      continue;
    }
    const int count = reflection.FieldSize(message, field);
    for (int i = 0; i < count; ++i) {
      if (!is_text) {
        NormalizeText(*reflection.MutableRepeatedMessage(&message, field, i));
      } else if (const std::string& text =
                     reflection.GetRepeatedStringReference(message, field, i, &scratch);
                 !IsAscii(text)) {
        reflection.SetRepeatedString(&message, field, i, ToNfc(text));
      }
    }
  }
}

}  // namespace caseledger::commands
