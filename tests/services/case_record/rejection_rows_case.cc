// Refusals about the case as a whole.
#include "tests/services/case_record/rejection_rows.h"

namespace caseledger::testing {

using domain::Reason;

namespace {

void RestrictedMai(CaseUnderTest& record) { record.related.restricted = {"mai"}; }
void NoConsent(CaseUnderTest& record) { record.related.consents.clear(); }
void InactiveB(CaseUnderTest& record) { record.related.inactive_agencies.insert("B"); }
void InactiveC(CaseUnderTest& record) { record.related.inactive_agencies.insert("C"); }
void MergedNga(CaseUnderTest& record) { record.related.merged_away.insert("nga"); }

const std::string kAssignB = "owner_assigned { owner_agency_id: 'B' }";
const std::string kRisk = "risk_assessed { risk: RISK_HIGH }";

}  // namespace

std::vector<Row> WhoMay() {
  return {
      {"WorkerCloses", {}, {1, kClosed, Worker}, Reason::kClosureNeedsSupervisor},
      {"SupervisorOfOtherAgencyCloses",
       {},
       {1, kClosed, SupervisorOfB},
       Reason::kClosureNeedsSupervisor},
      {"FormerOwnerCloses", {{1, kAssignB}}, {2, kClosed}, Reason::kClosureNeedsSupervisor},
      {"WorkerOverrides", {}, {1, kOverridden, Worker}, Reason::kClosureNeedsSupervisor},
      {"WorkerReopens", {{1, kClosed}}, {2, kReopened, Worker}, Reason::kClosureNeedsSupervisor},
      {"OwnerInactive", {}, {1, kAssignB}, Reason::kAgencyInactive, "B", InactiveB},
      {"AddsMergedAway", {}, {1, kAddNga}, Reason::kParticipantMergedAway, "nga", MergedNga},
      {"SendsForOther", {}, {1, Sent("R"), Partner}, Reason::kReferralNotFromYou, "R"},
      {"ReceiverInactive", {}, {1, Sent("R")}, Reason::kAgencyInactive, "B", InactiveB},
      {"SendsOfWhomItIsOnlyKept",
       {},
       {1, Sent("R")},
       Reason::kProcessingRestricted,
       "mai",
       RestrictedMai},
      {"ForwardsOfWhomItIsOnlyKept",
       {{1, Sent("R")}, {2, Accepted("R"), Partner}},
       {3, Forwarded("R", "C", "R2"), Partner},
       Reason::kProcessingRestricted,
       "mai",
       RestrictedMai},
      {"ServesWhomItIsOnlyKeptOf",
       {},
       {1, "service_delivered { service_id: 'S' beneficiary_person_ids: ['lan', 'mai'] }"},
       Reason::kProcessingRestricted,
       "mai",
       RestrictedMai},
      {"ScreensWhomItIsOnlyKeptOf",
       {},
       {1, "therapy_screened { episode_id: 'T' person_id: 'mai' }"},
       Reason::kProcessingRestricted,
       "mai",
       RestrictedMai},
      {"EnrolsWhomItIsOnlyKeptOf",
       {{1, "therapy_screened { episode_id: 'T' person_id: 'mai' }"}},
       {2, "therapy_enrolled { episode_id: 'T' }"},
       Reason::kProcessingRestricted,
       "mai",
       RestrictedMai},
      {"TreatsWhomItIsOnlyKeptOf",
       {{1, "therapy_screened { episode_id: 'T' person_id: 'mai' }"},
        {2, "therapy_enrolled { episode_id: 'T' }"}},
       {3, "therapy_session_held { session_id: 'S' episode_id: 'T' }"},
       Reason::kProcessingRestricted,
       "mai",
       RestrictedMai},
      {"SendsWithoutConsent", {}, {1, Sent("R")}, Reason::kConsentMissing, "mai", NoConsent},
      {"SenderAccepts", {{1, Sent("R")}}, {2, Accepted("R")}, Reason::kReferralNotYours, "R"},
      {"SenderDeclines",
       {{1, Sent("R")}},
       {2, "referral_declined { referral_id: 'R' }"},
       Reason::kReferralNotYours},
      {"SenderCompletes",
       {{1, Sent("R")}, {2, Accepted("R"), Partner}},
       {3, Completed("R")},
       Reason::kReferralNotYours},
      {"SenderReturns",
       {{1, Sent("R")}, {2, Accepted("R"), Partner}},
       {3, "referral_returned { referral_id: 'R' }"},
       Reason::kReferralNotYours},
      {"SenderForwards",
       {{1, Sent("R")}, {2, Accepted("R"), Partner}},
       {3, Forwarded("R", "C", "R2")},
       Reason::kReferralNotYours},
      {"ReceiverRevokes",
       {{1, Sent("R")}},
       {2, "referral_revoked { referral_id: 'R' }", Partner},
       Reason::kReferralNotFromYou},
      {"ForwardsWithoutConsent",
       {{1, Sent("R")}, {2, Accepted("R"), Partner}},
       {3, Forwarded("R", "C", "R2"), Partner},
       Reason::kConsentMissing,
       "mai",
       NoConsent},
      {"ForwardsToInactive",
       {{1, Sent("R")}, {2, Accepted("R"), Partner}},
       {3, Forwarded("R", "C", "R2"), Partner},
       Reason::kAgencyInactive,
       "C",
       InactiveC},
      {"OldReceiverAnswersForwarded",
       {{1, Sent("R")}, {2, Accepted("R"), Partner}, {3, Forwarded("R", "C", "R2"), Partner}},
       {4, Accepted("R2"), Partner},
       Reason::kReferralNotYours,
       "R2"},
  };
}

std::vector<Row> Phases() {
  const std::string as_transferred = "case_closed { reason: 'transferred' }";
  return {
      {"OpensTwice", {}, {1, kOpened}, Reason::kRecordExists},
      {"HappensBeforeOpening", {}, {-1, kRisk}, Reason::kBeforeRecordBegan},
      {"ClosesBeforeOpening", {}, {-1, kClosed}, Reason::kBeforeRecordBegan},
      {"ClosesTwice", {{1, kClosed}}, {2, kClosed}, Reason::kCaseAlreadyClosed},
      {"ReopensOpen", {}, {1, kReopened}, Reason::kCaseNotClosed},
      {"AssignsClosed", {{1, kClosed}}, {2, kAssignB}, Reason::kCaseClosed},
      {"AddsToClosed", {{1, kClosed}}, {2, kAddNga}, Reason::kCaseClosed},
      {"RemovesFromClosed", {{1, kClosed}}, {2, kRemoveMai}, Reason::kCaseClosed},
      {"AssessesClosed", {{1, kClosed}}, {2, kRisk}, Reason::kCaseClosed},
      {"VictimStatusOfClosed", {{1, kClosed}}, {2, VictimStatus("SUSPECTED")}, Reason::kCaseClosed},
      {"PlansClosed", {{1, kClosed}}, {2, Drafted("P")}, Reason::kCaseClosed},
      {"ServesClosed", {{1, kClosed}}, {2, Service("V")}, Reason::kCaseClosed},
      {"ScreensClosed", {{1, kClosed}}, {2, Screened("E")}, Reason::kCaseClosed},
      {"SessionInClosed",
       {{1, Screened("E")}, {2, Enrolled("E")}, {3, kClosed}},
       {4, Session("E", "X")},
       Reason::kCaseClosed},
      {"EmergencyInClosed", {{1, kClosed}}, {2, Emergency("M")}, Reason::kCaseClosed},
      {"BanInClosed", {{1, kClosed}}, {2, Ban("B1", 2, 3)}, Reason::kCaseClosed},
      {"RefersClosed", {{1, kClosed}}, {2, Sent("R")}, Reason::kCaseClosed},
      {"ForwardsClosed",
       {{1, Sent("R")}, {2, Accepted("R"), Partner}, {3, kOverridden}},
       {4, Forwarded("R", "C", "R2"), Partner},
       Reason::kCaseClosed},
      {"ShelteredClosed", {{1, kClosed}}, {2, StayOpens("1")}, Reason::kCaseClosed},
      {"TransfersClosed", {{1, kClosed}}, {2, TransferRequested("T1")}, Reason::kCaseClosed},
      {"TransferOfClosedAccepted",
       {kTransferAsked, {2, kClosed}},
       {3, TransferAccepted("T1")},
       Reason::kCaseClosed},
      {"WorksOnTransferred",
       {kTransferAsked, kTransferred},
       {3, Service("V")},
       Reason::kCaseTransferred},
      {"ClosesTransferredAsDone",
       {kTransferAsked, kTransferred},
       {3, kClosed},
       Reason::kCaseTransferred},
      {"ReopensTransferred",
       {kTransferAsked, kTransferred, {3, as_transferred}},
       {4, kReopened},
       Reason::kCaseTransferred},
  };
}

std::vector<Row> Closing() {
  return {
      {"ClosesOverStay", {{1, StayOpens("1")}}, {2, kClosed}, Reason::kOpenShelterStay, "S/1"},
      {"ClosesOverPendingReferral", {{1, Sent("R")}}, {2, kClosed}, Reason::kReferralPending, "R"},
      {"ClosesOverActiveReferral",
       {{1, Sent("R")}, {2, Accepted("R"), Partner}},
       {3, kClosed},
       Reason::kReferralActive,
       "R"},
      {"ClosesOverForwardedReferral",
       {{1, Sent("R")}, {2, Accepted("R"), Partner}, {3, Forwarded("R", "C", "R2"), Partner}},
       {4, kClosed},
       Reason::kReferralPending,
       "R2"},
      {"ClosesOverEmergency", {{1, Emergency("M")}}, {2, kClosed}, Reason::kEmergencyRunning, "M"},
      {"ClosesOverBan", {{1, Ban("B1", 1, 9)}}, {8.99, kClosed}, Reason::kContactBanInForce, "B1"},
      {"ClosesTransferredOverStay",
       {{0, StayOpens("1")}, kTransferAsked, kTransferred},
       {3, "case_closed { reason: 'transferred' }"},
       Reason::kOpenShelterStay},
      {"RequestNamesItsOwnOverrides",
       {{1, StayOpens("1")}},
       {2, "case_closed { reason: 'goals_met' overridden_rules: 'OPEN_SHELTER_STAY' }"},
       Reason::kOpenShelterStay},
  };
}

}  // namespace caseledger::testing
