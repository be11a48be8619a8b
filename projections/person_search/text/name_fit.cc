#include "projections/person_search/text/name_fit.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "projections/person_search/text/common_words.h"

namespace caseledger::projections::person_search {
namespace {

using Words = std::vector<NameWord>;

constexpr size_t kFewestSimilarLetters = 3;
constexpr double kOtherOrder = 0.95;

struct WordFit {
  double score = 0;  // 0: the words do not fit
  Fit fit = Fit::kExact;
};

// What is fixed while two names are compared.
struct Comparison {
  const Words& asked;
  const Words& name;
  bool last_word_unfinished;
  bool asked_has_marks;
  bool name_has_marks;
};

bool HaveMarks(const Words& words) {
  return std::any_of(words.begin(), words.end(),
                     [](const NameWord& word) { return word.HasMarks(); });
}

// Words of the same letters: `some` has no mark that `all` lacks.
bool MarksAmong(std::u16string_view some, std::u16string_view all) {
  for (const char16_t unit : all) {
    if (!some.empty() && some.front() == unit) some.remove_prefix(1);
  }
  return some.empty();
}

WordFit FitOfMarks(const Comparison& comparison, const NameWord& asked, const NameWord& word) {
  if (asked.spelled == word.spelled) return {1, Fit::kExact};
  if (asked.marked == word.marked) return {0.98, Fit::kOtherSpelling};
  if (MarksAmong(asked.marked, word.marked)) {
    if (!comparison.asked_has_marks) return {0.92, Fit::kSameWithoutMarks};
    return {0.80, Fit::kOtherMarks};
  }
  if (!comparison.name_has_marks && MarksAmong(word.marked, asked.marked)) {
    return {0.90, Fit::kSameWithoutMarks};
  }
  return {0.70, Fit::kOtherMarks};
}

// One letter more, less or other, or two neighbours changed round.
bool AreOneEditApart(std::string_view a, std::string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  if (b.size() - a.size() > 1) return false;
  size_t same = 0;
  while (same < a.size() && a[same] == b[same]) ++same;
  if (a.size() < b.size()) return a.substr(same) == b.substr(same + 1);
  if (a.substr(same + 1) == b.substr(same + 1)) return true;
  return same + 1 < a.size() && a[same] == b[same + 1] && a[same + 1] == b[same] &&
         a.substr(same + 2) == b.substr(same + 2);
}

WordFit FitOfWords(const Comparison& comparison, size_t i, size_t j) {
  const NameWord& asked = comparison.asked[i];
  const NameWord& word = comparison.name[j];
  if (asked.key == word.key) return FitOfMarks(comparison, asked, word);
  const bool may_be_begun = comparison.last_word_unfinished && i + 1 == comparison.asked.size();
  if (may_be_begun && word.key.size() > asked.key.size() &&
      word.Start(asked.key.size()) == asked.key) {
    return {0.80, Fit::kPartial};
  }
  const bool long_enough = std::min(asked.key.size(), word.key.size()) >= kFewestSimilarLetters;
  if (comparison.asked.size() > 1 && long_enough && AreOneEditApart(asked.key, word.key)) {
    return {0.50, Fit::kSimilar};
  }
  return {};
}

constexpr uint8_t kNone = kMostNameWords;
constexpr size_t kMostSets = size_t{1} << kMostNameWords;
static_assert(kMostNameWords <= 8);

// Which word of the name each word asked for stands for, kNone for none, and what they add up to.
struct Assignment {
  double total = 0;
  std::array<uint8_t, kMostNameWords> word{};
};

using Scores = std::array<std::array<WordFit, kMostNameWords>, kMostNameWords>;

// The best of all assignments that give each word asked for a word of its own; with `in_order`,
// each further on in the name than the one before. Dynamic programming over the set of words taken.
class Assigner {
 public:
  Assigner(const Scores& scores, size_t asked, size_t words, bool in_order)
      : scores_(scores), words_(words), sets_(size_t{1} << words), in_order_(in_order) {
    std::fill_n(best_.begin(), sets_, -1);
    best_[0] = 0;
    for (size_t i = 0; i < asked; ++i) Step(i);
  }

  Assignment Best(size_t asked) const {
    size_t set = 0;
    for (size_t other = 1; other < sets_; ++other) {
      if (best_[other] > best_[set]) set = other;
    }
    Assignment assignment{.total = best_[set]};
    for (size_t i = asked; i-- > 0;) {
      const uint8_t word = taken_[i][set];
      assignment.word[i] = word;
      if (word != kNone) set &= ~(size_t{1} << word);
    }
    return assignment;
  }

