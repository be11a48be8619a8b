#include "services/access/reason_counts.h"

#include "gmock/gmock.h"

namespace caseledger::access {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::SizeIs;

TEST(ReasonCounts, CountByReason) {
  ReasonCounts counts;
  EXPECT_THAT(counts.Read(), ElementsAre(Pair("OTHER", 0)));
  counts.Add("NO_ROLE");
  counts.Add("NO_RELATION");
  counts.Add("NO_ROLE");
  EXPECT_THAT(counts.Read(),
              ElementsAre(Pair("NO_RELATION", 1), Pair("NO_ROLE", 2), Pair("OTHER", 0)));
}

TEST(ReasonCounts, WhatIsNoReasonIsCountedWithoutItsName) {
  ReasonCounts counts;
  for (const char* text : {"", "nguyen thi hoa", "No_Role", "CODE1", "A B"}) counts.Add(text);
  counts.Add(std::string(41, 'A'));
  EXPECT_THAT(counts.Read(), ElementsAre(Pair("OTHER", 6)));
}

TEST(ReasonCounts, TheyAreBounded) {
  ReasonCounts counts;
  for (size_t length = 1; length <= 40; ++length) counts.Add(std::string(length, 'A'));
  const auto read = counts.Read();
  EXPECT_THAT(read, SizeIs(ReasonCounts::kMostReasons));
  EXPECT_EQ(read.at("OTHER"), 40 - (ReasonCounts::kMostReasons - 1));
  counts.Add("A");
  EXPECT_EQ(counts.Read().at("A"), 2u) << "known ones are counted on";
}

}  // namespace
}  // namespace caseledger::access
