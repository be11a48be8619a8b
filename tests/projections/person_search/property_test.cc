// Random names: of the sample's words, of words nobody bears, and of any characters. rapidcheck
// prints the seed of what failed; RC_PARAMS="seed=..." repeats it.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "projections/person_search/text/fit.h"
#include "projections/person_search/text/fold.h"
#include "projections/person_search/text/numbers.h"
#include "projections/person_search/text/terms.h"
#include "tests/projections/person_search/sample.h"

namespace caseledger::projections::person_search {
namespace {

int Any(int from, int to) { return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(from, to)); }

// Words of the sample, and some with what folding is about.
const std::vector<std::string>& KnownWords() {
  static const auto& words = *new std::vector<std::string>([] {
    std::vector<std::string> all = {"Vân",    "Lý",   "Lí",  "Quý",   "Thúy",    "Thuý",
                                    "Nguyên", "Lệ",   "Thy", "H'Hen", "Kyerson", "Ýnh",
                                    "Phạm",   "Trân", "Ðạt", "王芳",  "Ольга"};
    for (const PersonText& person : testing::SamplePersons()) {
      for (std::string& word : testing::SplitWords(person.names.front()))
        all.push_back(std::move(word));
    }
    return all;
  }());
  return words;
}

std::string AnyLetters() {
  static const std::vector<std::string> letters = {"a", "ă", "Â", "e", "ê", "i", "o",  "Ơ",
                                                   "u", "ư", "y", "ý", "q", "n", "ng", "đ",
                                                   "l", "h", "t", "Y", "ỳ", "qu"};
  std::string word;
  const int count = Any(1, 8);
  for (int i = 0; i < count; ++i) word += *rc::gen::elementOf(letters);
  return word;
}

std::vector<std::string> AnyName() {
  std::vector<std::string> words;
  const int count = Any(1, 7);
  words.reserve(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    words.push_back(Any(0, 3) > 0 ? *rc::gen::elementOf(KnownWords()) : AnyLetters());
  }
  return words;
}

// The name told by someone else.
std::string Retold(const std::string& name) {
  switch (Any(0, 5)) {
    case 0:
      return testing::WithoutMarks(name);
    case 1:
      return testing::UpperCase(name);
    case 2:
      return testing::Decompose(name);
    case 3:
      return testing::ToneElsewhere(name);
    default:
      return name;
  }
}

std::vector<std::string> AnyPart(const std::vector<std::string>& words) {
  const int size = static_cast<int>(words.size());
  const int first = Any(0, size);
  const int last = Any(first + 1, size + 1);
  return {words.begin() + first, words.begin() + last};
}

bool HoldsOne(const std::vector<Terms>& alternatives, const Terms& held) {
  return std::any_of(alternatives.begin(), alternatives.end(), [&](const Terms& terms) {
    return std::includes(held.begin(), held.end(), terms.begin(), terms.end());
  });
}

std::string Keys(const std::string& name) {
  std::vector<std::string> keys;
  for (const NameWord& word : NameWords(name)) keys.push_back(word.key);
  return testing::JoinWords(keys);
}

// Letters and signs of the scripts from Latin to Hebrew, with their marks.
std::string AnyCharacters() {
  std::string text;
  const int count = Any(0, 30);
  for (int i = 0; i < count; ++i) {
    const int code = Any(1, 3) == 1 ? Any(0x20, 0x80) : Any(0x80, 0x600);
    if (code < 0x80) {
      text += static_cast<char>(code);
    } else {
      text += static_cast<char>(0xC0 | code >> 6);
      text += static_cast<char>(0x80 | (code & 0x3F));
    }
  }
  return text;
}

RC_GTEST_PROP(Folding, IsIdempotent, ()) {
  const int kind = Any(0, 3);
  const std::string text = kind == 0   ? testing::JoinWords(AnyName())
                           : kind == 1 ? AnyCharacters()
                                       : *rc::gen::arbitrary<std::string>();
  const std::string once = Keys(text);
  RC_ASSERT(Keys(once) == once);
}

RC_GTEST_PROP(Folding, IsTheSameHoweverTheNameIsTold, ()) {
  const std::string name = testing::JoinWords(AnyName());
  RC_ASSERT(Keys(Retold(name)) == Keys(name));
}

RC_GTEST_PROP(Folding, OfTheFastPathIsThatOfIcu, ()) {
  std::vector<std::string> words = AnyName();
  std::erase_if(words, [](const std::string& word) { return word == "H'Hen"; });
  const std::string name = testing::JoinWords(words);
  // i and y are one only here.
  const auto without_y = [](std::string text) {
    std::replace(text.begin(), text.end(), 'y', 'i');
    return text;
  };
  if (name.find("王") != std::string::npos || name.find("О") != std::string::npos) return;
  std::string expected = testing::WithoutMarks(name);
  std::transform(expected.begin(), expected.end(), expected.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  RC_ASSERT(without_y(Keys(name)) == without_y(expected));
}

RC_GTEST_PROP(Searching, TermsOfAnyPartAreAmongThePersons, ()) {
  const std::vector<std::string> words = AnyName();
  const Terms held = TermsOfPerson({.names = {Retold(testing::JoinWords(words))}});
  std::vector<std::string> part = AnyPart(words);
  if (Any(0, 2) == 0)
    std::rotate(part.begin(), part.begin() + Any(0, static_cast<int>(part.size())), part.end());
  const Asked asked{.name = Retold(testing::JoinWords(part))};
  const auto terms = TermsOf(asked);
  RC_ASSERT(terms.ok());
  if (terms->common_words_only) return;
  RC_ASSERT(HoldsOne(terms->strict, held));
}

RC_GTEST_PROP(Searching, TheWholeNameAlwaysFindsThePerson, ()) {
  const std::string name = testing::JoinWords(AnyName());
  const PersonText person{.names = {Retold(name)}};
  const Asked asked{.name = Retold(name)};
  RC_ASSERT(HoldsOne(TermsOf(asked)->strict, TermsOfPerson(person)));
  const auto fit = FitOf(asked, person);
  RC_ASSERT(fit.has_value());
  RC_ASSERT(fit->score >= 0.7);
  RC_ASSERT(fit->fit <= Fit::kOtherMarks);
}

RC_GTEST_PROP(Searching, ABegunLastWordFindsThePerson, ()) {
  const std::vector<std::string> words = AnyName();
  const std::string name = testing::JoinWords(words);
  std::vector<std::string> part = AnyPart(words);
  std::string& last = part.back();
  last = testing::WithoutMarks(last);
  if (last.size() <= kFewestStartLetters) return;
  last.resize(static_cast<size_t>(Any(kFewestStartLetters, static_cast<int>(last.size()))));
  const Asked asked{.name = testing::JoinWords(part), .last_word_unfinished = true};
  const PersonText person{.names = {name}};
  part.pop_back();
  const auto before = TermsOf({.name = testing::JoinWords(part)});
  // Beside common words alone, the begun word may be one of them itself; so may it alone.
  if (part.empty() || before->common_words_only) return;
  RC_ASSERT(HoldsOne(TermsOf(asked)->strict, TermsOfPerson(person)));
  RC_ASSERT(FitOf(asked, person).has_value());
}

RC_GTEST_PROP(Searching, WhatIsFoundByItsTermsInAPartFits, ()) {
  const std::vector<std::string> words = AnyName();
  const PersonText person{.names = {testing::JoinWords(words)}};
  const auto fit = FitOf({.name = Retold(testing::JoinWords(AnyPart(words)))}, person);
  RC_ASSERT(fit.has_value());
  RC_ASSERT(fit->score > 0);
  RC_ASSERT(fit->score <= 1);
}

RC_GTEST_PROP(Searching, TermsAreBounded, ()) {
  std::vector<std::string> words;
  const int count = Any(1, 20);
  words.reserve(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) words.push_back(AnyLetters());
  RC_ASSERT(TermsOfPerson({.names = {testing::JoinWords(words)}}).size() <= kMostTermsOfName);
}

RC_GTEST_PROP(Numbers, AreStableWhenReadAgain, ()) {
  const auto told =
      *rc::gen::container<std::string>(rc::gen::elementOf(std::string("0123456789 +-./(),84")));
  for (const std::string& number : PhoneNumbers(told)) {
    RC_ASSERT(PhoneNumbers(number) == std::vector<std::string>{number});
  }
  const std::string identity = IdentityNumber(told);
  RC_ASSERT(IdentityNumber(identity) == identity);
}

}  // namespace
}  // namespace caseledger::projections::person_search
