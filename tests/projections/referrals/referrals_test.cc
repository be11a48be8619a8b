#include "projections/referrals/referrals.h"

#include <gmock/gmock.h>

#include "tests/support/placement_and_referral_facts.h"
#include "tests/support/projection_table.h"

namespace caseledger::projections {
namespace {

using namespace caseledger::testing;  // NOLINT: the facts
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Micros kHour = 3'600 * kMicrosPerSecond;
constexpr auto kInbox = ReferralQuery::Direction::kInbox;
constexpr auto kOutbox = ReferralQuery::Direction::kOutbox;

class ReferralsTest : public ::testing::Test {
 protected:
  std::vector<ReferralRow> List(ReferralQuery query) {
    table_.CatchUp(events_);
    auto page = ListReferrals(*table_.Snapshot(), query);
    EXPECT_TRUE(page.ok()) << page.status();
    return page.ok() ? std::move(page->referrals) : std::vector<ReferralRow>();
  }
  std::vector<ReferralRow> Inbox(const std::string& agency, Micros now = 0) {
    return List({.agency_id = agency, .direction = kInbox, .now = now});
  }
  std::vector<ReferralRow> Outbox(const std::string& agency, Micros now = 0) {
    return List({.agency_id = agency, .direction = kOutbox, .now = now});
  }
  void Add(const event::v1::Fact& fact, Micros occurred_at) {
    events_.Add(case_, fact, occurred_at);
  }

  const eventstore::StreamId case_ = NamedStream(options::v1::RECORD_KIND_CASE_RECORD, "a");
  RecordedEvents events_;
  ProjectionTable table_{MakeReferrals()};
};

TEST_F(ReferralsTest, SentReferralIsPendingInBothBoxes) {
  Add(ReferralSentFact("r1", "legal-aid", 10 * kHour), kHour);
  const std::vector<ReferralRow> out = Outbox("hotline");
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].case_id, case_.id);
  EXPECT_EQ(out[0].referral_id, "r1");
  EXPECT_EQ(out[0].to_agency_id, "legal-aid");
  EXPECT_EQ(out[0].service, "legal");
  EXPECT_EQ(out[0].state, "pending");
  EXPECT_EQ(out[0].urgency, "urgent");
  EXPECT_EQ(out[0].sent_at, kHour);
  EXPECT_EQ(out[0].expire_at, 10 * kHour);
  EXPECT_EQ(out[0].answered_at, std::nullopt);
  EXPECT_EQ(Inbox("legal-aid").size(), 1u);
  EXPECT_THAT(Inbox("hotline"), IsEmpty());
}

TEST_F(ReferralsTest, ReceiverLearnsWhoItIsFromAcceptanceUntilItIsGivenBack) {
  Add(ReferralSentFact("r1", "legal-aid"), kHour);
  EXPECT_EQ(Inbox("legal-aid")[0].person_id, "");
  EXPECT_EQ(Outbox("hotline")[0].person_id, "p1");
  Add(ReferralAcceptedFact("r1"), 2 * kHour);
  EXPECT_EQ(Inbox("legal-aid")[0].person_id, "p1");
  EXPECT_EQ(Inbox("legal-aid")[0].answered_at, 2 * kHour);
  Add(ReferralReturnedFact("r1"), 3 * kHour);
  EXPECT_EQ(Inbox("legal-aid")[0].person_id, "");
  EXPECT_EQ(Inbox("legal-aid")[0].state, "returned");
  EXPECT_EQ(Inbox("legal-aid")[0].completed_at, 3 * kHour);
}

TEST_F(ReferralsTest, OfferRunsOutAtItsExpiryWhetherRecordedOrNot) {
  Add(ReferralSentFact("r1", "legal-aid", 10 * kHour), kHour);
  EXPECT_EQ(Inbox("legal-aid", 10 * kHour - 1)[0].state, "pending");
  EXPECT_EQ(Inbox("legal-aid", 10 * kHour)[0].state, "expired");
  EXPECT_THAT(List({.agency_id = "legal-aid", .state = "pending", .now = 10 * kHour}), IsEmpty());
  Add(ReferralExpiredFact("r1"), 10 * kHour);
  EXPECT_EQ(Inbox("legal-aid", 0)[0].state, "expired");
}

TEST_F(ReferralsTest, ReferralEndsWithItsConsentAndTheReceiverNoLongerLearnsWhoItIs) {
  Add(ReferralSentFact("r1", "legal-aid", 10 * kHour), kHour);
  Add(ReferralSentFact("r2", "legal-aid"), kHour);
  Add(ReferralAcceptedFact("r2"), 2 * kHour);
  Add(ReferralConsentLostFact("r1"), 3 * kHour);
  Add(ReferralConsentLostFact("r2"), 3 * kHour);
  const std::vector<ReferralRow> in = Inbox("legal-aid", 100 * kHour);
  ASSERT_EQ(in.size(), 2u);
  for (const ReferralRow& row : in) {
    EXPECT_EQ(row.state, "consent_lost");
    EXPECT_EQ(row.person_id, "");
    EXPECT_EQ(row.completed_at, std::nullopt);
  }
  EXPECT_THAT(List({.agency_id = "legal-aid", .state = "pending"}), IsEmpty());
  EXPECT_EQ(Outbox("hotline")[0].state, "consent_lost");
  events_.Void(4);
  EXPECT_EQ(List({.agency_id = "legal-aid", .state = "accepted"}).size(), 1u);
}

TEST_F(ReferralsTest, AcceptedReferralDoesNotRunOut) {
  Add(ReferralSentFact("r1", "legal-aid", 10 * kHour), kHour);
  Add(ReferralAcceptedFact("r1"), 2 * kHour);
  EXPECT_EQ(Inbox("legal-aid", 100 * kHour)[0].state, "accepted");
}

