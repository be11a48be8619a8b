// Index terms: the texts that a person is found by, before they are made blind.
//
// Pure and thread-safe. Terms are personal data; they live for one call and are never stored.
//
// A name of n words w1..wn gives
//   word        each wi                               found by `lan`
//   pair        each unordered pair {wi, wj}          `thi lan`, `lan nguyen`, `nguyen lan`
//   word start  the first 3 letters of each wi        `kha` for Khánh
//   pair start  each wi with the first 2 and the      `lan ng`, `nguyen thi kha`
//               first 3 letters of each other wj
// a phone number gives itself and its last seven digits, an identity number gives itself.
//
// Invariants
// 1. A word that most people have says little and would be the first to be guessed from how often
//    its term occurs (Nguyễn, Trần, Lê, Phạm, Thị, Văn). Unless it is the last word of the name,
//    which is the given name, it gets no term alone, nor one with another such word.
// 2. The terms asked for an unbroken part of a name, in any order of its words, are among the
//    person's, unless the part has common words only (AskedTerms::common_words_only).
// 3. A name gives at most kMostTermsOfName terms, however long it is.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "projections/person_search/text/fold.h"
#include "projections/person_search/text/person_text.h"

namespace caseledger::projections::person_search {

// Hashed into tokens: a number once used is never used for something else.
enum class TermKind : uint8_t {
  kWord = 1,
  kPair = 2,
  kWordStart = 3,
  kPairStart = 4,
  kPhone = 5,
  kPhoneEnd = 6,
  kIdentityNumber = 7,
};

struct Term {
  TermKind kind = TermKind::kWord;
  std::string text = {};
  friend auto operator<=>(const Term&, const Term&) = default;
};

using Terms = std::set<Term>;

// Letters of a begun word that are looked up; what more is typed only ranks.
inline constexpr size_t kFewestStartLetters = 2;
inline constexpr size_t kMostStartLetters = 3;

inline constexpr size_t kMostTermsOfName = kMostNameWords +                             // words
                                           kMostNameWords * (kMostNameWords - 1) / 2 +  // pairs
                                           kMostNameWords +                         // word starts
                                           kMostNameWords * (kMostNameWords - 1) *  // pair starts
                                               (kMostStartLetters - kFewestStartLetters + 1);
static_assert(kMostTermsOfName == 156);

Terms TermsOfPerson(const PersonText& person);

// Who has every term of one of the alternatives is a candidate, to be opened and judged by FitOf.
// No alternative is without terms.
struct AskedTerms {
  // Who fits as Fit::kSimilar only is a candidate by chance here, and is to be dropped.
  std::vector<Terms> strict = {};
  // For when `strict` brings nobody: one word of the name may be wrong or missing, a phone number
  // may have another prefix. Includes `strict`.
  std::vector<Terms> wider = {};
  // The name asked for has only words that most people have. Not everybody with such a name is
  // found: say so, and ask for more of the name.
  bool common_words_only = false;
};

// INVALID_ARGUMENT  nothing is asked for, or what is asked for cannot be looked up; says what to
//                   give instead and repeats nothing of what was asked
absl::StatusOr<AskedTerms> TermsOf(const Asked& asked);

}  // namespace caseledger::projections::person_search
