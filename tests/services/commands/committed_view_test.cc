// What readers see of a log that goes on.
#include "services/commands/committed_view.h"

#include "gtest/gtest.h"
#include "tests/services/commands/centre.h"

namespace caseledger::testing {
namespace {

using commands::CommittedView;
using commands::KnownHeads;
using commands::RecordKind;

constexpr char kPersonFact[] = "person_registered { attributes { sex: 'female' } }";

class CommittedViewTest : public ::testing::Test {
 protected:
  CommittedViewTest() { centre_.RegisterAgencies(); }

  static eventstore::StreamId Person(int number) {
    return {static_cast<uint32_t>(RecordKind::RECORD_KIND_PERSON), *Uuid::Parse(Id(number))};
  }

  Centre centre_;
  KnownHeads known_;
};

TEST_F(CommittedViewTest, WhatIsKnownOfAMomentIsForgottenWhenTheLogGoesOn) {
  EXPECT_EQ(CommittedView(centre_.log(), 0, known_).Head(Person(1))->revision, 0U);
  ASSERT_NE(known_.Find(Person(1)), nullptr);
  centre_.Given(Id(1), 0, kPersonFact);
  EXPECT_EQ(CommittedView(centre_.log(), 0, known_).Head(Person(1))->revision, 1U);
  EXPECT_EQ(CommittedView(centre_.log(), 0, known_).Head(Person(1))->revision, 1U);
  EXPECT_EQ(known_.Find(Person(1))->revision, 1U);
}

// One question is about one moment, however long it takes.
TEST_F(CommittedViewTest, AViewStaysWithWhatItSawFirst) {
  CommittedView view(centre_.log(), 0, known_);
  EXPECT_EQ(view.Head(Person(1))->revision, 0U);
  centre_.Given(Id(1), 0, kPersonFact);
  EXPECT_EQ(view.Head(Person(1))->revision, 0U);
}

TEST_F(CommittedViewTest, WhatIsKnownHasABound) {
  for (size_t i = 0; i < KnownHeads::kMost + 10; ++i) {
    known_.Put(Person(static_cast<int>(i)), {1, i, {}});
  }
  EXPECT_NE(known_.Find(Person(0)), nullptr);
  EXPECT_EQ(known_.Find(Person(static_cast<int>(KnownHeads::kMost) + 5)), nullptr);
}

}  // namespace
}  // namespace caseledger::testing
