// Whether two records may be of one human: record linkage after Fellegi and Sunter, each agreement
// and each contradiction weighed in bits (log2 of how much likelier it is between records of one
// human than between two records picked at random).
//
// Pure, deterministic, thread-safe. Symmetric: who is compared with whom does not matter.
//
//   document number the same                         20
//   phone number the same                             7   families share one
//   its last seven digits the same                    4   another prefix
//   names                 10 x score of the fit (fit.h), the shorter name asked of the longer one;
//                         a quarter of it where the shorter one is a single word, and two fifths
//                         where a word differs: many share all names but one
//   year of birth         the same 4, one apart 1 (ages are told in whole years), else -6
//   sex, both known       the same 1, else -6
//
// Different document or phone numbers say nothing: people have several.
//
// The weights are ours, set by hand and judged on the sample (similar_test.cc); they are no
// measured frequencies. A person decides, never the weight.
#pragma once

#include <string_view>
#include <vector>

#include "projections/person_search/text/fit.h"
#include "projections/person_search/text/person_text.h"

namespace caseledger::projections::person_search {

// From here on two records are shown to whoever may merge them: a name as told with nothing
// against it, or a phone number with something for it.
inline constexpr double kPossiblyOne = 8;
inline constexpr double kLikelyOne = 14;

struct Resemblance {
  double bits = 0;
  // `document_number`, `phone`, `phone_end`, `birth_year`, `birth_year_near`, `sex`; what speaks
  // against it: `other_birth_year`, `other_sex`. Names: `name_` and the word of the fit, such as
  // `name_exact`. In this order.
  std::vector<std::string_view> reasons;
};

Resemblance ResemblanceOf(const OpenedPerson& a, const OpenedPerson& b);

}  // namespace caseledger::projections::person_search
