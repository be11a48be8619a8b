#include "projections/person_search/text/fit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace caseledger::projections::person_search {
namespace {

using ::testing::DoubleNear;

std::optional<PersonFit> Fits(const char* asked, const char* name) {
  return FitOf({.name = asked}, {.names = {name}});
}

struct Case {
  const char* asked;
  const char* name;
  Fit fit;
  double score;
};

TEST(FitOf, NamesThatMustFit) {
  const Case cases[] = {
      {"Nguyễn Thị Hoà", "Nguyễn Thị Hoà", Fit::kExact, 1},
      {"NGUYỄN THỊ HÒA", "Nguyễn Thị Hoà", Fit::kExact, 1},
      {"  nguyễn  thị-hoà ", "Nguyễn Thị Hoà", Fit::kExact, 1},
      {"Lý Mỹ", "Lí Mĩ", Fit::kOtherSpelling, 0.98},
      {"Quỳnh", "Quình", Fit::kOtherSpelling, 0.98},
      {"nguyen thi hoa", "Nguyễn Thị Hoà", Fit::kSameWithoutMarks, 0.92},
      {"do dinh dat", "Đỗ Đình Đạt", Fit::kSameWithoutMarks, 0.92},
      {"Nguyễn Thị Hoà", "NGUYEN THI HOA", Fit::kSameWithoutMarks, 0.90},
      {"Hóa", "Hoà", Fit::kOtherMarks, 0.70},
      {"Nguyễn Lan", "Nguyễn Lân", Fit::kOtherMarks, 0.90},
      {"Lân", "Lan", Fit::kSameWithoutMarks, 0.90},
      {"Lan Nguyễn", "Nguyễn Lan", Fit::kSwapped, 0.95},
      {"Hòa Nguyễn Thị", "Nguyễn Thị Hoà", Fit::kSwapped, 0.95},
      {"Thị Hoà", "Nguyễn Thị Hoà", Fit::kPartial, 0.75 + 0.2 * 2 / 3 + 0.05},
      {"Hoà", "Nguyễn Thị Hoà", Fit::kPartial, 0.75 + 0.2 / 3 + 0.05},
      {"Nguyễn Hoà", "Nguyễn Thị Hoà", Fit::kPartial, 0.75 + 0.2 * 2 / 3 + 0.05},
      {"Nguyễn Thị", "Nguyễn Thị Hoà", Fit::kPartial, 0.75 + 0.2 * 2 / 3},
      {"lan nguyen", "Nguyễn Thị Lan Anh", Fit::kPartial, 0.96 * 0.95 * 0.85},
      {"Nguyễn Thị Hòe", "Nguyễn Thị Hoà", Fit::kSimilar, 2.5 / 3},
      {"Nguyễn Thị Nam", "Nguyễn Thị Lam", Fit::kSimilar, 2.5 / 3},
      {"Nguyễn Thị Lan Anh", "Nguyễn Thị Lan", Fit::kSimilar, 0.75},
      {"Hoàng Minh Khoa", "Hoàng Minh Đức", Fit::kSimilar, 2.0 / 3 * (0.75 + 0.2 * 2 / 3)},
      {"Ngọc Ngọc", "Lỷ Ngọc Ngọc", Fit::kPartial, 0.75 + 0.2 * 2 / 3 + 0.05},
      {"王芳", "Wang Fang", Fit::kSameWithoutMarks, 0.90},
      {"hhen nie", "H'Hen Niê", Fit::kSameWithoutMarks, 0.92 * 0.5 + 0.5},
  };
  for (const Case& expected : cases) {
    const auto fit = Fits(expected.asked, expected.name);
    ASSERT_TRUE(fit.has_value()) << expected.asked << " / " << expected.name;
    EXPECT_EQ(FitWord(fit->fit), FitWord(expected.fit)) << expected.asked << " / " << expected.name;
    EXPECT_THAT(fit->score, DoubleNear(expected.score, 1e-9))
        << expected.asked << " / " << expected.name;
  }
}

TEST(FitOf, NamesThatMustNotFit) {
  const struct {
    const char* asked;
    const char* name;
  } cases[] = {
      {"Mai", "May"},
      {"Thúy", "Thúi"},
      {"Huy", "Hui"},
      {"Lan", "Lam"},  // a lone word must be the word
      {"Lan", "Loan"},
      {"Hoa", "Hoàng"},  // a word is not its beginning
      {"Nguyễn Thị La", "Nguyễn Thị Lan"},
      {"Bốn", "Tứ Nguyệt Ánh Dương Minh Em Ba Hai Bốn"},  // the ninth word
      {"Nguyễn Lan Hoa", "Nguyễn Mai Huệ"},
      {"Lan Lan", "Nguyễn Lan"},             // each word asked for needs one of its own
      {"Nguyễn Thị Hoa", "Nguyễn Thị Lan"},  // common words alone tell nobody apart
      {"Trần Lan", "Nguyễn Lan"},            // of two words both must fit
      {"", "Nguyễn Lan"},
      {"Lan", ""},
  };
  for (const auto& [asked, name] : cases) {
    EXPECT_FALSE(Fits(asked, name).has_value()) << asked << " / " << name;
  }
}

TEST(FitOf, WhatIsTypedWithMarksRanksTheSameMarksFirst) {
  const double same = Fits("Lê Hòa", "Lê Hoà")->score;
  const double other_spelling = Fits("Lý Hòa", "Lí Hoà")->score;
  const double bare = Fits("Lê Hòa", "LE HOA")->score;
  const double other = Fits("Lê Hòa", "Lê Hoá")->score;
  EXPECT_GT(same, other_spelling);
  EXPECT_GT(other_spelling, bare);
  EXPECT_GT(bare, other);
  // Without marks all are the same.
  EXPECT_EQ(Fits("le hoa", "Lê Hoà")->score, Fits("le hoa", "Lê Hoá")->score);
}

TEST(FitOf, WholeNamesRankAbovePartsAndPartsWithTheGivenNameAboveOthers) {
  EXPECT_GT(Fits("Thị Lan", "Thị Lan")->score, Fits("Thị Lan", "Nguyễn Thị Lan")->score);
  EXPECT_GT(Fits("Thị Lan", "Nguyễn Thị Lan")->score, Fits("Thị Lan", "Nguyễn Thị Lan Anh")->score);
}

TEST(FitOf, ABegunWordFitsWhereAllowed) {
  const Asked asked{.name = "Nguyễn Thị La", .last_word_unfinished = true};
  const auto fit = FitOf(asked, {.names = {"Nguyễn Thị Lan"}});
  ASSERT_TRUE(fit.has_value());
  EXPECT_EQ(fit->fit, Fit::kPartial);
  EXPECT_LT(fit->score, FitOf(asked, {.names = {"Nguyễn Thị La"}})->score);
  EXPECT_FALSE(FitOf(asked, {.names = {"Nguyễn Thị Hoa"}}).has_value());
}

TEST(FitOf, TheBestOfAllNamesCounts) {
  const PersonText person{.names = {"Trần Thị Mai", "", "Bé Na", "Na"}};
  const auto fit = FitOf({.name = "na"}, person);
  ASSERT_TRUE(fit.has_value());
  EXPECT_EQ(fit->name, 3u);
  EXPECT_EQ(fit->fit, Fit::kExact);
  EXPECT_EQ(FitOf({.name = "be na"}, person)->name, 2u);
}

TEST(FitOf, PhonesFitWholeByTheirEndOrWithAnotherPrefix) {
  const PersonText person{.phone = "0912 345 678 / 02033825555"};
  const struct {
    const char* asked;
    std::optional<Fit> fit;
  } cases[] = {
      {"+84912345678", Fit::kExact}, {"2345678", Fit::kPartial},    {"12345678", Fit::kPartial},
      {"3825555", Fit::kPartial},    {"0812345678", Fit::kSimilar}, {"92345678", std::nullopt},
      {"0912345679", std::nullopt},  {"345678", std::nullopt},      {"abc", std::nullopt}};
  for (const auto& [asked, expected] : cases) {
    const auto fit = FitOf({.phone = asked}, person);
    ASSERT_EQ(fit.has_value(), expected.has_value()) << asked;
    if (!expected.has_value()) continue;
    EXPECT_EQ(FitWord(fit->fit), FitWord(*expected)) << asked;
  }
}

TEST(FitOf, IdentityNumbersFitWholeOrNotAtAll) {
  const PersonText person{.identity_numbers = {"022199001234", "C1234567"}};
  EXPECT_EQ(FitOf({.identity_number = "022 199 001 234"}, person)->score, 1);
  EXPECT_EQ(FitOf({.identity_number = "c1234567"}, person)->fit, Fit::kExact);
  EXPECT_FALSE(FitOf({.identity_number = "199001234"}, person).has_value());
  EXPECT_FALSE(FitOf({.identity_number = "-"}, {.identity_numbers = {"-"}}).has_value());
}

TEST(FitOf, EveryPartMustFitAndTheWorstCounts) {
  const PersonText person{.names = {"Nguyễn Lan"}, .phone = "0912345678"};
  const auto fit = FitOf({.name = "Nguyễn Lan", .phone = "2345678"}, person);
  ASSERT_TRUE(fit.has_value());
  EXPECT_EQ(fit->fit, Fit::kPartial);
  EXPECT_EQ(fit->score, 0.9);
  EXPECT_FALSE(FitOf({.name = "Nguyễn Lan", .phone = "0912345679"}, person).has_value());
  EXPECT_FALSE(FitOf({}, person).has_value());
}

TEST(FitWord, EachIsItsOwn) {
  const std::vector<std::string_view> words = {
      FitWord(Fit::kExact),      FitWord(Fit::kOtherSpelling), FitWord(Fit::kSameWithoutMarks),
      FitWord(Fit::kOtherMarks), FitWord(Fit::kSwapped),       FitWord(Fit::kPartial),
      FitWord(Fit::kSimilar)};
  EXPECT_THAT(words, ::testing::ElementsAre("exact", "other_spelling", "same_without_marks",
                                            "other_marks", "swapped", "partial", "similar"));
}

}  // namespace
}  // namespace caseledger::projections::person_search
