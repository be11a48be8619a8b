#include "projections/person_search/text/fit.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "projections/person_search/text/fold.h"
#include "projections/person_search/text/name_fit.h"
#include "projections/person_search/text/numbers.h"

namespace caseledger::projections::person_search {
namespace {

std::optional<PersonFit> FitOfName(const Asked& asked, const PersonText& person) {
  const std::vector<NameWord> words = NameWords(asked.name);
  std::optional<PersonFit> best;
  for (size_t i = 0; i < person.names.size(); ++i) {
    const auto fit = FitOfNames(words, asked.last_word_unfinished, NameWords(person.names[i]));
    if (!fit.has_value() || (best.has_value() && fit->score <= best->score)) continue;
    best = {.score = fit->score, .fit = fit->fit, .name = i};
  }
  return best;
}

bool IsWhole(std::string_view number) { return number.starts_with('+'); }

std::optional<PersonFit> FitOfNumber(std::string_view asked, std::string_view number) {
  if (asked == number) return PersonFit{.score = 1, .fit = Fit::kExact};
  const std::string_view end = PhoneEnd(asked);
  if (end.empty()) return std::nullopt;
  if (!IsWhole(asked)) {
    if (!number.ends_with(asked)) return std::nullopt;
    return PersonFit{.score = 0.9, .fit = Fit::kPartial};
  }
  if (end != PhoneEnd(number)) return std::nullopt;
  return PersonFit{.score = 0.6, .fit = Fit::kSimilar};
}

std::optional<PersonFit> FitOfPhone(const Asked& asked, const PersonText& person) {
  const std::vector<std::string> numbers = PhoneNumbers(asked.phone);
  std::optional<PersonFit> best;
  if (numbers.size() != 1) return best;
  for (const std::string& number : PhoneNumbers(person.phone)) {
    const auto fit = FitOfNumber(numbers.front(), number);
    if (fit.has_value() && (!best.has_value() || fit->score > best->score)) best = fit;
  }
  return best;
}

std::optional<PersonFit> FitOfIdentityNumber(const Asked& asked, const PersonText& person) {
  const std::string number = IdentityNumber(asked.identity_number);
  const bool found =
      !number.empty() &&
      std::any_of(person.identity_numbers.begin(), person.identity_numbers.end(),
                  [&](const std::string& told) { return IdentityNumber(told) == number; });
  if (!found) return std::nullopt;
  return PersonFit{.score = 1, .fit = Fit::kExact};
}

}  // namespace

std::string_view FitWord(Fit fit) {
  switch (fit) {
    case Fit::kExact:
      return "exact";
    case Fit::kOtherSpelling:
      return "other_spelling";
    case Fit::kSameWithoutMarks:
      return "same_without_marks";
    case Fit::kOtherMarks:
      return "other_marks";
    case Fit::kSwapped:
      return "swapped";
    case Fit::kPartial:
      return "partial";
    case Fit::kSimilar:
      return "similar";
  }
  return "";
}

std::optional<PersonFit> FitOf(const Asked& asked, const PersonText& person) {
  std::optional<PersonFit> worst;
  using Judge = std::optional<PersonFit> (*)(const Asked&, const PersonText&);
  const struct {
    const std::string& part;
    Judge judge;
  } parts[] = {{asked.name, FitOfName},
               {asked.phone, FitOfPhone},
               {asked.identity_number, FitOfIdentityNumber}};
  for (const auto& [part, judge] : parts) {
    if (part.empty()) continue;
    const auto fit = judge(asked, person);
    if (!fit.has_value()) return std::nullopt;
    if (!worst.has_value()) {
      worst = fit;
      continue;
    }
    worst->score = std::min(worst->score, fit->score);
    worst->fit = std::max(worst->fit, fit->fit);
  }
  return worst;
}

}  // namespace caseledger::projections::person_search
