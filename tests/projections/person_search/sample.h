// The persons of the sample half-year (synthetic), and an index over persons as a read model keeps
// it: token by token, without texts.
#pragma once

#include <array>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "projections/person_search/text/blind_index.h"
#include "projections/person_search/text/fit.h"

namespace caseledger::projections::person_search::testing {

// Names and phones as in persons.csv, one for each row.
std::vector<PersonText> SamplePersons();

// The text in Unicode normal form D.
std::string Decompose(std::string_view text);
// Without marks and with d for đ, otherwise as it is; by ICU's transliterator, not by our code.
std::string WithoutMarks(std::string_view text);
std::string UpperCase(std::string_view text);
// Tone marks moved between the two places they have in oa, oe and uy: Hòa for Hoà, Thuỷ for Thủy.
// As it is where there is nothing to move.
std::string ToneElsewhere(std::string_view text);

std::vector<std::string> SplitWords(std::string_view text);
std::string JoinWords(const std::vector<std::string>& words);

inline constexpr std::array<uint8_t, kIndexKeyBytes> kTestKey = {'k', 'e', 'y'};

struct Found {
  size_t person = 0;
  PersonFit fit = {};
};

struct Answer {
  std::vector<Found> found = {};  // best first
  size_t candidates = 0;          // opened for it
  bool common_words_only = false;
};

class TestIndex {
 public:
  explicit TestIndex(std::vector<PersonText> persons);

  const std::vector<PersonText>& persons() const { return persons_; }
  // Strict, as the README.md of the library says. A question that is refused finds nobody.
  Answer Ask(const Asked& asked) const;
  Answer AskWider(const Asked& asked) const;
  // Tokens stored, over all persons.
  size_t Postings() const;
  // Persons under each token, most first.
  std::vector<size_t> Frequencies() const;

 private:
  std::set<size_t> HoldersOfAll(const BlindTokens& tokens) const;
  Answer Open(const Asked& asked, const std::vector<BlindTokens>& alternatives) const;

  BlindIndex index_{kTestKey, "quang-ninh"};
  std::vector<PersonText> persons_;
  std::map<BlindToken, std::set<size_t>> holders_;
};

}  // namespace caseledger::projections::person_search::testing
