// Cases opened in an emergency, and their reviews.
#include "tests/integration/trail/trail_fixture.h"

namespace caseledger::testing {
namespace {

const Who kWorker = Named("lan");
const Who kReviewer = Named("minh", "ctxh-qn", "supervisor");

class BreakGlass : public TrailServerTest {
 protected:
  void SetUp() override {
    TrailServerTest::SetUp();
    RegisterAgency("ctxh-qn");
    case_id_ = OpenCase();
  }
  std::string case_id_;
};

TEST_F(BreakGlass, AUseLastsAnHourAndIsListedForReview) {
  const v1::UseBreakGlassResponse use = Use(case_id_, kWorker);
  EXPECT_EQ(use.case_id(), case_id_);
  EXPECT_EQ(use.expire_time().seconds(), now_seconds() + 60 * kMinuteSeconds);
  const auto entries = WhoSaw(case_id_);
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_TRUE(entries[0].has_break_glass_used());
  const auto rows = Uses(false);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].use().event_id(), use.break_glass_event_id());
  EXPECT_EQ(rows[0].use().actor(), "lan");
  EXPECT_EQ(rows[0].use().break_glass_used().owner_agency_id(), "ctxh-qn");
  EXPECT_EQ(rows[0].use().break_glass_used().reason().text(), "Ambulance on its way");
  EXPECT_FALSE(rows[0].has_review());
}

TEST_F(BreakGlass, CountingUsesShowsNoneOfThem) {
  Use(case_id_, kWorker);
  const v1::UseBreakGlassResponse newest = Use(OpenCase(), kWorker);
  v1::ListBreakGlassRequest request;
  request.set_page_size(1);
  request.set_count_total(true);
  request.set_min_position(NewestEntry());
  const auto page = Ask(&AccessStub::ListBreakGlass, request);
  ASSERT_TRUE(page.ok()) << page.status.error_message();
  EXPECT_EQ(page.value.total_size(), 2U);
  ASSERT_EQ(page.value.uses_size(), 1);
  EXPECT_EQ(page.value.uses(0).use().event_id(), newest.break_glass_event_id());
  EXPECT_TRUE(WhoSaw(newest.case_id()).at(0).has_accessed());
  EXPECT_TRUE(WhoSaw(case_id_).at(0).has_break_glass_used()) << "it was counted and not shown";
}

TEST_F(BreakGlass, AUseLastsAtMostFourHours) {
  const auto longest = Ask(&AccessStub::UseBreakGlass, UseRequest(case_id_, 240), kWorker);
  EXPECT_EQ(longest.value.expire_time().seconds(), now_seconds() + 240 * kMinuteSeconds);
  for (const int64_t minutes : {241, -1}) {
    const auto refused = Ask(&AccessStub::UseBreakGlass, UseRequest(case_id_, minutes), kWorker);
    EXPECT_EQ(refused.status.error_code(), grpc::INVALID_ARGUMENT);
    EXPECT_THAT(Explain(refused.status).fields, ::testing::ElementsAre("minutes"));
  }
}

TEST_F(BreakGlass, ARepeatedRequestGivesTheFirstAnswer) {
  const v1::UseBreakGlassRequest request = UseRequest(case_id_);
  const auto first = Ask(&AccessStub::UseBreakGlass, request, kWorker);
  AdvanceSeconds(600);
  const auto again = Ask(&AccessStub::UseBreakGlass, request, kWorker);
  ASSERT_TRUE(first.ok() && again.ok());
  EXPECT_EQ(again.value.SerializeAsString(), first.value.SerializeAsString());
  EXPECT_EQ(Uses(false).size(), 1u);
  v1::UseBreakGlassRequest other = request;
  other.set_reason("Something else");
  EXPECT_EQ(ReasonOf(Ask(&AccessStub::UseBreakGlass, other, kWorker).status), "REQUEST_ID_REUSED");
}

TEST_F(BreakGlass, AnUnknownCaseCannotBeOpened) {
  const auto answer = Ask(&AccessStub::UseBreakGlass, UseRequest(NewUuid()), kWorker);
  EXPECT_EQ(answer.status.error_code(), grpc::NOT_FOUND);
  EXPECT_EQ(ReasonOf(answer.status), "RECORD_UNKNOWN");
  EXPECT_TRUE(Uses(true).empty());
}

TEST_F(BreakGlass, AReviewEndsTheWaiting) {
  const v1::UseBreakGlassResponse use = Use(case_id_, kWorker);
  const v1::ReviewBreakGlassRequest request = ReviewRequest(use.break_glass_event_id());
  const auto review = Ask(&AccessStub::ReviewBreakGlass, request, kReviewer);
  ASSERT_TRUE(review.ok()) << review.status.error_message();
  EXPECT_TRUE(Uses(false).empty());
  const auto rows = Uses(true);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].review().event_id(), review.value.event_id());
  EXPECT_EQ(rows[0].review().actor(), "minh");
  EXPECT_EQ(rows[0].review().break_glass_reviewed().note().text(), "They were right to look");
  const auto again = Ask(&AccessStub::ReviewBreakGlass, request, kReviewer);
  EXPECT_EQ(again.value.event_id(), review.value.event_id());
  Restart();
  EXPECT_TRUE(Uses(false).empty());
}

TEST_F(BreakGlass, NobodyReviewsTheirOwnUseAndNobodyReviewsTwice) {
  const Who both = Named("hoa", "ctxh-qn", "case_worker,supervisor");
  const v1::UseBreakGlassResponse use = Use(case_id_, both);
  const std::string& id = use.break_glass_event_id();
  const auto own = Ask(&AccessStub::ReviewBreakGlass, ReviewRequest(id), both);
  EXPECT_EQ(own.status.error_code(), grpc::FAILED_PRECONDITION);
  EXPECT_EQ(ReasonOf(own.status), "BREAK_GLASS_OWN");
  EXPECT_EQ(Explain(own.status).sentences.size(), 2u);
  ASSERT_TRUE(Ask(&AccessStub::ReviewBreakGlass, ReviewRequest(id), kReviewer).ok());
  const auto twice = Ask(&AccessStub::ReviewBreakGlass, ReviewRequest(id), Who{});
  EXPECT_EQ(twice.status.error_code(), grpc::FAILED_PRECONDITION);
  EXPECT_EQ(ReasonOf(twice.status), "BREAK_GLASS_REVIEWED");
}

TEST_F(BreakGlass, WhatIsNoUseCannotBeReviewed) {
  const auto answer = Ask(&AccessStub::ReviewBreakGlass, ReviewRequest(NewUuid()), kReviewer);
  EXPECT_EQ(answer.status.error_code(), grpc::NOT_FOUND);
  EXPECT_EQ(ReasonOf(answer.status), "BREAK_GLASS_UNKNOWN");
}

}  // namespace
}  // namespace caseledger::testing
