#include "projections/due_items/due_items.h"

#include <gmock/gmock.h>

#include "tests/support/placement_and_referral_facts.h"
#include "tests/support/projection_table.h"

namespace caseledger::projections {
namespace {

using namespace caseledger::testing;  // NOLINT: the facts
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class DueItemsTest : public ::testing::Test {
 protected:
  std::vector<std::string> Due(Micros until, size_t limit = 100) {
    table_.CatchUp(events_);
    std::vector<std::string> keys;
    const std::vector<DueItem> items = DueUntil(*table_.Snapshot(), until, limit).value();
    for (const DueItem& item : items) keys.push_back(item.key);
    return keys;
  }

  const eventstore::StreamId case_ = NamedStream(options::v1::RECORD_KIND_CASE_RECORD, "a");
  const eventstore::StreamId shelter_ = NamedStream(options::v1::RECORD_KIND_SHELTER, "s");
  RecordedEvents events_;
  ProjectionTable table_{MakeDueItems()};
};

TEST_F(DueItemsTest, ItemsComeInOrderOfDueTimeWithAllATimerNeeds) {
  events_.Add(case_, ReferralSentFact("r1", "x", 50), 1);
  events_.Add(shelter_, HeldFact("h1", 40), 2);
  events_.Add(case_, ReferralSentFact("r2", "x"), 3);  // never expires
  EXPECT_THAT(Due(39), IsEmpty());
  EXPECT_THAT(Due(40), ElementsAre("h1"));
  EXPECT_THAT(Due(100), ElementsAre("h1", "r1"));
  EXPECT_THAT(Due(100, 1), ElementsAre("h1"));
  EXPECT_THAT(Due(100, 0), IsEmpty());
  const std::vector<DueItem> items = DueUntil(*table_.Snapshot(), 100, 10).value();
  EXPECT_EQ(items[0].kind, DueKind::kPlacementHold);
  EXPECT_EQ(items[0].stream, shelter_);
  EXPECT_EQ(items[0].due_at, 40);
  EXPECT_EQ(items[0].event_id, events_.all()[1].event_id);
  EXPECT_EQ(items[1].kind, DueKind::kReferral);
  EXPECT_EQ(items[1].stream, case_);
  EXPECT_EQ(items[1].event_id, events_.all()[0].event_id);
}

TEST_F(DueItemsTest, AnyAnswerTakesTheItemAway) {
  events_.Add(case_, ReferralSentFact("r1", "x", 50), 1);
  events_.Add(case_, ReferralSentFact("r2", "x", 50), 1);
  events_.Add(case_, ReferralSentFact("r3", "x", 50), 1);
  events_.Add(shelter_, HeldFact("h1", 50), 2);
  events_.Add(shelter_, HeldFact("h2", 50), 2);
  events_.Add(shelter_, HeldFact("h3", 50), 2);
  EXPECT_THAT(Due(50), ElementsAre("r1", "r2", "r3", "h1", "h2", "h3"));
  events_.Add(case_, ReferralAcceptedFact("r1"), 10);
  events_.Add(case_, ReferralConsentLostFact("r3"), 10);
  events_.Add(shelter_, AdmittedFact("h1"), 10);
  events_.Add(shelter_, CancelledFact("h2"), 10);
  EXPECT_THAT(Due(50), ElementsAre("r2", "h3"));
  events_.Add(case_, ReferralExpiredFact("r2"), 50);
  events_.Add(shelter_, HoldExpiredFact("h3"), 50);
  EXPECT_THAT(Due(50), IsEmpty());
}

TEST_F(DueItemsTest, CorrectedExpiryMovesTheItemAndAVoidBringsItBack) {
  events_.Add(case_, ReferralSentFact("r1", "x", 50), 1);
  events_.Add(case_, ReferralAcceptedFact("r1"), 10);
  EXPECT_THAT(Due(100), IsEmpty());
  events_.Void(1);
  EXPECT_THAT(Due(50), ElementsAre("r1"));
  events_.Correct(0, ReferralSentFact("r1", "x", 80));
  EXPECT_THAT(Due(50), IsEmpty());
  EXPECT_THAT(Due(80), ElementsAre("r1"));
}

TEST_F(DueItemsTest, NewHoldOfAPlacementReplacesTheOldOne) {
  events_.Add(shelter_, HeldFact("h1", 40), 2);
  events_.Add(shelter_, HeldFact("h1", 90), 30);
  EXPECT_THAT(Due(40), IsEmpty());
  EXPECT_THAT(Due(90), ElementsAre("h1"));
}

}  // namespace
}  // namespace caseledger::projections
