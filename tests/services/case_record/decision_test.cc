// What a case accepts, and what the server adds: given facts, when a command, then facts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/services/case_record/case_under_test.h"

namespace caseledger::testing {
namespace {

using domain::CasePhase;
using domain::ClosureBlocker;
using domain::Reason;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> BlockersAt(const CaseUnderTest& record, double hour) {
  std::vector<std::string> found;
  const auto state = domain::FoldUntil<domain::CaseState>(record.in_order(), AtHour(hour));
  for (const ClosureBlocker& blocker : domain::ClosureBlockers(state, AtHour(hour))) {
    found.push_back(std::string(domain::TextOf(blocker.reason).id) + " " + blocker.item);
  }
  return found;
}

TEST(CaseClosingTest, NothingOpenMeansNoOverride) {
  CaseUnderTest record = OpenCase();
  record.Given(1, kOverridden);
  EXPECT_THAT(record.decided().fact.case_closed().overridden_rules(), IsEmpty());
  EXPECT_EQ(record.state().lifecycle.phase(), CasePhase::kClosed);
}

TEST(CaseClosingTest, OverrideNamesEachRuleOnceWhateverTheRequestSays) {
  CaseUnderTest record = OpenCase();
  record.Given(1, StayOpens("1"));
  record.Given(2, Sent("R1"));
  record.Given(2, Sent("R2"));
  record.Given(3, Emergency("M"));
  record.Given(4, Ban("B1", 4, 20));
  EXPECT_THAT(BlockersAt(record, 5),
              ElementsAre("OPEN_SHELTER_STAY S/1", "REFERRAL_PENDING R1", "REFERRAL_PENDING R2",
                          "EMERGENCY_RUNNING M", "CONTACT_BAN_IN_FORCE B1"));
  record.Given(5, "case_closed { override_reason: 'x' overridden_rules: 'REFERRAL_ACTIVE' }");
  EXPECT_THAT(record.decided().fact.case_closed().overridden_rules(),
              ElementsAre("OPEN_SHELTER_STAY", "REFERRAL_PENDING", "EMERGENCY_RUNNING",
                          "CONTACT_BAN_IN_FORCE"));
}

TEST(CaseClosingTest, WhatHasRunOutDoesNotBlock) {
  CaseUnderTest record = OpenCase();
  record.Given(1, Sent("R", TimeField("expire_time", 10)));
  record.Given(1, Ban("B1", 1, 10));
  EXPECT_THAT(BlockersAt(record, 9), ElementsAre("REFERRAL_PENDING R", "CONTACT_BAN_IN_FORCE B1"));
  EXPECT_THAT(BlockersAt(record, 10), IsEmpty());
  record.Given(10, kClosed);
}

TEST(CaseClosingTest, EnrolmentAndSeparationAndDraftsDoNotBlock) {
  CaseUnderTest record = OpenCase();
  record.Given(1, Screened("E"));
  record.Given(1, Enrolled("E"));
  record.Given(1, Separation("S1", 1, 99));
  record.Given(1, Drafted("P"));
  record.Given(1, TransferRequested("T1"));
  record.Given(2, kClosed);
}

TEST(CaseClosingTest, EveryCycleCounts) {
  CaseUnderTest record = OpenCase();
  record.Given(1, kClosed);
  record.Given(2, kReopened);
  record.Given(3, Service("V"));
  record.Given(4, kClosed);
  record.Given(5, kReopened);
  EXPECT_EQ(record.state().lifecycle.cycles, 3u);
  EXPECT_EQ(record.state().lifecycle.phase(), CasePhase::kOpen);
}

TEST(CaseClosingTest, WhatIsStillOpenIsSettledOnTheClosedCase) {
  CaseUnderTest record = OpenCase();
  record.Given(1, Screened("E"));
  record.Given(1, Enrolled("E"));
  record.Given(1, Emergency("M"));
  record.Given(1, StayOpens("1"));
  record.Given(1, Ban("B1", 1, 50));
  record.Given(1, Separation("S1", 1, 50));
  record.Given(1, TransferRequested("T1"));
  for (const char* key : {"R1", "R2", "R3"}) record.Given(1, Sent(key));
  record.Given(1, Sent("R4", TimeField("expire_time", 5)));
  record.Given(2, kOverridden);

  record.Given(3, TherapyEnds("E"));
  record.Given(3, EmergencyEnds("M"));
  record.Given(3, StayCloses("1"));
  record.Given(3, BanLifted("B1"));
  record.Given(3, SeparationLifted("S1"));
  record.Given(3, "transfer_revoked { transfer_id: 'T1' }");
  record.Given(3, HoldPlaced("H"));
  record.Given(4, HoldLifted("H"));
  record.Given(3, "referral_revoked { referral_id: 'R1' }");
  record.Given(5, Expired("R4"));
  record.caller = Partner();
  record.Given(3, Accepted("R2"));
  record.Given(4, "referral_returned { referral_id: 'R2' }");
  record.Given(3, "referral_declined { referral_id: 'R3' }");
  EXPECT_THAT(BlockersAt(record, 6), IsEmpty());
}

TEST(CaseTransferTest, AfterAcceptanceOnlyClosingAsTransferredIsLeft) {
  CaseUnderTest record = OpenCase();
  record.Given(1, TransferRequested("T1"));
  record.Given(2, "transfer_declined { transfer_id: 'T1' }");
  record.Given(3, TransferRequested("T2"));
  record.Given(4, TransferAccepted("T2"));
  EXPECT_EQ(record.state().lifecycle.phase(), CasePhase::kTransferred);
  record.Given(5, "case_closed { reason: 'transferred' }");
}

TEST(CaseReferralTest, ConsentIsFilledAndNeverTakenFromTheRequest) {
  CaseUnderTest record = OpenCase();
  record.Given(1, Sent("R1", "consent_id: 'forged'"));
  EXPECT_EQ(record.decided().fact.referral_sent().consent_id(), "consent");
  record.related.consents.clear();
  record.legal_basis = "Decree 56/2017 art. 24";
  record.Given(2, Sent("R2", "consent_id: 'forged'"));
  EXPECT_EQ(record.decided().fact.referral_sent().consent_id(), "");
}

TEST(CaseReferralTest, KeepsTheLegalBasisItRestsOn) {
  CaseUnderTest record = OpenCase();
  record.legal_basis = "Decree 56/2017 art. 24";
  record.Given(1, Sent("R"));
  record.legal_basis.clear();
  record.caller = Partner();
  record.Given(2, Accepted("R"));
  record.Given(3, Forwarded("R", "C", "R2"));
  const auto referrals = record.state().referrals.referrals;
  EXPECT_EQ(referrals.at("R").legal_basis, "Decree 56/2017 art. 24");
  EXPECT_EQ(referrals.at("R2").legal_basis, "") << "it went on without one";
}

TEST(CaseReferralTest, ConsentTowardsAnotherAgencyDoesNotCount) {
  CaseUnderTest record = OpenCase();
  record.related.consents.clear();
  record.related.consents[{"mai", "sharing", "C"}] = "for C";
  record.related.consents[{"mai", "services", "B"}] = "for services";
  EXPECT_EQ(domain::ReasonOf(record.Try(1, Sent("R"))), Reason::kConsentMissing);
}

TEST(CaseReferralTest, ForwardedReferralIsAnsweredByTheThirdAgency) {
  CaseUnderTest record = OpenCase();
  record.Given(1, Sent("R", "shared_fields: 'name' " + TimeField("expire_time", 9)));
  record.caller = Partner();
  record.Given(2, Accepted("R"));
  record.Given(3, Forwarded("R", "C", "R2"));
  EXPECT_EQ(record.decided().fact.referral_forwarded().consent_id(), "consent");
  record.caller = ThirdAgency();
  record.Given(20, Accepted("R2"));  // the first offer's expiry is not the second's

  const auto referrals = record.state().referrals.referrals;
  EXPECT_EQ(referrals.at("R").phase, domain::Referral::Phase::kForwarded);
  EXPECT_EQ(referrals.at("R2").phase, domain::Referral::Phase::kActive);
  EXPECT_EQ(referrals.at("R2").from_agency, "B");
  EXPECT_EQ(referrals.at("R2").settled_at, AtHour(20));
  EXPECT_THAT(referrals.at("R2").shared_fields, ElementsAre("name"));
}

TEST(CaseReferralTest, LostConsentEndsItAndNothingStandsInTheWayOfClosing) {
  CaseUnderTest record = OpenCase();
  record.Given(1, Sent("R1"));
  record.Given(1, Sent("R2"));
  record.caller = Partner();
  record.Given(2, Accepted("R1"));
  EXPECT_EQ(BlockersAt(record, 3).size(), 2u);
  record.caller = Supervisor();
  record.Given(3, ConsentLost("R1"));
  record.Given(3, ConsentLost("R2"));
  EXPECT_THAT(BlockersAt(record, 3), IsEmpty());
  const domain::Referral lost = record.state().referrals.referrals.at("R1");
  EXPECT_EQ(lost.phase, domain::Referral::Phase::kConsentLost);
  EXPECT_EQ(lost.settled_at, AtHour(3));
  record.Given(4, kRemoveMai);
  record.Given(5, kClosed);
}

TEST(CaseReferralTest, LostConsentIsTakenByAClosedAndByATransferredCase) {
  CaseUnderTest closed = OpenCase();
  closed.Given(1, Sent("R"));
  closed.Given(2, kOverridden);
  closed.Given(3, ConsentLost("R"));
  CaseUnderTest transferred = OpenCase();
  transferred.Given(1, Sent("R"));
  transferred.Given(1, TransferRequested("T"));
  transferred.Given(2, TransferAccepted("T"));
  transferred.Given(3, ConsentLost("R"));
  EXPECT_EQ(transferred.state().referrals.referrals.at("R").phase,
            domain::Referral::Phase::kConsentLost);
}

TEST(CaseReferralTest, TellsWhichRestOnAConsentAndSinceWhen) {
  CaseUnderTest record = OpenCase();
  record.Given(1, Sent("Active"));
  record.Given(1, Sent("Expiring", TimeField("expire_time", 9)));
  record.Given(1, Sent("Declined"));
  record.related.consents.clear();
  record.legal_basis = "Decree 56/2017 art. 24";
  record.Given(1, Sent("OnALegalBasis"));
  record.caller = Partner();
  record.Given(5, Accepted("Active"));
  record.Given(5, "referral_declined { referral_id: 'Declined' }");
  const auto at = [&](double hour) {
    std::vector<std::string> found;
    for (const auto& one : record.state().referrals.OnConsentOf("mai", AtHour(hour))) {
      found.push_back(absl::StrCat(one.referral_id, " ", one.to_agency, " ", one.consent_id, " ",
                                   (one.since - AtHour(0)) / kHour));
    }
    return found;
  };
  EXPECT_THAT(at(3), ElementsAre("Active B consent 5", "Expiring B consent 1"))
      << "what happened later counts";
  EXPECT_THAT(at(9), ElementsAre("Active B consent 5"));
  EXPECT_THAT(record.state().referrals.OnConsentOf("lan", AtHour(3)), IsEmpty());
}

TEST(CaseImportTest, WhoMayAndConsentBecomeDataQualityItems) {
  CaseUnderTest record = OpenCase();
  record.imported = true;
  record.caller = {"steward", "Z", {"data_steward"}};
  record.related.consents.clear();
  record.related.inactive_agencies = {"B"};
  record.Given(1, Sent("R"));
  EXPECT_THAT(record.decided().data_quality,
              ElementsAre("REFERRAL_NOT_FROM_YOU", "AGENCY_INACTIVE", "CONSENT_MISSING"));
  record.Given(2, Accepted("R"));
  EXPECT_THAT(record.decided().data_quality, ElementsAre("REFERRAL_NOT_YOURS"));
  record.Given(3, Completed("R"));
  record.Given(4, kClosed);
  EXPECT_THAT(record.decided().data_quality, ElementsAre("CLOSURE_NEEDS_SUPERVISOR"));
}

TEST(CaseImportTest, StateRulesBind) {
  CaseUnderTest record = OpenCase();
  record.imported = true;
  record.Given(1, StayOpens("1"));
  EXPECT_EQ(domain::ReasonOf(record.Try(2, kClosed)), Reason::kOpenShelterStay);
  record.related.merged_away = {"nga"};
  EXPECT_EQ(domain::ReasonOf(record.Try(2, "participant_added { person_id: 'nga' }")),
            Reason::kParticipantMergedAway);
}

TEST(CasePlanTest, OtherPersonApprovesTheDraftedContent) {
  CaseUnderTest record = OpenCase();
  record.caller = Worker();
  record.Given(1, Drafted("P"));
  record.caller = Supervisor();
  record.Given(2, Approved("P"));
  record.Given(3, Reviewed("P"));
  record.Given(4, Reviewed("P"));
}

TEST(CaseVictimTest, EveryAllowedStep) {
  using domain::MayFollow;
  using namespace event::v1;  // NOLINT: only its enumerators
  const std::vector<event::v1::VictimStatus> all = {
      VICTIM_STATUS_UNSPECIFIED, VICTIM_STATUS_SUSPECTED, VICTIM_STATUS_IDENTIFYING,
      VICTIM_STATUS_CONFIRMED, VICTIM_STATUS_REFUTED};
  const std::vector<std::string> allowed = {
      // to:  none, suspected, identifying, confirmed, refuted
      "01000",  // from none
      "00111",  // from suspected
      "00011",  // from identifying
      "00001",  // from confirmed
      "01000",  // from refuted
  };
  for (size_t from = 0; from < all.size(); ++from) {
    for (size_t to = 0; to < all.size(); ++to) {
      EXPECT_EQ(MayFollow(all[from], all[to]), allowed[from][to] == '1') << from << " " << to;
    }
  }
}

TEST(CaseMeasureTest, ExtensionCountsFromTheOldEndAndLiftingEndsIt) {
  constexpr double kThreeDays = 72;
  CaseUnderTest record = OpenCase();
  record.Given(1, Ban("B1", 1, 1 + kThreeDays));
  record.Given(60, BanExtended("B1", 1 + 2 * kThreeDays));
  record.Given(100, BanExtended("B1", 1 + 3 * kThreeDays));
  EXPECT_THAT(BlockersAt(record, 200), ElementsAre("CONTACT_BAN_IN_FORCE B1"));
  record.Given(201, BanLifted("B1"));
  EXPECT_THAT(BlockersAt(record, 201), IsEmpty());
}

TEST(CaseMeasureTest, IsTakenBackBeforeItBegins) {
  CaseUnderTest record = OpenCase();
  record.Given(1, Ban("B1", 5, 9));
  record.Given(2, BanLifted("B1"));
  EXPECT_THAT(BlockersAt(record, 6), IsEmpty());
}

TEST(CaseParticipantTest, LeavesOnceNothingConcernsThemAndMayComeBack) {
  CaseUnderTest record = OpenCase();
  record.Given(1, VictimStatus("SUSPECTED"));
  record.Given(1, StayOpens("1", "lan"));
  record.Given(2, StayCloses("1"));
  record.Given(2, Ban("B1", 2, 4));
  record.Given(4, kRemoveMai);
  record.Given(5, kAddMai);
  record.Given(6, StayOpens("2"));
  record.Given(6, VictimStatus("CONFIRMED"));  // where it stood before she left
}

TEST(CaseStayTest, SamePlacementKeyInAnotherShelterIsAnotherStay) {
  CaseUnderTest record = OpenCase();
  record.Given(1, StayOpens("1"));
  record.Given(2, StayCloses("1"));
  record.Given(3, "shelter_stay_opened { shelter_id: 'S2' placement_id: '1' person_id: 'mai' }");
}

}  // namespace
}  // namespace caseledger::testing
