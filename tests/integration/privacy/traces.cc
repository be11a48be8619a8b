#include "tests/integration/privacy/traces.h"

#include <unicode/locid.h>
#include <unicode/normalizer2.h>
#include <unicode/unistr.h>

#include <array>
#include <cstdint>
#include <vector>

#include "tests/projections/person_search/sample.h"

namespace caseledger::testing {
namespace {

namespace search = projections::person_search::testing;

constexpr size_t kShortestWord = 4;  // letters
constexpr std::array<const char*, 3> kSeparators = {" ", ".", "-"};

icu::UnicodeString Utf16(std::string_view text) {
  return icu::UnicodeString::fromUTF8(
      icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
}

std::string Utf8(const icu::UnicodeString& text) {
  std::string bytes;
  return text.toUTF8String(bytes);
}

std::string SmallLetters(std::string_view text) {
  return Utf8(Utf16(text).toLower(icu::Locale("vi")));
}

std::string Composed(std::string_view text) {
  UErrorCode error = U_ZERO_ERROR;
  return Utf8(icu::Normalizer2::getNFCInstance(error)->normalize(Utf16(text), error));
}

std::string UnitsOf(const icu::UnicodeString& text, bool high_byte_first) {
  std::string bytes;
  for (int32_t i = 0; i < text.length(); ++i) {
    const auto high = static_cast<char>(text.charAt(i) >> 8U);
    const auto low = static_cast<char>(text.charAt(i) & 0xFFU);
    bytes += high_byte_first ? high : low;
    bytes += high_byte_first ? low : high;
  }
  return bytes;
}

std::string Hexadecimal(std::string_view bytes, const char* digits) {
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<uint8_t>(c);
    text += digits[byte >> 4U];
    text += digits[byte & 0xFU];
  }
  return text;
}

// The characters of the base64 of any text in which these bytes stand after `before` others, modulo
// three, that depend on no neighbour.
std::string Base64Inside(std::string_view bytes, size_t before, const char* digits) {
  std::string text;
  const std::string padded = std::string(before, '\0') + std::string(bytes);
  for (size_t i = 0; i + 2 < padded.size(); i += 3) {
    uint32_t three = 0;
    for (size_t j = 0; j < 3; ++j) three = three << 8U | static_cast<uint8_t>(padded[i + j]);
    for (const uint32_t shift : {18U, 12U, 6U, 0U}) text += digits[three >> shift & 0x3FU];
  }
  constexpr std::array<size_t, 3> kOfNeighbours = {0, 2, 3};
  return text.substr(std::min(text.size(), kOfNeighbours[before]));
}

std::string DigitsOf(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c >= '0' && c <= '9') digits += c;
  }
  return digits;
}

// Words of letters and digits of any script.
std::vector<std::string> WordsOf(std::string_view text) {
  std::vector<std::string> words(1);
  const icu::UnicodeString units = Utf16(text);
  for (int32_t i = 0; i < units.length(); i = units.moveIndex32(i, 1)) {
    const UChar32 point = units.char32At(i);
    const bool inside = u_isalnum(point) || u_charType(point) == U_NON_SPACING_MARK;
    if (inside) {
      icu::UnicodeString(point).toUTF8String(words.back());
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

std::string Plain(std::string_view word) { return SmallLetters(search::WithoutMarks(word)); }

}  // namespace

void Traces::AddCommon(std::string_view text) {
  for (const std::string& word : WordsOf(text)) common_.insert(Plain(word));
}

void Traces::AddName(std::string_view name) {
  AddSpellings(name);
  AddEncodings(name);
}

void Traces::AddText(std::string_view text) {
  AddName(text);
  for (const std::string& word : WordsOf(text)) {
    const bool is_long = Utf16(Composed(word)).countChar32() >= static_cast<int>(kShortestWord);
    if (is_long && !common_.contains(Plain(word))) AddSpellings(word);
  }
}

void Traces::AddPhone(std::string_view phone) {
  std::string digits = DigitsOf(phone);
  if (digits.starts_with("84")) digits.erase(0, 2);
  if (digits.starts_with("0")) digits.erase(0, 1);
  Add(phone);
  for (const char* prefix : {"+84", "84", "0", ""}) Add(prefix + digits);
  AddGroups("0" + digits);
  AddGroups(digits);
  if (digits.size() > 7) Add(digits.substr(digits.size() - 7));
  AddEncodings(phone);
  AddEncodings(digits);
}

void Traces::AddNumber(std::string_view number) {
  const std::string digits = DigitsOf(number);
  Add(number);
  AddGroups(digits);
  if (digits.size() > 8) Add(digits.substr(digits.size() - 8));
  AddEncodings(number);
}

void Traces::Add(std::string_view bytes) {
  if (bytes.size() >= kShortestTrace) texts_.emplace(bytes);
}

void Traces::AddSpellings(std::string_view text) {
  const std::string typed(text);
  for (const std::string& marked :
       {typed, Composed(text), search::Decompose(text), search::WithoutMarks(text)}) {
    for (const std::string& cased : {marked, SmallLetters(marked), search::UpperCase(marked)}) {
      Add(cased);
      for (const bool high_byte_first : {false, true}) Add(UnitsOf(Utf16(cased), high_byte_first));
    }
  }
}

void Traces::AddEncodings(std::string_view bytes) {
  constexpr std::array<const char*, 2> kBase64 = {
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"};
  Add(Hexadecimal(bytes, "0123456789abcdef"));
  Add(Hexadecimal(bytes, "0123456789ABCDEF"));
  for (const char* digits : kBase64) {
    for (const size_t before : {0U, 1U, 2U}) Add(Base64Inside(bytes, before, digits));
  }
}

// 987 001 122, 98 700 1122.
void Traces::AddGroups(std::string_view digits) {
  for (const std::string separator : kSeparators) {
    for (const size_t first : {2U, 3U, 4U}) {
      for (const size_t last : {3U, 4U}) {
        std::string grouped(digits.substr(0, std::min(first, digits.size())));
        for (size_t at = first; at < digits.size();) {
          const size_t size = digits.size() - at == last ? last : 3;
          grouped += separator + std::string(digits.substr(at, size));
          at += size;
        }
        Add(grouped);
      }
    }
  }
}

}  // namespace caseledger::testing
