#include "projections/person_search/text/fold.h"

#include <unicode/normalizer2.h>
#include <unicode/translit.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/uscript.h>

#include <algorithm>
#include <cstdint>
#include <optional>

#include "projections/person_search/text/caseless.h"

namespace caseledger::projections::person_search {
namespace {

// Longer than any name of eight words; what follows is left out before it costs anything.
constexpr size_t kMostNameBytes = 1024;

constexpr char16_t kStroke = 0x0335;

bool IsTone(UChar32 mark) {
  return mark == 0x0300 || mark == 0x0301 || mark == 0x0303 || mark == 0x0309 || mark == 0x0323;
}

bool IsMark(UChar32 character) { return u_charType(character) == U_NON_SPACING_MARK; }

// Also the eth and the African d, which look like đ and are typed for it.
bool IsStrokedD(UChar32 character) {
  return character == 0x0111 || character == 0x00F0 || character == 0x0256;
}

bool IsApostrophe(UChar32 character) {
  return character == '\'' || character == '`' || character == 0x2018 || character == 0x2019 ||
         character == 0x02BB || character == 0x02BC;
}

bool IsVowel(char16_t letter) {
  return std::u16string_view(u"aeiouy").find(letter) != std::u16string_view::npos;
}

// Where, among letters without marks, a y stands for the sound that i also stands for.
template <typename Text>
std::optional<size_t> YForI(const Text& letters) {
  if (letters.size() > 2 && letters[0] == 'q' && letters[1] == 'u' && letters[2] == 'y') return 2;
  std::optional<size_t> only;
  for (size_t i = 0; i < letters.size(); ++i) {
    if (!IsVowel(static_cast<char16_t>(letters[i]))) continue;
    if (only.has_value()) return std::nullopt;
    only = i;
  }
  return only.has_value() && letters[*only] == 'y' ? only : std::nullopt;
}

std::string WithIForY(std::string key) {
  if (const auto y = YForI(key); y.has_value()) key[*y] = 'i';
  return key;
}

// Created once and never freed, for threads may fold until the very end. transliterate() is const.
const icu::Transliterator& Transliteration(const char* id) {
  UErrorCode error = U_ZERO_ERROR;
  const auto* made =
      icu::Transliterator::createInstance(icu::UnicodeString(id), UTRANS_FORWARD, error);
  if (U_FAILURE(error) || made == nullptr) StopWithoutIcuData();
  return *made;
}

void ToLatin(icu::UnicodeString& text) {
  static const icu::Transliterator& latin = Transliteration("Any-Latin");
  latin.transliterate(text);
}

void ToAscii(icu::UnicodeString& text) {
  static const icu::Transliterator& ascii = Transliteration("Latin-ASCII; Lower");
  ascii.transliterate(text);
}

bool HasForeignScript(const icu::UnicodeString& text) {
  for (int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    UErrorCode error = U_ZERO_ERROR;
    const UScriptCode script = uscript_getScript(text.char32At(i), &error);
    if (script != USCRIPT_LATIN && script != USCRIPT_COMMON && script != USCRIPT_INHERITED) {
      return true;
    }
  }
  return false;
}

// Lower case without compatibility forms and invisible characters, every mark apart from its
// letter. Folded before it is brought to Latin too, for some capitals of other scripts are not
// known there.
icu::UnicodeString Decomposed(std::string_view name) {
  icu::UnicodeString folded = Caseless(name.substr(0, kMostNameBytes));
  if (HasForeignScript(folded)) {
    ToLatin(folded);
    folded = Caseless(folded);
  }
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* apart = icu::Normalizer2::getNFDInstance(error);
  if (U_FAILURE(error)) StopWithoutIcuData();
  icu::UnicodeString decomposed = apart->normalize(folded, error);
  if (U_FAILURE(error)) StopWithoutIcuData();
  return decomposed;
}

// Letters as a key: those beyond a-z brought there where ICU can.
std::string KeyOf(const std::u16string& letters) {
  icu::UnicodeString text(letters.data(), static_cast<int32_t>(letters.size()));
  const bool plain =
      std::all_of(letters.begin(), letters.end(), [](char16_t letter) { return letter < 0x80; });
  if (!plain) ToAscii(text);
  icu::UnicodeString kept;
  for (int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    if (u_isalnum(text.char32At(i))) kept.append(text.char32At(i));
  }
  std::string key;
  return kept.toUTF8String(key);
}

void Append(std::u16string& text, UChar32 character) {
  if (character <= 0xFFFF) {
    text += static_cast<char16_t>(character);
    return;
  }
  text += U16_LEAD(character);
  text += U16_TRAIL(character);
}

// Gathers the characters of one word after another.
class WordBuilder {
 public:
  void Add(UChar32 character) {
    if (IsMark(character)) {
      if (letters_.empty()) return;  // stands on nothing
      Append(IsTone(character) ? tones_ : spelled_, character);
      return;
    }
    if (letters_.size() >= kMostWordLetters) return;
    const UChar32 letter = IsStrokedD(character) ? 'd' : character;
    Append(letters_, letter);
    starts_.resize(letters_.size(), spelled_.size());
    Append(spelled_, letter);
    if (letter != character) spelled_ += kStroke;
  }

  // The word, if there is one; begins the next.
  std::optional<NameWord> Take() {
    NameWord word{.marked = spelled_ + tones_, .spelled = spelled_ + tones_};
    if (const auto y = YForI(letters_); y.has_value()) {
      word.marked[starts_[*y]] = u'i';
    }
    word.key = WithIForY(KeyOf(letters_));
    *this = WordBuilder();
    if (word.key.empty()) return std::nullopt;
    return word;
  }

 private:
  std::u16string letters_;
  std::u16string spelled_;
  std::u16string tones_;
  std::vector<size_t> starts_;  // of each unit of letters_ in spelled_
};

}  // namespace

bool NameWord::HasMarks() const {
  return std::any_of(spelled.begin(), spelled.end(), [](char16_t unit) { return IsMark(unit); });
}

std::string NameWord::Start(size_t letters) const { return WithIForY(key.substr(0, letters)); }

std::vector<NameWord> NameWords(std::string_view name) {
  const icu::UnicodeString text = Decomposed(name);
  std::vector<NameWord> words;
  WordBuilder builder;
  const auto end_word = [&] {
    if (auto word = builder.Take(); word.has_value()) words.push_back(*std::move(word));
  };
  for (int32_t i = 0; i < text.length() && words.size() < kMostNameWords;
       i = text.moveIndex32(i, 1)) {
    const UChar32 character = text.char32At(i);
    if (IsApostrophe(character)) continue;
    if (u_isalnum(character) || IsMark(character)) {
      builder.Add(character);
    } else {
      end_word();
    }
  }
  if (words.size() < kMostNameWords) end_word();
  return words;
}

}  // namespace caseledger::projections::person_search
