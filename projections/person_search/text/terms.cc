#include "projections/person_search/text/terms.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "projections/person_search/text/common_words.h"
#include "projections/person_search/text/numbers.h"

namespace caseledger::projections::person_search {
namespace {

using Words = std::vector<NameWord>;
using Alternatives = std::vector<Terms>;

Term Word(const NameWord& word) { return {TermKind::kWord, word.key}; }

// Parts of a term's text are parted by what no key holds.
Term Pair(const NameWord& a, const NameWord& b) {
  return {TermKind::kPair, std::min(a.key, b.key) + ' ' + std::max(a.key, b.key)};
}

Term WordStart(const NameWord& word) {
  return {TermKind::kWordStart, word.Start(kMostStartLetters)};
}

Term PairStart(const NameWord& whole, const NameWord& begun, size_t letters) {
  return {TermKind::kPairStart, whole.key + ' ' + begun.Start(letters)};
}

void AddWord(const NameWord& word, Terms& terms) {
  terms.insert(Word(word));
  if (word.key.size() > kMostStartLetters) terms.insert(WordStart(word));
}

void AddPairStarts(const NameWord& whole, const NameWord& begun, Terms& terms) {
  for (size_t letters = kFewestStartLetters; letters <= kMostStartLetters; ++letters) {
    if (begun.key.size() > letters) terms.insert(PairStart(whole, begun, letters));
  }
}

void AddName(const Words& name, Terms& terms) {
  for (size_t i = 0; i < name.size(); ++i) {
    const bool common = IsCommon(name, i);
    if (!common) AddWord(name[i], terms);
    for (size_t j = 0; j < name.size(); ++j) {
      if (i == j || (common && IsCommon(name, j))) continue;
      terms.insert(Pair(name[i], name[j]));
      AddPairStarts(name[i], name[j], terms);
    }
  }
}

// Words asked for that surely stand in the index in pairs with each other.
Terms PairsOf(const Words& words) {
  Terms terms;
  for (size_t i = 0; i < words.size(); ++i) {
    for (size_t j = i + 1; j < words.size(); ++j) {
      if (MayBeCommon(words[i]) && MayBeCommon(words[j])) continue;
      terms.insert(Pair(words[i], words[j]));
    }
  }
  return terms;
}

// The word at `given` with each other.
Terms PairsWith(const Words& words, size_t given) {
  Terms terms;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i != given) terms.insert(Pair(words[given], words[i]));
  }
  return terms;
}

// All words are whole. Of common words alone, one must be the given name: the last or the first.
Alternatives WholeWords(const Words& words) {
  if (words.size() == 1) return {{Word(words.front())}};
  if (!AllMayBeCommon(words)) return {PairsOf(words)};
  Alternatives alternatives = {PairsWith(words, words.size() - 1)};
  if (Terms first = PairsWith(words, 0); first != alternatives.front()) {
    alternatives.push_back(std::move(first));
  }
  return alternatives;
}

// The last word is begun; no terms if that is too little to look up.
Terms BegunLastWord(const Words& words) {
  const NameWord& begun = words.back();
  const Words whole(words.begin(), words.end() - 1);
  if (whole.empty()) {
    return begun.key.size() < kMostStartLetters ? Terms() : Terms{WordStart(begun)};
  }
  Terms terms = PairsOf(whole);
  const bool all_common = AllMayBeCommon(whole);
  if (begun.key.size() < kFewestStartLetters) {
    if (whole.size() == 1 && !all_common) terms.insert(Word(whole.front()));
    return terms;
  }
  for (const NameWord& word : whole) {
    if (!all_common && MayBeCommon(word)) continue;
    terms.insert(PairStart(word, begun, std::min(begun.key.size(), kMostStartLetters)));
  }
  return terms;
}

// One word left out, as long as something is left that tells people apart.
Alternatives OneWordLess(const Words& words) {
  Alternatives alternatives;
  for (size_t left_out = 0; words.size() > 1 && left_out < words.size(); ++left_out) {
    Words rest = words;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(left_out));
    if (AllMayBeCommon(rest)) continue;
    for (Terms& terms : WholeWords(rest)) alternatives.push_back(std::move(terms));
  }
  return alternatives;
}

