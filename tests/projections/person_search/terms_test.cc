#include "projections/person_search/text/terms.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace caseledger::projections::person_search {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

Term Word(const char* text) { return {TermKind::kWord, text}; }
Term Pair(const char* text) { return {TermKind::kPair, text}; }
Term WordStart(const char* text) { return {TermKind::kWordStart, text}; }
Term PairStart(const char* text) { return {TermKind::kPairStart, text}; }

PersonText Named(const char* name) { return {.names = {name}}; }

bool Finds(const Asked& asked, const PersonText& person) {
  const auto terms = TermsOf(asked);
  EXPECT_TRUE(terms.ok()) << terms.status();
  if (!terms.ok()) return false;
  const Terms held = TermsOfPerson(person);
  return std::any_of(terms->strict.begin(), terms->strict.end(), [&](const Terms& alternative) {
    return std::includes(held.begin(), held.end(), alternative.begin(), alternative.end());
  });
}

bool FindsName(const char* asked, const char* name) { return Finds({.name = asked}, Named(name)); }
bool FindsBegun(const char* asked, const char* name) {
  return Finds({.name = asked, .last_word_unfinished = true}, Named(name));
}

TEST(TermsOfPerson, AreWordsPairsAndStarts) {
  EXPECT_THAT(TermsOfPerson(Named("Hà Khánh")),
              UnorderedElementsAre(Word("ha"), Word("khanh"), WordStart("kha"), Pair("ha khanh"),
                                   PairStart("ha kh"), PairStart("ha kha")));
}

TEST(TermsOfPerson, CommonWordsGetNoneOfTheirOwn) {
  EXPECT_THAT(TermsOfPerson(Named("Nguyễn Thị An")),
              UnorderedElementsAre(Word("an"), Pair("an nguyen"), Pair("an thi"),
                                   PairStart("an ng"), PairStart("an ngu"), PairStart("an th")));
}

TEST(TermsOfPerson, ACommonWordAsGivenNameIsAWordLikeAnother) {
  EXPECT_THAT(TermsOfPerson(Named("Lê Văn")),
              UnorderedElementsAre(Word("van"), Pair("le van"), PairStart("le va")))
      << "a start is shorter than its word, so Lê has none";
}

TEST(TermsOfPerson, OnlyTheVeryWordIsCommonNotItsLetters) {
  const Terms given = TermsOfPerson(Named("Nguyễn Vân Anh"));
  EXPECT_TRUE(given.contains(Word("van")));
  EXPECT_FALSE(TermsOfPerson(Named("Nguyễn Văn Anh")).contains(Word("van")));
  EXPECT_FALSE(TermsOfPerson(Named("Nguyen Van Anh")).contains(Word("van")));
}

TEST(TermsOfPerson, NamesAndNumbersAddUp) {
  const PersonText person{.names = {"An", "", "Bình"},
                          .phone = "0912345678",
                          .identity_numbers = {"022 199 001 234", "", "c1234567"}};
  EXPECT_THAT(TermsOfPerson(person),
              UnorderedElementsAre(Word("an"), Word("binh"), WordStart("bin"),
                                   Term{TermKind::kPhone, "+84912345678"},
                                   Term{TermKind::kPhoneEnd, "2345678"},
                                   Term{TermKind::kIdentityNumber, "022199001234"},
                                   Term{TermKind::kIdentityNumber, "C1234567"}));
}

TEST(TermsOfPerson, AreBoundedForTheLongestName) {
  const Terms terms = TermsOfPerson(
      Named("Alpha Bravo Charlie Delta Echoes Foxtrot Golfing Hotel India Juliet Kilo"));
  EXPECT_EQ(terms.size(), kMostTermsOfName);
}

TEST(TermsOf, PartsInAnyOrderAreFound) {
  for (const char* asked : {"Nguyễn Thị Lan Anh", "nguyen thi lan anh", "thi lan", "Lan Anh", "lan",
                            "Lan Nguyen", "anh lan thi nguyen", "nguyen anh", "ANH THI"}) {
    EXPECT_TRUE(FindsName(asked, "Nguyễn Thị Lan Anh")) << asked;
  }
  EXPECT_FALSE(FindsName("Lan Tran", "Nguyễn Thị Lan Anh"));
  EXPECT_FALSE(FindsName("la", "Nguyễn Thị Lan Anh"));
}

TEST(TermsOf, NamesOfCommonWordsAloneAreFoundByTheirGivenName) {
  for (const char* asked :
       {"Trần Thị Vân", "tran thi van", "thi van", "van", "Van Tran", "Vân Trần Thị"}) {
    EXPECT_TRUE(FindsName(asked, "Trần Thị Vân")) << asked;
    EXPECT_TRUE(FindsName(asked, "TRAN THI VAN")) << asked;
  }
  EXPECT_FALSE(FindsName("tran thi", "Trần Thị Vân")) << "says too little to be indexed";
}

