#include "projections/person_search/text/common_words.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace caseledger::projections::person_search {
namespace {

// With its marks as NameWord::marked has them: NFD, the tone last.
struct CommonWord {
  std::string_view key;
  std::u16string_view marked;
};

constexpr std::array<CommonWord, 6> kCommonWords = {{
    {"nguyen", u"nguye\u0302n\u0303"},
    {"tran", u"tra\u0302n\u0300"},
    {"le", u"le\u0302"},
    {"pham", u"pham\u0323"},
    {"thi", u"thi\u0323"},
    {"van", u"va\u0306n"},
}};

const CommonWord* CommonWordOf(const NameWord& word) {
  const auto* found =
      std::find_if(kCommonWords.begin(), kCommonWords.end(),
                   [&](const CommonWord& common) { return common.key == word.key; });
  return found == kCommonWords.end() ? nullptr : found;
}

}  // namespace

bool MayBeCommon(const NameWord& word) { return CommonWordOf(word) != nullptr; }

bool AllMayBeCommon(const std::vector<NameWord>& words) {
  return std::all_of(words.begin(), words.end(), MayBeCommon);
}

bool IsCommon(const std::vector<NameWord>& name, size_t i) {
  const CommonWord* common = CommonWordOf(name[i]);
  return common != nullptr && i + 1 < name.size() &&
         (name[i].marked == common->marked || !name[i].HasMarks());
}

}  // namespace caseledger::projections::person_search
