#include "services/commands/text.h"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>

#include <algorithm>
#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "services/commands/field_paths.h"

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

void NormalizeText(google::protobuf::Message& message) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  std::string scratch;
  for (const FieldDescriptor* field : fields) {
    const bool is_text = field->type() == FieldDescriptor::TYPE_STRING;
    if (!is_text && field->message_type() == nullptr) continue;
    const int count = CountOf(message, field);
    for (int i = 0; i < count; ++i) {
      if (!is_text) {
        NormalizeText(MutableMessageAt(message, field, i));
      } else if (const std::string& text = TextAt(message, field, i, scratch); !IsAscii(text)) {
        SetTextAt(message, field, i, ToNfc(text));
      }
    }
  }
}

}  // namespace caseledger::commands
