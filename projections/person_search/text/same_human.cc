#include "projections/person_search/text/same_human.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "projections/person_search/text/fold.h"
#include "projections/person_search/text/name_fit.h"
#include "projections/person_search/text/numbers.h"

namespace caseledger::projections::person_search {
namespace {

constexpr double kSameDocument = 20;
constexpr double kSamePhone = 7;
constexpr double kSamePhoneEnd = 4;
constexpr double kSameNames = 10;
constexpr double kSingleWordShare = 0.25;
constexpr double kSimilarShare = 0.4;
constexpr double kSameYear = 4;
constexpr double kNearYear = 1;
constexpr double kSameSex = 1;
constexpr double kContradiction = -6;

std::string_view ReasonOf(Fit fit) {
  switch (fit) {
    case Fit::kExact:
      return "name_exact";
    case Fit::kOtherSpelling:
      return "name_other_spelling";
    case Fit::kSameWithoutMarks:
      return "name_same_without_marks";
    case Fit::kOtherMarks:
      return "name_other_marks";
    case Fit::kSwapped:
      return "name_swapped";
    case Fit::kPartial:
      return "name_partial";
    case Fit::kSimilar:
      return "name_similar";
  }
  return "name_similar";
}

void Add(Resemblance& resemblance, double bits, std::string_view reason) {
  resemblance.bits += bits;
  resemblance.reasons.push_back(reason);
}

bool ShareADocument(const PersonText& a, const PersonText& b) {
  for (const std::string& one : a.identity_numbers) {
    const std::string number = IdentityNumber(one);
    if (number.empty()) continue;
    for (const std::string& other : b.identity_numbers) {
      if (IdentityNumber(other) == number) return true;
    }
  }
  return false;
}

void AddPhones(const PersonText& a, const PersonText& b, Resemblance& resemblance) {
  bool same_end = false;
  const std::vector<std::string> numbers = PhoneNumbers(b.phone);
  for (const std::string& one : PhoneNumbers(a.phone)) {
    for (const std::string& other : numbers) {
      if (one == other) return Add(resemblance, kSamePhone, "phone");
      const std::string_view end = PhoneEnd(one);
      same_end = same_end || (!end.empty() && end == PhoneEnd(other));
    }
  }
  if (same_end) Add(resemblance, kSamePhoneEnd, "phone_end");
}

// Of two names as long as each other both are asked for, so that neither record comes first.
std::optional<NameFit> FitOfTwo(const std::vector<NameWord>& a, const std::vector<NameWord>& b) {
  const bool a_is_shorter = a.size() <= b.size();
  std::optional<NameFit> fit = a_is_shorter ? FitOfNames(a, false, b) : FitOfNames(b, false, a);
  if (a.size() != b.size()) return fit;
  const std::optional<NameFit> back = FitOfNames(b, false, a);
  if (!fit.has_value() || !back.has_value()) return fit.has_value() ? fit : back;
  if (back->score > fit->score) fit->score = back->score;
  fit->fit = std::min(fit->fit, back->fit);
  return fit;
}

void AddNames(const PersonText& a, const PersonText& b, Resemblance& resemblance) {
  double best = 0;
  std::string_view reason;
  std::vector<std::vector<NameWord>> others;
  for (const std::string& name : b.names) others.push_back(NameWords(name));
  for (const std::string& name : a.names) {
    const std::vector<NameWord> words = NameWords(name);
    for (const std::vector<NameWord>& other : others) {
      const std::optional<NameFit> fit = FitOfTwo(words, other);
      if (!fit.has_value()) continue;
      double bits = kSameNames * fit->score;
      if (std::min(words.size(), other.size()) == 1) bits *= kSingleWordShare;
      if (fit->fit == Fit::kSimilar) bits *= kSimilarShare;
      if (bits <= best) continue;
      best = bits;
      reason = ReasonOf(fit->fit);
    }
  }
  if (best > 0) Add(resemblance, best, reason);
}

void AddYears(uint32_t a, uint32_t b, Resemblance& resemblance) {
  if (a == 0 || b == 0) return;
  if (a == b) return Add(resemblance, kSameYear, "birth_year");
  if (std::max(a, b) - std::min(a, b) == 1) return Add(resemblance, kNearYear, "birth_year_near");
  Add(resemblance, kContradiction, "other_birth_year");
}

bool IsTold(std::string_view sex) { return !sex.empty() && sex != "unknown"; }

void AddSexes(std::string_view a, std::string_view b, Resemblance& resemblance) {
  if (!IsTold(a) || !IsTold(b)) return;
  if (a == b) return Add(resemblance, kSameSex, "sex");
  Add(resemblance, kContradiction, "other_sex");
}

}  // namespace

Resemblance ResemblanceOf(const OpenedPerson& a, const OpenedPerson& b) {
  Resemblance resemblance;
  if (ShareADocument(a.text, b.text)) Add(resemblance, kSameDocument, "document_number");
  AddPhones(a.text, b.text, resemblance);
  AddNames(a.text, b.text, resemblance);
  AddYears(a.birth_year, b.birth_year, resemblance);
  AddSexes(a.sex, b.sex, resemblance);
  return resemblance;
}

}  // namespace caseledger::projections::person_search