// Ways to ask for one field: strict ones, and those beyond.
struct Ways {
  Alternatives strict = {};
  Alternatives beyond = {};
};

absl::StatusOr<Ways> WaysToName(const Words& words, bool unfinished) {
  if (words.empty()) {
    return absl::InvalidArgumentError("The name has no letters: give at least one word of it.");
  }
  Ways ways{.strict = WholeWords(words), .beyond = OneWordLess(words)};
  if (!unfinished) return ways;
  if (Terms begun = BegunLastWord(words); !begun.empty()) ways.strict.push_back(std::move(begun));
  return ways;
}

absl::StatusOr<Ways> WaysToPhone(const std::string& phone) {
  const std::vector<std::string> numbers = PhoneNumbers(phone);
  if (numbers.size() > 1) {
    return absl::InvalidArgumentError("More than one phone number: ask for one at a time.");
  }
  if (numbers.empty() || PhoneEnd(numbers.front()).empty()) {
    return absl::InvalidArgumentError(
        "The phone number is too short: give all of it, or at least its last 7 digits.");
  }
  const std::string& number = numbers.front();
  const Terms end = {{TermKind::kPhoneEnd, std::string(PhoneEnd(number))}};
  Ways ways{.strict = {{{TermKind::kPhone, number}}}};
  (number.starts_with('+') ? ways.beyond : ways.strict).push_back(end);
  return ways;
}

absl::StatusOr<Ways> WaysToIdentityNumber(const std::string& told) {
  std::string number = IdentityNumber(told);
  if (number.empty()) {
    return absl::InvalidArgumentError(
        "The identity number has neither digits nor letters: give the whole number.");
  }
  return Ways{.strict = {{{TermKind::kIdentityNumber, std::move(number)}}}};
}

// Every way of one field together with every way of another.
Alternatives Both(const Alternatives& some, const Alternatives& others) {
  Alternatives both;
  for (const Terms& one : some) {
    for (Terms other : others) {
      other.insert(one.begin(), one.end());
      both.push_back(std::move(other));
    }
  }
  return both;
}

void AlsoAsk(const Ways& field, AskedTerms& asked) {
  Alternatives all = field.strict;
  all.insert(all.end(), field.beyond.begin(), field.beyond.end());
  asked.strict = Both(asked.strict, field.strict);
  asked.wider = Both(asked.wider, all);
}

}  // namespace

Terms TermsOfPerson(const PersonText& person) {
  Terms terms;
  for (const std::string& name : person.names) AddName(NameWords(name), terms);
  for (std::string& number : PhoneNumbers(person.phone)) {
    if (const std::string_view end = PhoneEnd(number); !end.empty()) {
      terms.insert({TermKind::kPhoneEnd, std::string(end)});
    }
    terms.insert({TermKind::kPhone, std::move(number)});
  }
  for (const std::string& told : person.identity_numbers) {
    if (std::string number = IdentityNumber(told); !number.empty()) {
      terms.insert({TermKind::kIdentityNumber, std::move(number)});
    }
  }
  return terms;
}

absl::StatusOr<AskedTerms> TermsOf(const Asked& asked) {
  if (asked.name.empty() && asked.phone.empty() && asked.identity_number.empty()) {
    return absl::InvalidArgumentError(
        "Nothing to search by: give a name, a phone number or an identity number.");
  }
  AskedTerms terms{.strict = {Terms()}, .wider = {Terms()}};
  if (!asked.name.empty()) {
    const Words words = NameWords(asked.name);
    ASSIGN_OR_RETURN(const Ways ways, WaysToName(words, asked.last_word_unfinished));
    AlsoAsk(ways, terms);
    terms.common_words_only = AllMayBeCommon(words);
  }
  if (!asked.phone.empty()) {
    ASSIGN_OR_RETURN(const Ways ways, WaysToPhone(asked.phone));
    AlsoAsk(ways, terms);
  }
  if (!asked.identity_number.empty()) {
    ASSIGN_OR_RETURN(const Ways ways, WaysToIdentityNumber(asked.identity_number));
    AlsoAsk(ways, terms);
  }
  return terms;
}

}  // namespace caseledger::projections::person_search