TEST_F(ReferralsTest, ForwardedReferralBecomesAPendingOneFromWhoPassedItOn) {
  Add(ReferralSentFact("r1", "legal-aid"), kHour);
  Add(ReferralAcceptedFact("r1"), 2 * kHour);
  Add(ReferralForwardedFact("r1", "r2", "hospital"), 3 * kHour);
  EXPECT_EQ(Outbox("hotline")[0].state, "forwarded");
  const std::vector<ReferralRow> forwarded = Outbox("legal-aid");
  ASSERT_EQ(forwarded.size(), 1u);
  EXPECT_EQ(forwarded[0].referral_id, "r2");
  EXPECT_EQ(forwarded[0].to_agency_id, "hospital");
  EXPECT_EQ(forwarded[0].service, "legal");
  EXPECT_EQ(forwarded[0].state, "pending");
  EXPECT_EQ(Inbox("hospital").size(), 1u);
}

TEST_F(ReferralsTest, CorrectedReceiverMovesTheReferralToTheOtherInbox) {
  Add(ReferralSentFact("r1", "legal-aid"), kHour);
  EXPECT_EQ(Inbox("legal-aid").size(), 1u);
  events_.Correct(0, ReferralSentFact("r1", "hospital"));
  EXPECT_THAT(Inbox("legal-aid"), IsEmpty());
  EXPECT_EQ(Inbox("hospital").size(), 1u);
}

TEST_F(ReferralsTest, VoidedAnswerLeavesItPendingAndVoidedSendingNothing) {
  Add(ReferralSentFact("r1", "legal-aid"), kHour);
  Add(ReferralAcceptedFact("r1"), 2 * kHour);
  events_.Void(1);
  EXPECT_EQ(Outbox("hotline")[0].state, "pending");
  EXPECT_EQ(Outbox("hotline")[0].answered_at, std::nullopt);
  events_.Void(0);
  EXPECT_THAT(Outbox("hotline"), IsEmpty());
}

TEST_F(ReferralsTest, LateEntryIsPutWhereItOccurred) {
  Add(ReferralSentFact("r1", "legal-aid"), kHour);
  Add(ReferralCompletedFact("r1"), 9 * kHour);
  Add(ReferralAcceptedFact("r1"), 2 * kHour);
  EXPECT_EQ(Outbox("hotline")[0].state, "completed");
  EXPECT_EQ(Outbox("hotline")[0].answered_at, 2 * kHour);
}

TEST_F(ReferralsTest, PagesGoFromNewestToOldestWithoutGapOrRepetition) {
  for (int i = 0; i < 5; ++i) Add(ReferralSentFact("r" + std::to_string(i), "x"), i * kHour);
  table_.CatchUp(events_);
  std::vector<std::string> ids;
  ReferralQuery query{.agency_id = "x", .page_size = 2};
  do {
    const ReferralPage page = ListReferrals(*table_.Snapshot(), query).value();
    for (const ReferralRow& row : page.referrals) ids.push_back(row.referral_id);
    query.page_token = page.next_page_token;
  } while (!query.page_token.empty());
  EXPECT_THAT(ids, ElementsAre("r4", "r3", "r2", "r1", "r0"));
}

TEST_F(ReferralsTest, AreSortedByWhenTheyWereSentWhenTheyExpireAndHowUrgentTheyAre) {
  const auto send = [&](const std::string& id, int urgency, Micros sent, Micros expires) {
    event::v1::Fact fact = ReferralSentFact(id, "x", expires);
    fact.mutable_referral_sent()->set_urgency(static_cast<event::v1::ReferralUrgency>(urgency));
    Add(fact, sent);
  };
  send("r1", event::v1::REFERRAL_URGENCY_ROUTINE, 1 * kHour, 50 * kHour);
  send("r2", event::v1::REFERRAL_URGENCY_EMERGENCY, 2 * kHour, 0);
  send("r3", event::v1::REFERRAL_URGENCY_URGENT, 3 * kHour, 40 * kHour);
  send("r4", event::v1::REFERRAL_URGENCY_EMERGENCY, 4 * kHour, 60 * kHour);
  send("r5", 99 /* a newer partner's */, 5 * kHour, 30 * kHour);
  const auto ids = [&](ReferralOrder order) {
    std::vector<std::string> found;
    table_.CatchUp(events_);
    ReferralQuery query{.order = order, .agency_id = "x", .page_size = 2};
    do {
      const ReferralPage page = ListReferrals(*table_.Snapshot(), query).value();
      for (const ReferralRow& row : page.referrals) found.push_back(row.referral_id);
      query.page_token = page.next_page_token;
    } while (!query.page_token.empty());
    return found;
  };
  EXPECT_THAT(ids(ReferralOrder::kLastSent), ElementsAre("r5", "r4", "r3", "r2", "r1"));
  EXPECT_THAT(ids(ReferralOrder::kFirstSent), ElementsAre("r1", "r2", "r3", "r4", "r5"));
  EXPECT_THAT(ids(ReferralOrder::kFirstToExpire), ElementsAre("r5", "r3", "r1", "r4", "r2"));
  EXPECT_THAT(ids(ReferralOrder::kMostUrgent), ElementsAre("r4", "r2", "r3", "r5", "r1"))
      << "what nobody knows is routine";
}

TEST_F(ReferralsTest, QuestionWithoutAgencyIsRefused) {
  EXPECT_EQ(ListReferrals(*table_.Snapshot(), {}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace caseledger::projections
