// The access trail under the rules that are delivered: who may open, review and list what.
#include "tests/integration/trail/trail_fixture.h"

namespace caseledger::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const Who kOwner = Named("lan", "ctxh-qn", "supervisor,case_worker");  // of the case
const Who kStranger = Named("hoa", "ctxh-hl", "case_worker");
const Who kOtherBoss = Named("minh", "ctxh-hl", "supervisor");
const Who kAuditor = Named("tra", "thanh-tra", "auditor");

class TrailRights : public TrailServerTest {
 protected:
  void SetUp() override {
    TrailServerTest::SetUp();
    case_id_ = As(kOwner, "",
                  "case_opened { case_type: 'gender_based_violence' concerns: 'domestic_violence' "
                  "owner_agency_id: 'ctxh-qn' }");
  }

  // The record that the command began or changed.
  std::string As(const Who& who, const std::string& record_id, const std::string& fact) {
    const auto answer = client().Send(CommandOf(record_id, fact), who);
    EXPECT_TRUE(answer.ok()) << answer.status.error_message();
    return answer.value.record_id();
  }
  std::string ListAccessTo(const std::string& case_id, const Who& who) {
    v1::ListAccessRequest request;
    request.set_record_kind(kCaseKind);
    request.set_record_id(case_id);
    return ReasonOf(Ask(&AccessStub::ListAccess, request, who).status);
  }

  std::string case_id_;
};

TEST_F(TrailRights, BreakGlassOpensTheCaseToItsUserUntilItEnds) {
  EXPECT_EQ(ReasonOf(GetCase(case_id_, kStranger).status), "RECORD_UNKNOWN");
  const v1::UseBreakGlassResponse use = Use(case_id_, kStranger);
  EXPECT_TRUE(GetCase(case_id_, kStranger).ok());
  EXPECT_EQ(WhoSaw(case_id_, kOwner).at(0).accessed().break_glass_event_id(),
            use.break_glass_event_id());
  EXPECT_FALSE(GetCase(case_id_, kOtherBoss).ok()) << "the window is its user's alone";
  AdvanceSeconds(60 * kMinuteSeconds);
  EXPECT_EQ(ReasonOf(GetCase(case_id_, kStranger).status), "RECORD_UNKNOWN");
}

TEST_F(TrailRights, TheOwnersSupervisorReviewsAndOthersLearnNothing) {
  const v1::UseBreakGlassResponse use = Use(case_id_, kStranger);
  EXPECT_THAT(Uses(false, kOtherBoss), IsEmpty());
  const auto foreign =
      Ask(&AccessStub::ReviewBreakGlass, ReviewRequest(use.break_glass_event_id()), kOtherBoss);
  const auto unknown = Ask(&AccessStub::ReviewBreakGlass, ReviewRequest(NewUuid()), kOtherBoss);
  EXPECT_EQ(ReasonOf(foreign.status), "BREAK_GLASS_UNKNOWN");
  EXPECT_EQ(foreign.status.error_details(), unknown.status.error_details());
  EXPECT_EQ(foreign.status.error_message(), unknown.status.error_message());
  const auto rows = Uses(false, kOwner);
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_EQ(rows[0].use().break_glass_used().reason().text(), "Ambulance on its way");
  const auto review =
      Ask(&AccessStub::ReviewBreakGlass, ReviewRequest(use.break_glass_event_id()), kOwner);
  EXPECT_TRUE(review.ok()) << review.status.error_message();
  EXPECT_THAT(Uses(false, kOwner), IsEmpty());
}

TEST_F(TrailRights, AnAuditorSeesUsesButNotTheirReasons) {
  Use(case_id_, kStranger);
  const auto rows = Uses(true, kAuditor, "audit");
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_EQ(rows[0].use().actor(), "hoa");
  EXPECT_EQ(rows[0].use().break_glass_used().reason().text(), "");
}

TEST_F(TrailRights, WhoSawACaseIsForItsOwnersSupervisor) {
  EXPECT_EQ(ListAccessTo(case_id_, kOwner), "OK");
  EXPECT_EQ(ListAccessTo(case_id_, kOtherBoss), ListAccessTo(NewUuid(), kOtherBoss));
  EXPECT_NE(ListAccessTo(case_id_, kOtherBoss), "OK");
  EXPECT_NE(ListAccessTo(case_id_, kStranger), "OK");
}

TEST_F(TrailRights, EverybodySeesTheirOwnTrailAndNobodyElses) {
  ASSERT_TRUE(GetCase(case_id_, kOwner).ok());
  EXPECT_TRUE(SeenBy(kOwner, kOwner).ok());
  EXPECT_EQ(ReasonOf(SeenBy(kOwner, kStranger).status), "ACCESS_DENIED");
  EXPECT_EQ(SeenBy(kOwner, kStranger).status.error_details(),
            SeenBy(Named("nobody"), kStranger).status.error_details());
  EXPECT_EQ(ReasonOf(SeenBy(kOwner, kAuditor).status), "ACCESS_DENIED") << "without a purpose";
  const auto seen = SeenBy(kOwner, kAuditor, "audit");
  ASSERT_TRUE(seen.ok()) << seen.status.error_message();
  EXPECT_EQ(seen.value.entries(0).actor(), "lan");
}

TEST_F(TrailRights, ARefusedQuestionIsARefusalOnTheTrail) {
  EXPECT_FALSE(GetCase(case_id_, kStranger).ok());
  v1::ListDenialsRequest request;
  request.set_agency_id("ctxh-hl");
  request.set_min_position(NewestEntry());
  EXPECT_FALSE(Ask(&AccessStub::ListDenials, request, kStranger).ok());
  request.set_min_position(NewestEntry());
  const auto denials = Ask(&AccessStub::ListDenials, request, kAuditor, "audit");
  ASSERT_TRUE(denials.ok()) << denials.status.error_message();
  std::vector<std::string> told;
  for (const v1::TrailEntry& entry : denials.value.entries()) {
    told.push_back(entry.denied().action() + " " + entry.denied().reason());
  }
  EXPECT_THAT(told, ElementsAre("ListDenials NO_ROLE", "GetCase NO_RELATION"));
}

}  // namespace
}  // namespace caseledger::testing
