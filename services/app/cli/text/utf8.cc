#include "services/app/cli/text/utf8.h"

#include <fmt/format.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>

#include <cstdint>

namespace caseledger::cli {
namespace {

// Reads the character at `offset` and moves on; negative when the bytes there are not UTF-8.
UChar32 NextCharacter(std::string_view text, size_t& offset) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  auto position = static_cast<int32_t>(offset);
  const auto length = static_cast<int32_t>(text.size());
  UChar32 character = 0;
  U8_NEXT(bytes, position, length, character);
  offset = static_cast<size_t>(position);
  return character;
}

size_t CharacterWidth(UChar32 character) {
  const int8_t kind = u_charType(character);
  if (kind == U_NON_SPACING_MARK || kind == U_ENCLOSING_MARK || kind == U_FORMAT_CHAR) return 0;
  const int32_t width = u_getIntPropertyValue(character, UCHAR_EAST_ASIAN_WIDTH);
  return width == U_EA_WIDE || width == U_EA_FULLWIDTH ? 2 : 1;
}

bool IsVisible(UChar32 character) {
  if (character == '\n' || character == '\t') return true;
  const int8_t kind = u_charType(character);
  return kind != U_CONTROL_CHAR && kind != U_FORMAT_CHAR && kind != U_LINE_SEPARATOR &&
         kind != U_PARAGRAPH_SEPARATOR;
}

}  // namespace

std::optional<size_t> FirstInvalidUtf8(std::string_view text) {
  size_t offset = 0;
  while (offset < text.size()) {
    const size_t start = offset;
    if (NextCharacter(text, offset) < 0) return start;
  }
  return std::nullopt;
}

size_t CountCharacters(std::string_view text) {
  size_t count = 0;
  for (size_t offset = 0; offset < text.size(); ++count) {
    const size_t start = offset;
    if (NextCharacter(text, offset) < 0) offset = start + 1;
  }
  return count;
}

std::string ToNfc(std::string_view text) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* normalizer = icu::Normalizer2::getNFCInstance(error);
  if (U_FAILURE(error) || FirstInvalidUtf8(text)) return std::string(text);
  const icu::StringPiece piece(text.data(), static_cast<int32_t>(text.size()));
  const icu::UnicodeString normal =
      normalizer->normalize(icu::UnicodeString::fromUTF8(piece), error);
  if (U_FAILURE(error)) return std::string(text);
  std::string result;
  normal.toUTF8String(result);
  return result;
}

size_t DisplayWidth(std::string_view text) {
  size_t columns = 0;
  for (size_t offset = 0; offset < text.size();) {
    const size_t start = offset;
    const UChar32 character = NextCharacter(text, offset);
    if (character < 0) offset = start + 1;
    columns += character < 0 ? 1 : CharacterWidth(character);
  }
  return columns;
}

std::string FitToWidth(std::string_view text, size_t columns) {
  if (DisplayWidth(text) <= columns) return std::string(text);
  size_t used = 0;
  size_t end = 0;
  for (size_t offset = 0; offset < text.size();) {
    const size_t start = offset;
    const UChar32 character = NextCharacter(text, offset);
    if (character < 0) offset = start + 1;
    const size_t width = character < 0 ? 1 : CharacterWidth(character);
    if (used + width + 1 > columns) break;
    used += width;
    end = offset;
  }
  return std::string(text.substr(0, end)) + "…";
}

std::string Visible(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  for (size_t offset = 0; offset < text.size();) {
    const size_t start = offset;
    const UChar32 character = NextCharacter(text, offset);
    if (character < 0) {
      offset = start + 1;
      shown += fmt::format("\\x{{{:02x}}}", static_cast<unsigned char>(text[start]));
    } else if (IsVisible(character)) {
      shown += text.substr(start, offset - start);
    } else {
      shown += fmt::format("\\u{{{:x}}}", static_cast<uint32_t>(character));
    }
  }
  return shown;
}

}  // namespace caseledger::cli
