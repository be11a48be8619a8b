// Facts recorded out of order, corrected and voided: judged at the time they occurred, and refused,
// naming the dependents, when a later fact would then break a rule.
#include <gtest/gtest.h>

#include <string>

#include "tests/services/case_record/case_under_test.h"

namespace caseledger::testing {
namespace {

using domain::Reason;

void ExpectBreaks(const absl::Status& status, const std::string& dependents) {
  EXPECT_EQ(domain::ReasonOf(status), Reason::kLaterFactWouldBreak) << status;
  EXPECT_EQ(domain::ItemOf(status), dependents);
}

// Enrolled from hour 2 (e5) with sessions at 3 and 4 (e6, e7).
CaseUnderTest CaseInTherapy() {
  CaseUnderTest record = OpenCase();
  record.Given(1, Screened("E"));
  record.Given(2, Enrolled("E"));
  record.Given(3, Session("E", "X1"));
  record.Given(4, Session("E", "X2"));
  return record;
}

TEST(LateEntryTest, LateClosingNamesTheServiceAfterIt) {
  CaseUnderTest record = OpenCase();
  record.Given(5, Service("V"));
  ExpectBreaks(record.Try(3, kClosed), "e4");
  record.Given(6, kClosed);
}

TEST(LateEntryTest, LateServiceIsJudgedAgainstTheCycleItFellIn) {
  CaseUnderTest record = OpenCase();
  record.Given(10, kClosed);
  record.Given(20, kReopened);
  record.Given(9, Service("V1"));
  EXPECT_EQ(domain::ReasonOf(record.Try(15, Service("V2"))), Reason::kCaseClosed);
  record.Given(21, Service("V2"));
}

TEST(LateEntryTest, LateReferralBreaksTheClosingThatDidNotOverrideIt) {
  CaseUnderTest record = OpenCase();
  record.Given(10, kClosed);
  ExpectBreaks(record.Try(5, Sent("R")), "e4");
  record.Given(5, Sent("R", TimeField("expire_time", 8)));  // over before the closing
}

TEST(LateEntryTest, LateAnswerIsJudgedWhenItWasGiven) {
  CaseUnderTest record = OpenCase();
  record.Given(1, Sent("R", TimeField("expire_time", 10)));
  record.Given(50, Service("V"));
  record.caller = Partner();
  EXPECT_EQ(domain::ReasonOf(record.Try(10, Accepted("R"))), Reason::kReferralExpired);
  record.Given(9, Accepted("R"));
}

TEST(LateEntryTest, LateAnswerNamesTheRecordedExpiryAndPassesOnceThatIsVoided) {
  CaseUnderTest record = OpenCase();
  record.Given(1, Sent("R", TimeField("expire_time", 10)));
  record.Given(10, Expired("R"));
  record.caller = Partner();
  ExpectBreaks(record.Try(9, Accepted("R")), "e5");
  ASSERT_TRUE(record.Void("e5").ok());
  record.Given(9, Accepted("R"));
}

TEST(LateEntryTest, LateStayMayNotOverlapALaterOne) {
  CaseUnderTest record = OpenCase();
  record.Given(10, StayOpens("2"));
  ExpectBreaks(record.Try(5, StayOpens("1")), "e4");
}

TEST(LateEntryTest, KeyUsedLaterIsNotTakenEarlier) {
  CaseUnderTest record = OpenCase();
  record.Given(10, Service("V"));
  ExpectBreaks(record.Try(5, Service("V")), "e4");
}

TEST(LateEntryTest, LateEndOfTherapyNamesTheSessionsAfterIt) {
  CaseUnderTest record = CaseInTherapy();
  ExpectBreaks(record.Try(3.5, TherapyEnds("E")), "e7");
}

TEST(VoidTest, VoidedEnrolmentNamesItsSessions) {
  CaseUnderTest record = CaseInTherapy();
  ExpectBreaks(record.Void("e5"), "e6,e7");
  ASSERT_TRUE(record.Void("e6").ok());
  ASSERT_TRUE(record.Void("e7").ok());
  EXPECT_TRUE(record.Void("e5").ok());
}

TEST(VoidTest, VoidedOpeningNamesEverything) {
  CaseUnderTest record = OpenCase();
  ExpectBreaks(record.Void("e1"), "e2,e3");
}

TEST(VoidTest, VoidedClosingOfACaseThatWasReopenedNamesTheReopening) {
  CaseUnderTest record = OpenCase();
  record.Given(1, kClosed);
  record.Given(2, kReopened);
  ExpectBreaks(record.Void("e4"), "e5");
}

TEST(VoidTest, VoidedKeyMayBeUsedAgain) {
  CaseUnderTest record = OpenCase();
  record.Given(1, Service("V"));
  ASSERT_TRUE(record.Void("e4").ok());
  record.Given(2, Service("V"));
}

TEST(CorrectionTest, EnrolmentMovedBehindASessionNamesIt) {
  CaseUnderTest record = CaseInTherapy();
  ExpectBreaks(record.Correct("e5", FactOf(Enrolled("E")), 3.5), "e6");
  EXPECT_TRUE(record.Correct("e5", FactOf(Enrolled("E")), 2.5).ok());
}

TEST(CorrectionTest, SessionMovedBeforeEnrolmentGivesItsOwnReason) {
  CaseUnderTest record = CaseInTherapy();
  const absl::Status status = record.Correct("e6", FactOf(Session("E", "X1")), 1.5);
  EXPECT_EQ(domain::ReasonOf(status), Reason::kTherapyNotEnrolled);
}

TEST(CorrectionTest, AnsweredReferralIsNotCorrectedToAnotherAgency) {
  CaseUnderTest record = OpenCase();
  record.caller = Worker();
  record.Given(1, Sent("R"));
  record.caller = Partner();
  record.Given(2, Accepted("R"));
  record.caller = Worker();
  domain::Fact elsewhere = FactOf(Sent("R"));
  elsewhere.mutable_referral_sent()->set_to_agency_id("C");
  ExpectBreaks(record.Correct("e4", elsewhere), "e5");
  EXPECT_TRUE(record.Correct("e4", FactOf(Sent("R"))).ok());
}

TEST(CorrectionTest, ServiceKeepsItsOwnKeyWhenCorrected) {
  CaseUnderTest record = OpenCase();
  record.Given(1, Service("V"));
  EXPECT_TRUE(record.Correct("e4", FactOf(Service("V"))).ok());
}

TEST(CorrectionTest, DrafterStaysTheDrafterWhoeverCorrects) {
  CaseUnderTest record = OpenCase();
  record.caller = Worker();
  record.Given(1, Drafted("P"));
  record.caller = Supervisor();
  ASSERT_TRUE(record.Correct("e4", FactOf(Drafted("P"))).ok());
  record.caller = Worker();
  EXPECT_EQ(domain::ReasonOf(record.Try(2, Approved("P"))), Reason::kPlanApproverIsDrafter);
}

TEST(CorrectionTest, WhoCorrectedTheDraftDoesNotApproveItEither) {
  CaseUnderTest record = OpenCase();
  record.caller = Worker();
  record.Given(1, Drafted("P"));
  record.caller = Supervisor();
  ASSERT_TRUE(record.Correct("e4", FactOf(Drafted("P"))).ok());
  EXPECT_EQ(domain::ReasonOf(record.Try(2, Approved("P"))), Reason::kPlanApproverIsDrafter);
}

TEST(CorrectionTest, CorrectedClosingIsDecidedAgain) {
  CaseUnderTest record = OpenCase();
  record.Given(1, StayOpens("1"));
  record.Given(2, kOverridden);
  ASSERT_TRUE(record.Correct("e5", FactOf(kOverridden), 3).ok());
  EXPECT_EQ(record.decided().fact.case_closed().overridden_rules_size(), 1);
  EXPECT_EQ(domain::ReasonOf(record.Correct("e5", FactOf(kClosed))), Reason::kOpenShelterStay);
  record.caller = Worker();
  EXPECT_EQ(domain::ReasonOf(record.Correct("e5", FactOf(kOverridden))),
            Reason::kClosureNeedsSupervisor);
}

}  // namespace
}  // namespace caseledger::testing