TEST(TermsOf, CommonWordsAloneAreTold) {
  EXPECT_TRUE(TermsOf({.name = "Nguyễn"})->common_words_only);
  EXPECT_TRUE(TermsOf({.name = "le thi"})->common_words_only);
  EXPECT_FALSE(TermsOf({.name = "le thi lan"})->common_words_only);
  EXPECT_FALSE(TermsOf({.phone = "0912345678"})->common_words_only);
}

TEST(TermsOf, ABegunLastWordIsFoundWhereAllowed) {
  for (const char* asked : {"lan ngu", "lan nguye", "nguyen thi kha", "nguyen kh", "kha", "khan",
                            "khanh lan ngu", "thi lan kh", "lan k", "thi lan k"}) {
    EXPECT_TRUE(FindsBegun(asked, "Nguyễn Thị Lan Khánh")) << asked;
  }
  EXPECT_TRUE(FindsBegun("nguyen thi la", "Nguyễn Thị Lan"));
  EXPECT_TRUE(FindsBegun("nguyen thi lan", "Nguyễn Thị Lan")) << "it may also be whole";
  EXPECT_TRUE(FindsBegun("le v", "Lê Văn") == false) << "one letter beside a common word";
  EXPECT_FALSE(FindsName("nguyen thi kha", "Nguyễn Thị Lan Khánh"));
}

TEST(TermsOf, AWordTooManyOrWrongIsFoundWider) {
  const PersonText person = Named("Hoàng Minh Khôi");
  const Terms held = TermsOfPerson(person);
  for (const char* asked :
       {"Hoang Minh Khoa", "Hoang Ming Khoi", "Hoang Anh Minh Khoi", "Minh Kho"}) {
    EXPECT_FALSE(FindsName(asked, "Hoàng Minh Khôi")) << asked;
    const auto terms = TermsOf({.name = asked});
    EXPECT_TRUE(std::any_of(terms->wider.begin(), terms->wider.end(),
                            [&](const Terms& alternative) {
                              return std::includes(held.begin(), held.end(), alternative.begin(),
                                                   alternative.end());
                            }))
        << asked;
  }
}

TEST(TermsOf, PhonesAreFoundWholeOrByTheirLastSevenDigits) {
  const PersonText person{.phone = "0912 345 678"};
  for (const char* asked :
       {"+84912345678", "0912345678", "84 912 345 678", "2345678", "12345678"}) {
    EXPECT_TRUE(Finds({.phone = asked}, person)) << asked;
  }
  EXPECT_FALSE(Finds({.phone = "0812345678"}, person)) << "another prefix is found wider only";
  EXPECT_FALSE(Finds({.phone = "2345679"}, person));
}

TEST(TermsOf, EveryPartMustBeHeld) {
  const PersonText person{
      .names = {"Lan"}, .phone = "0912345678", .identity_numbers = {"101234567"}};
  EXPECT_TRUE(
      Finds({.name = "lan", .phone = "0912345678", .identity_number = "101 234 567"}, person));
  EXPECT_FALSE(Finds({.name = "mai", .phone = "0912345678"}, person));
  EXPECT_FALSE(Finds({.name = "lan", .identity_number = "101234568"}, person));
}

TEST(TermsOf, NoAlternativeIsEmpty) {
  for (const Asked& asked : std::vector<Asked>{{.name = "Nguyễn"},
                                               {.name = "le thi"},
                                               {.name = "le thi", .last_word_unfinished = true},
                                               {.name = "le t", .last_word_unfinished = true},
                                               {.name = "l", .last_word_unfinished = true},
                                               {.name = "lan hue mai", .phone = "2345678"},
                                               {.phone = "0912345678"},
                                               {.identity_number = "1"}}) {
    const auto terms = TermsOf(asked);
    ASSERT_TRUE(terms.ok());
    EXPECT_THAT(terms->strict, Not(IsEmpty()));
    EXPECT_THAT(terms->strict, Not(::testing::Contains(IsEmpty())));
    EXPECT_THAT(terms->wider, Not(::testing::Contains(IsEmpty())));
  }
}

TEST(TermsOf, RefusalsSayWhatToDoAndRepeatNothing) {
  const struct {
    Asked asked;
    const char* advice;
  } refused[] = {
      {{}, "give a name, a phone number or an identity number"},
      {{.name = "?!"}, "give at least one word"},
      {{.phone = "345678"}, "at least its last 7 digits"},
      {{.phone = "abc"}, "at least its last 7 digits"},
      {{.phone = "0912345678 / 0987654321"}, "one at a time"},
      {{.identity_number = "--"}, "give the whole number"},
  };
  for (const auto& [asked, advice] : refused) {
    const auto terms = TermsOf(asked);
    EXPECT_EQ(terms.status().code(), absl::StatusCode::kInvalidArgument);
    const std::string message(terms.status().message());
    EXPECT_THAT(message, HasSubstr(advice));
    for (const std::string& text : {asked.name, asked.phone, asked.identity_number}) {
      EXPECT_TRUE(text.empty() || message.find(text) == std::string::npos);
    }
  }
}

}  // namespace
}  // namespace caseledger::projections::person_search
