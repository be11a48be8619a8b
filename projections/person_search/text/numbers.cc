#include "projections/person_search/text/numbers.h"

#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "projections/person_search/text/caseless.h"

namespace caseledger::projections::person_search {
namespace {

constexpr size_t kMostToldBytes = 256;
// E.164 allows no more, country code included.
constexpr size_t kMostDigits = 15;

struct Prefix {
  std::string_view old_prefix;
  std::string_view new_prefix;
};

// Decision 798/QD-BTTTT, annex: 21 network codes; the last seven digits stay as they are.
constexpr std::array<Prefix, 21> kPrefixesOf2018 = {{
    {"120", "70"}, {"121", "79"}, {"122", "77"}, {"126", "76"}, {"128", "78"},  // MobiFone
    {"123", "83"}, {"124", "84"}, {"125", "85"}, {"127", "81"}, {"129", "82"},  // VinaPhone
    {"162", "32"}, {"163", "33"}, {"164", "34"}, {"165", "35"}, {"166", "36"},  // Viettel
    {"167", "37"}, {"168", "38"}, {"169", "39"},                                //
    {"186", "56"}, {"188", "58"},                                               // Vietnamobile
    {"199", "59"},                                                              // Gmobile
}};

// One number as told: its digits, and whether a + stood before them.
struct Told {
  std::string digits = {};
  bool plus = false;
};

// ASCII where told in other forms of the same letters and digits.
icu::UnicodeString Folded(std::string_view told) {
  return Caseless(told.substr(0, kMostToldBytes));
}

bool PartsNumbers(UChar32 character) {
  return character == '/' || character == ';' || character == ',' || character == '|' ||
         character == '\n' || u_isalpha(character);
}

std::vector<Told> Pieces(const icu::UnicodeString& text) {
  std::vector<Told> pieces(1);
  for (int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    const UChar32 character = text.char32At(i);
    if (PartsNumbers(character)) {
      pieces.emplace_back();
    } else if (character == '+' && pieces.back().digits.empty()) {
      pieces.back().plus = true;
    } else if (const int32_t digit = u_charDigitValue(character); digit >= 0) {
      pieces.back().digits += static_cast<char>('0' + digit);
    }
  }
  return pieces;
}

// Pieces long enough to be numbers; if there is none, all digits are one number (`0912,345,678`).
std::vector<Told> Numbers(std::vector<Told> pieces) {
  Told all{.plus = pieces.front().plus};
  for (const Told& piece : pieces) all.digits += piece.digits;
  std::erase_if(pieces, [](const Told& piece) { return piece.digits.size() < kPhoneEndDigits; });
  if (pieces.empty() && !all.digits.empty()) pieces.push_back(std::move(all));
  return pieces;
}

const Prefix* PrefixOf2018(std::string_view national) {
  if (national.size() != 10) return nullptr;
  const auto* found =
      std::find_if(kPrefixesOf2018.begin(), kPrefixesOf2018.end(),
                   [&](const Prefix& prefix) { return national.starts_with(prefix.old_prefix); });
  return found == kPrefixesOf2018.end() ? nullptr : found;
}

// E.164 of a number within Viet Nam. No number of ten digits begins with 0: such a one is a trunk
// 0 told after the country code, as in +84 (0)912.
std::string Vietnamese(std::string_view national) {
  while (national.size() >= 10 && national.front() == '0') national.remove_prefix(1);
  if (const Prefix* prefix = PrefixOf2018(national); prefix != nullptr) {
    return std::string("+84").append(prefix->new_prefix).append(national.substr(3));
  }
  return std::string("+84").append(national);
}

std::string International(std::string_view digits) {
  if (!digits.starts_with("84")) return std::string("+").append(digits);
  return Vietnamese(digits.substr(2));
}

std::string Normalized(const Told& told) {
  const std::string_view digits = told.digits;
  const size_t size = digits.size();
  if (size > kMostDigits) return told.digits;
  if (told.plus && size >= kPhoneEndDigits) return International(digits);
  if (size < 9) return told.digits;
  // No country code begins with 0.
  if (digits.starts_with("00") && digits[2] != '0') return International(digits.substr(2));
  if (digits.front() == '0') return size <= 11 ? Vietnamese(digits.substr(1)) : told.digits;
  if (digits.starts_with("84") && (size == 11 || size == 12)) return International(digits);
  const bool lost_zero =
      size == 9 || (size == 10 && (digits.front() == '2' || PrefixOf2018(digits) != nullptr));
  return lost_zero ? Vietnamese(digits) : told.digits;
}

}  // namespace

std::vector<std::string> PhoneNumbers(std::string_view told) {
  std::vector<std::string> numbers;
  for (const Told& piece : Numbers(Pieces(Folded(told)))) {
    std::string number = Normalized(piece);
    if (std::find(numbers.begin(), numbers.end(), number) != numbers.end()) continue;
    if (numbers.size() == kMostPhones) break;
    numbers.push_back(std::move(number));
  }
  return numbers;
}

std::string_view PhoneEnd(std::string_view number) {
  if (number.starts_with('+')) number.remove_prefix(1);
  if (number.size() < kPhoneEndDigits) return {};
  return number.substr(number.size() - kPhoneEndDigits);
}

std::string IdentityNumber(std::string_view told) {
  const icu::UnicodeString text = Folded(told);
  std::string number;
  for (int32_t i = 0; i < text.length() && number.size() < kMostIdentityCharacters; ++i) {
    const char16_t unit = text.charAt(i);
    if (unit >= '0' && unit <= '9') number += static_cast<char>(unit);
    if (unit >= 'a' && unit <= 'z') number += static_cast<char>(unit - 'a' + 'A');
    if (unit == 0x0111) number += 'D';
  }
  return number;
}

}  // namespace caseledger::projections::person_search
