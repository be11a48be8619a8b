// How well an opened person fits what was asked: a score and a word for it.
//
// Pure, deterministic, thread-safe. The blind index only proposes candidates, some of them wrongly;
// this is what decides.
//
// A name's score is  words x order x coverage.
//   words     the mean over the words asked for:
//               1     the same letters and marks (case and the place of the tone mark never count)
//               0.98  the same but for i and y (Lý, Lí)
//               0.92  asked without any marks (`hoa` for Hoà)
//               0.90  asked with marks, recorded without any
//               0.80  a mark left out by one who wrote marks on other words
//               0.70  other marks (Hoá for Hoà)
//               0.80  the last word only begun, where the question allows that
//               0.50  one letter more, less, other or changed round, of words of three and more
//               0     nothing like it
//   order     0.95 if the words stand in another order, else 1
//   coverage  1 if no word of the recorded name is left over, else 0.75 + 0.2 x share of its words
//             asked for, and 0.05 more if its last word, the given name, is among them
// At most one word asked for may be similar only, or have nothing like it; in the latter case two
// others must be found, and not only words that most people bear. Of several names of a person the
// best counts. A question with several parts fits as its worst part does.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "projections/person_search/text/person_text.h"

namespace caseledger::projections::person_search {

// What most keeps the match from being the very thing asked for; each outweighs those before it.
enum class Fit {
  kExact,             // name, number: as asked
  kOtherSpelling,     // i for y
  kSameWithoutMarks,  // one side has no marks, the letters are the same
  kOtherMarks,        // the letters are the same, the marks are not
  kSwapped,           // the words in another order
  kPartial,           // part of the name; the last digits of the phone number
  kSimilar,           // a word differs; a phone number with another prefix
};

// `exact`, `other_spelling`, `same_without_marks`, `other_marks`, `swapped`, `partial`, `similar`.
std::string_view FitWord(Fit fit);

struct PersonFit {
  double score = 0;  // 0 to 1
  Fit fit = Fit::kExact;
  size_t name = 0;  // which of the person's names fits; 0 if no name was asked for
};

// nullopt if the person is not who was asked for, or nothing was.
//
// A phone number scores 1 as a whole, 0.9 by its last digits, 0.6 if only the last
// kPhoneEndDigits digits of two whole numbers are the same; an identity number 1.
std::optional<PersonFit> FitOf(const Asked& asked, const PersonText& person);

}  // namespace caseledger::projections::person_search
