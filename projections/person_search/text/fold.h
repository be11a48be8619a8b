// Names as they are compared: words without case, tone marks, đ and the accidents of spelling.
//
// Pure and thread-safe. Takes any UTF-8 in any normal form; bytes that are none separate words.
//
// Vietnamese spelling has two freedoms that are no difference in the name, and folding takes both
// away:
// - Where the tone mark stands: hòa and hoà, thúy and thuý. The tone is set apart from the letters.
// - i or y for the same sound: Lý and Lí, Mỹ and Mĩ, Quý and Quí, Ý and Í. They are one sound where
//   y is the only vowel letter of the word, and directly after `qu`. They are two sounds after
//   another vowel (mai and may, thui and thuy), so there they stay apart.
// Source: Decision 1989/QD-BGDDT (2018), article 9: words take i after the first consonant, proper
// names keep the spelling they have, so both are met.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace caseledger::projections::person_search {

// Words of a name that are looked at, and letters of each: the rest is left out, when a name is
// stored and when it is asked for.
inline constexpr size_t kMostNameWords = 8;
inline constexpr size_t kMostWordLetters = 32;

struct NameWord {
  // What is searched by: `hoa` for Hòa, Hoà, HOÁ and hoa, `li` for Lý. Latin letters and digits as
  // far as ICU can bring the script to them. Never empty.
  std::string key = {};
  // With its marks: lower-case letters, each followed by what belongs to it (circumflex, breve,
  // horn, the stroke of đ as U+0335), then the tones. i and y are one, as in `key`.
  std::u16string marked = {};
  // As `marked`, but i and y stay as typed.
  std::u16string spelled = {};

  bool HasMarks() const;
  // The first `letters` of the key, folded as if they were the whole word: what a word of which no
  // more has been typed would be searched by.
  std::string Start(size_t letters) const;
};

// The words of a name in their order. Apostrophes join (H'Hen is `hhen`); all else that is neither
// letter nor digit separates. Other scripts are brought to Latin (王芳 is `wang fang`).
std::vector<NameWord> NameWords(std::string_view name);

}  // namespace caseledger::projections::person_search