 private:
  bool MayTake(size_t set, size_t word) const {
    return in_order_ ? set >> word == 0 : (set >> word & 1) == 0;
  }

  void Step(size_t i) {
    std::array<double, kMostSets> next;
    std::copy_n(best_.begin(), sets_, next.begin());
    std::fill_n(taken_[i].begin(), sets_, kNone);
    for (size_t set = 0; set < sets_; ++set) {
      if (best_[set] < 0) continue;
      for (uint8_t word = 0; word < words_; ++word) {
        const double score = scores_[i][word].score;
        if (score <= 0 || !MayTake(set, word)) continue;
        const size_t with = set | size_t{1} << word;
        if (best_[set] + score <= next[with]) continue;
        next[with] = best_[set] + score;
        taken_[i][with] = word;
      }
    }
    std::copy_n(next.begin(), sets_, best_.begin());
  }

  const Scores& scores_;
  const size_t words_;
  const size_t sets_;
  const bool in_order_;
  // By set of words taken: the best total, negative where none leads there, and per word asked for
  // which word it took last. Only the first sets_ are used.
  std::array<double, kMostSets> best_;
  std::array<std::array<uint8_t, kMostSets>, kMostNameWords> taken_;
};

double Coverage(size_t matched, const Assignment& assignment, size_t asked, size_t words) {
  if (matched == words) return 1;
  const auto* end = assignment.word.begin() + asked;
  const bool given_name = std::find(assignment.word.begin(), end, words - 1) != end;
  return 0.75 + 0.2 * static_cast<double>(matched) / static_cast<double>(words) +
         (given_name ? 0.05 : 0);
}

// At least two of the words asked for are found, and one of them is no common word.
bool TellsPeopleApart(const Comparison& comparison, const Assignment& assignment) {
  size_t found = 0;
  bool telling = false;
  for (size_t i = 0; i < comparison.asked.size(); ++i) {
    if (assignment.word[i] == kNone) continue;
    ++found;
    telling = telling || !MayBeCommon(comparison.asked[i]);
  }
  return found > 1 && telling;
}

std::optional<NameFit> Judge(const Comparison& comparison, const Scores& scores,
                             const Assignment& assignment, bool in_order) {
  const size_t asked = comparison.asked.size();
  NameFit result{.fit = in_order ? Fit::kExact : Fit::kSwapped};
  size_t matched = 0;
  size_t differing = 0;
  for (size_t i = 0; i < asked; ++i) {
    const size_t word = assignment.word[i];
    const Fit fit = word == kNone ? Fit::kSimilar : scores[i][word].fit;
    if (word != kNone) ++matched;
    if (fit == Fit::kSimilar) ++differing;
    result.fit = std::max(result.fit, fit);
  }
  if (differing > 1) return std::nullopt;
  if (matched < asked && !TellsPeopleApart(comparison, assignment)) return std::nullopt;
  const size_t words = comparison.name.size();
  if (matched < words) result.fit = std::max(result.fit, Fit::kPartial);
  result.score = assignment.total / static_cast<double>(asked) *
                 Coverage(matched, assignment, asked, words) * (in_order ? 1 : kOtherOrder);
  return result;
}

}  // namespace

std::optional<NameFit> FitOfNames(const Words& asked, bool last_word_unfinished,
                                  const Words& name) {
  if (asked.empty() || name.empty() || asked.size() > kMostNameWords ||
      name.size() > kMostNameWords) {
    return std::nullopt;
  }
  const Comparison comparison{asked, name, last_word_unfinished, HaveMarks(asked), HaveMarks(name)};
  Scores scores{};
  for (size_t i = 0; i < asked.size(); ++i) {
    for (size_t j = 0; j < name.size(); ++j) scores[i][j] = FitOfWords(comparison, i, j);
  }
  std::optional<NameFit> best;
  for (const bool in_order : {true, false}) {
    const Assigner assigner(scores, asked.size(), name.size(), in_order);
    const auto fit = Judge(comparison, scores, assigner.Best(asked.size()), in_order);
    if (fit.has_value() && (!best.has_value() || fit->score > best->score)) best = fit;
  }
  return best;
}

}  // namespace caseledger::projections::person_search
