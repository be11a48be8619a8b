// Which figures are withheld, in small tables by hand.
#include "services/disclosure/withhold.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace caseledger::disclosure {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr uint64_t kSmallest = 5;

// Figures not published yet; the first is the sum of the others.
Relations SumOf(const std::vector<uint64_t>& values) {
  Relations relations;
  Relation sum;
  for (const uint64_t value : values) {
    const size_t figure = relations.Add(
        {.value = value, .shown = true, .may_withhold = true, .guarded = value < kSmallest});
    sum.push_back({figure, figure == 0 ? -1 : 1});
  }
  relations.relations.push_back(sum);
  return relations;
}

TEST(Withhold, LeavesWhatHasNoSmallFigure) {
  const Withheld withheld = Withhold(SumOf({30, 10, 20}), kSmallest);
  EXPECT_THAT(withheld.figures, IsEmpty());
  EXPECT_THAT(withheld.exposed, IsEmpty());
}

TEST(Withhold, AFigureThatStandsAloneNeedsNoOther) {
  Relations alone;
  alone.Add({.value = 3, .shown = true, .may_withhold = true, .guarded = true});
  alone.Add({.value = 300, .shown = true, .may_withhold = true});
  EXPECT_THAT(Withhold(alone, kSmallest).figures, ElementsAre(0));
}

TEST(Withhold, ASmallPartTakesAnotherFigureWithIt) {
  const Withheld withheld = Withhold(SumOf({33, 3, 10, 20}), kSmallest);
  EXPECT_THAT(withheld.figures, SizeIs(2));
  EXPECT_THAT(withheld.figures, ::testing::Contains(1u));
}

TEST(Withhold, TwoSmallPartsOfWhichTheSumIsKnownAreNotEnough) {
  // 1 + 1 = 2: each would be known to be at most 2.
  const Withheld withheld = Withhold(SumOf({32, 1, 1, 10, 20}), kSmallest);
  EXPECT_THAT(withheld.figures, SizeIs(3));
  // 2 + 4 = 6: each may be 0 to 6.
  EXPECT_THAT(Withhold(SumOf({36, 2, 4, 10, 20}), kSmallest).figures, ElementsAre(1, 2));
}

TEST(Withhold, NoughtIsSmall) {
  EXPECT_THAT(Withhold(SumOf({30, 0, 10, 20}), kSmallest).figures, SizeIs(2));
}

TEST(Withhold, WhatWasShownBeforeCannotBeTakenBack) {
  Relations relations = SumOf({33, 3, 10, 20});
  relations.figures[0].may_withhold = relations.figures[2].may_withhold = false;
  EXPECT_THAT(Withhold(relations, kSmallest).figures, ElementsAre(1, 3));
  relations.figures[3].may_withhold = false;
  const Withheld exposed = Withhold(relations, kSmallest);
  EXPECT_THAT(exposed.figures, ElementsAre(1));
  EXPECT_THAT(exposed.exposed, ElementsAre(1));
}

TEST(Withhold, BoundsAreWhatEverybodyKnows) {
  Relations relations = SumOf({33, 3, 10, 20});
  relations.figures[1].shown = relations.figures[2].shown = false;
  const auto bounds = BoundsOf(relations, 1);
  ASSERT_TRUE(bounds.has_value());
  EXPECT_NEAR(bounds->least, 0, 1e-6);
  EXPECT_NEAR(bounds->most, 13, 1e-6);
  EXPECT_TRUE(bounds->LeavesOpen(14));
  EXPECT_FALSE(bounds->LeavesOpen(15));
}

TEST(Withhold, WholeNumbersCount) {
  EXPECT_TRUE((Bounds{0.5, 5.4}.LeavesOpen(5)));   // 1 to 5
  EXPECT_FALSE((Bounds{0.5, 4.9}.LeavesOpen(5)));  // 1 to 4
  EXPECT_TRUE((Bounds{0, kNoBound}.LeavesOpen(1000)));
}

// A table of two ways: rows and columns and both sums, 3 small figures.
TEST(Withhold, ATableOfTwoWaysIsSafeInBoth) {
  const uint64_t cells[3][3] = {{3, 20, 30}, {12, 2, 40}, {25, 31, 1}};
  Relations relations;
  const auto add = [&](uint64_t value) {
    return relations.Add(
        {.value = value, .shown = true, .may_withhold = true, .guarded = value < kSmallest});
  };
  size_t figures[3][3];
  for (int r = 0; r < 3; ++r) {
    for (int c = 0; c < 3; ++c) figures[r][c] = add(cells[r][c]);
  }
  for (int i = 0; i < 3; ++i) {
    const size_t row = add(cells[i][0] + cells[i][1] + cells[i][2]);
    const size_t column = add(cells[0][i] + cells[1][i] + cells[2][i]);
    relations.relations.push_back(
        {{row, -1}, {figures[i][0], 1}, {figures[i][1], 1}, {figures[i][2], 1}});
    relations.relations.push_back(
        {{column, -1}, {figures[0][i], 1}, {figures[1][i], 1}, {figures[2][i], 1}});
  }
  const Withheld withheld = Withhold(relations, kSmallest);
  EXPECT_THAT(withheld.exposed, IsEmpty());
  // Three small ones, and four of the twelve others at most.
  EXPECT_GE(withheld.figures.size(), 5u);
  EXPECT_LE(withheld.figures.size(), 7u);
  for (const size_t figure : withheld.figures) relations.figures[figure].shown = false;
  for (const size_t small : {figures[0][0], figures[1][1], figures[2][2]}) {
    const auto bounds = BoundsOf(relations, small);
    ASSERT_TRUE(bounds.has_value());
    EXPECT_TRUE(bounds->LeavesOpen(kSmallest)) << bounds->least << " to " << bounds->most;
  }
}

}  // namespace
}  // namespace caseledger::disclosure
