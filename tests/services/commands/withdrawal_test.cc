// A withdrawal ends what rested on the consent, in every case and in the same append; its
// correction and void take that with them.
#include <algorithm>
#include <string>
#include <vector>

#include "services/commands/case_query.h"
#include "tests/services/commands/centre.h"

namespace caseledger::testing {
namespace {

using commands::RecordKind;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

constexpr RecordKind kPersonKind = RecordKind::RECORD_KIND_PERSON;
constexpr RecordKind kCaseKind = RecordKind::RECORD_KIND_CASE_RECORD;
constexpr int kPerson = 1;
constexpr int kOther = 2;
constexpr int kCase = 100;
constexpr int kSecondCase = 101;

std::string Consent(const std::string& key, const std::string& given_by = "self") {
  return absl::StrCat("consent_given { consent_id: '", key, "' purposes: 'sharing' given_by: '",
                      given_by, "' }");
}
std::string Withdrawn(const std::string& key) {
  return absl::StrCat("consent_withdrawn { consent_id: '", key, "' }");
}
std::string Referral(const std::string& key, int person = kPerson) {
  return absl::StrCat("referral_sent { referral_id: '", key, "' person_id: '", Id(person),
                      "' from_agency_id: 'hotline' to_agency_id: 'hospital' service: "
                      "'health_medical' }");
}
std::string Accepted(const std::string& key) {
  return absl::StrCat("referral_accepted { referral_id: '", key, "' }");
}

class WithdrawalTest : public ::testing::Test {
 protected:
  WithdrawalTest() {
    centre_.RegisterAgencies();
    for (const int person : {kPerson, kOther}) centre_.RegisterPerson(person);
    centre_.OpenCase(kCase, {kPerson, kOther});
    centre_.OpenCase(kSecondCase, {kPerson});
  }

  void Accept(int record, double hour, const std::string& key) {
    centre_.Given(Id(record), hour, Accepted(key), Worker("hospital"));
  }
  // Such as `r1 accepted`, of the case, as it is told to who asks.
  std::vector<std::string> Referrals(int record) {
    const auto answer = commands::GetCase(
        centre_.log(), {static_cast<uint32_t>(kCaseKind), *Uuid::Parse(Id(record))},
        AtHour(20'000));
    EXPECT_TRUE(answer.ok()) << answer.status();
    std::vector<std::string> states;
    for (const v1::CaseReferral& referral : answer->referrals()) {
      states.push_back(referral.referral_id() + " " + referral.state());
    }
    std::sort(states.begin(), states.end());
    return states;
  }
  // Hours at which referrals of the case ended with a consent.
  std::vector<std::string> Losses(int record) {
    std::vector<std::string> losses = centre_.Effective(kCaseKind, Id(record));
    std::erase_if(
        losses, [](const std::string& fact) { return !fact.starts_with("referral_consent_lost"); });
    return losses;
  }

  Centre centre_;
};

TEST_F(WithdrawalTest, EndsWhatRestsOnTheConsentInEveryCaseInOneAppend) {
  centre_.Given(Id(kPerson), 2, Consent("c1"));
  centre_.Given(Id(kCase), 3, Referral("r1"));
  centre_.Given(Id(kCase), 3, Referral("r2"));
  centre_.Given(Id(kSecondCase), 3, Referral("r3"));
  Accept(kCase, 4, "r1");
  const auto result = centre_.Try(Id(kPerson), 5, Withdrawn("c1"));
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(result->events_size(), 4) << "the withdrawal and three referrals, in one append";
  EXPECT_EQ(result->record_id(), Id(kPerson));
  EXPECT_THAT(Referrals(kCase), ElementsAre("r1 consent_lost", "r2 consent_lost"));
  EXPECT_THAT(Referrals(kSecondCase), ElementsAre("r3 consent_lost"));
  EXPECT_THAT(Losses(kCase), ElementsAre("referral_consent_lost@5", "referral_consent_lost@5"));
}

TEST_F(WithdrawalTest, LeavesWhatRestsOnSomethingElse) {
  centre_.Given(Id(kPerson), 2, Consent("c2"));
  centre_.Given(Id(kCase), 3, Referral("on-another"));
  centre_.Given(Id(kPerson), 4, Consent("c1"));
  centre_.Given(Id(kOther), 2, Consent("c1"));
  centre_.Given(Id(kCase), 5, Referral("of-another-person", kOther));
  centre_.Given(Id(kCase), 5, Referral("declined"));
  centre_.Given(Id(kCase), 6, "referral_declined { referral_id: 'declined' reason: 'duplicate' }",
                Worker("hospital"));
  v1::Command by_law = centre_.Command(Id(kSecondCase), 3.5, Referral("by-law"));
  by_law.mutable_header()->set_legal_basis("Luật 2022, điều 19");
  ASSERT_TRUE(centre_.Send(by_law).ok());
  const auto result = centre_.Try(Id(kPerson), 8, Withdrawn("c1"));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->events_size(), 1);
  EXPECT_THAT(Referrals(kCase),
              ElementsAre("declined declined", "of-another-person pending", "on-another pending"));
}

TEST_F(WithdrawalTest, EndsItAlthoughAnotherConsentWouldCoverIt) {
  centre_.Given(Id(kPerson), 2, Consent("c1"));
  centre_.Given(Id(kCase), 3, Referral("r1"));
  centre_.Given(Id(kPerson), 4, Consent("c2"));
  centre_.Given(Id(kPerson), 5, Withdrawn("c1"));
  EXPECT_THAT(Referrals(kCase), ElementsAre("r1 consent_lost"));
  centre_.Given(Id(kCase), 6, Referral("r2"));
  EXPECT_THAT(Referrals(kCase), ElementsAre("r1 consent_lost", "r2 pending")) << "asked again";
}

TEST_F(WithdrawalTest, EndedReferralTakesNoAnswerAndLetsTheCaseClose) {
  centre_.Given(Id(kPerson), 2, Consent("c1"));
  centre_.Given(Id(kCase), 3, Referral("r1"));
  v1::Command by_law = centre_.Command(Id(kCase), 1.5, Referral("by-law"));
  by_law.mutable_header()->set_legal_basis("Luật 2022, điều 19");
  ASSERT_TRUE(centre_.Send(by_law).ok());
  for (const char* key : {"r1", "by-law"}) Accept(kCase, 4, key);
  const auto complete = [&](const std::string& key) {
    return ReasonIdOf(centre_.Try(
        Id(kCase), 6,
        absl::StrCat("referral_completed { referral_id: '", key, "' outcome: 'helped' }"),
        Worker("hospital")));
  };
  const auto close = [&](double hour) {
    return centre_.Try(Id(kCase), hour, "case_closed { reason: 'goals_met' }", Supervisor());
  };
  EXPECT_EQ(ReasonIdOf(close(4.5)), "REFERRAL_ACTIVE");
  centre_.Given(Id(kPerson), 5, Withdrawn("c1"));
  EXPECT_EQ(complete("r1"), "REFERRAL_CONSENT_LOST");
  EXPECT_EQ(complete("by-law"), "OK");
  EXPECT_EQ(complete("r1"), "RECORD_UNKNOWN") << "nothing connects them with the case any more";
  EXPECT_TRUE(close(7).ok());
}

TEST_F(WithdrawalTest, WithdrawalLearnedLateEndsWhatIsStillOpenAtItsLastStep) {
  centre_.Given(Id(kPerson), 2, Consent("c1"));
  for (const char* key : {"r1", "r2", "r3"}) centre_.Given(Id(kCase), 3, Referral(key));
  Accept(kCase, 10, "r1");
  Accept(kCase, 10, "r2");
  centre_.Given(Id(kCase), 12, "referral_completed { referral_id: 'r2' outcome: 'helped' }",
                Worker("hospital"));
  centre_.Given(Id(kCase), 14, Referral("r4"));
  centre_.Given(Id(kPerson), 8, Withdrawn("c1"));
  EXPECT_THAT(Referrals(kCase),
              ElementsAre("r1 consent_lost", "r2 completed", "r3 consent_lost", "r4 consent_lost"));
  EXPECT_THAT(Losses(kCase), ElementsAre("referral_consent_lost@8", "referral_consent_lost@10",
                                         "referral_consent_lost@14"));
}

TEST_F(WithdrawalTest, IsTakenWhateverBecameOfTheCase) {
  centre_.Given(Id(kPerson), 2, Consent("c1"));
  centre_.Given(Id(kCase), 3, Referral("r1"));
  centre_.Given(Id(kSecondCase), 3, Referral("r2"));
  centre_.Given(Id(kCase), 4, "case_closed { reason: 'other' override_reason: 'left at night' }",
                Supervisor());
  centre_.Given(Id(kSecondCase), 4,
                "transfer_requested { transfer_id: 't' to_ledger: 'hp' to_agency_id: 'ctxh-hp' }",
                Supervisor());
  centre_.Given(Id(kSecondCase), 5, "transfer_accepted { transfer_id: 't' }", Supervisor());
  centre_.Given(Id(kPerson), 6, Withdrawn("c1"));
  EXPECT_THAT(Referrals(kCase), ElementsAre("r1 consent_lost"));
  EXPECT_THAT(Referrals(kSecondCase), ElementsAre("r2 consent_lost"));
}

TEST_F(WithdrawalTest, VoidBringsTheReferralsBack) {
  centre_.Given(Id(kPerson), 2, Consent("c1"));
  centre_.Given(Id(kCase), 3, Referral("r1"));
  centre_.Given(Id(kCase), 3, Referral("r2"));
  centre_.Given(Id(kSecondCase), 3, Referral("r3"));
  Accept(kCase, 4, "r1");
  const std::string withdrawn = centre_.Given(Id(kPerson), 5, Withdrawn("c1"));
  const auto voided = centre_.Void(kPersonKind, Id(kPerson), withdrawn);
  ASSERT_TRUE(voided.ok()) << voided.status();
  EXPECT_EQ(voided->events_size(), 4);
  EXPECT_THAT(Referrals(kCase), ElementsAre("r1 accepted", "r2 pending"));
  EXPECT_THAT(Referrals(kSecondCase), ElementsAre("r3 pending"));
  centre_.Given(Id(kPerson), 9, Withdrawn("c1"));
  EXPECT_THAT(Referrals(kCase), ElementsAre("r1 consent_lost", "r2 consent_lost"));
}

// The consent was corrected to another purpose while nothing rested on it any more.
TEST_F(WithdrawalTest, VoidUnderWhichAReferralWouldRestOnAConsentForSomethingElseIsRefused) {
  const std::string given = centre_.Given(Id(kPerson), 2, Consent("c1"));
  const std::string sent = centre_.Given(Id(kCase), 25, Referral("r1"));
  const std::string withdrawn = centre_.Given(Id(kPerson), 12, Withdrawn("c1"));
  ASSERT_THAT(Referrals(kCase), ElementsAre("r1 consent_lost"));
  const std::string other =
      "consent_given { consent_id: 'c1' purposes: 'statistics' given_by: 'self' }";
  const auto corrected = centre_.Correct(Id(kPerson), given, other);
  ASSERT_TRUE(corrected.ok()) << corrected.status();
  const auto refused = centre_.Void(kPersonKind, Id(kPerson), withdrawn);
  EXPECT_EQ(ReasonIdOf(refused), "LATER_FACT_WOULD_BREAK");
  EXPECT_THAT(std::string(refused.status().message()), ::testing::HasSubstr(sent));
  EXPECT_EQ(ReasonIdOf(centre_.Correct(Id(kPerson), withdrawn, Withdrawn("c1"), Worker(), 28)),
            "LATER_FACT_WOULD_BREAK")
      << "it would be in force from 25 to 28";
  EXPECT_THAT(Referrals(kCase), ElementsAre("r1 consent_lost"));
  ASSERT_TRUE(centre_.Correct(Id(kPerson), given, Consent("c1")).ok());
  EXPECT_TRUE(centre_.Void(kPersonKind, Id(kPerson), withdrawn).ok());
  EXPECT_THAT(Referrals(kCase), ElementsAre("r1 pending"));
}

TEST_F(WithdrawalTest, VoidUnderWhichAClosingWouldBreakIsRefusedAndNamesIt) {
  centre_.Given(Id(kPerson), 2, Consent("c1"));
  centre_.Given(Id(kCase), 3, Referral("r1"));
  const std::string withdrawn = centre_.Given(Id(kPerson), 5, Withdrawn("c1"));
  const std::string closed =
      centre_.Given(Id(kCase), 6, "case_closed { reason: 'goals_met' }", Supervisor());
  const auto voided = centre_.Void(kPersonKind, Id(kPerson), withdrawn);
  EXPECT_EQ(ReasonIdOf(voided), "LATER_FACT_WOULD_BREAK");
  EXPECT_EQ(domain::ItemOf(voided.status()), closed);
}

TEST_F(WithdrawalTest, CorrectionOfItsTimeMovesTheEndsAndOftenerThanOnce) {
  centre_.Given(Id(kPerson), 2, Consent("c1"));
  centre_.Given(Id(kCase), 3, Referral("r1"));
  centre_.Given(Id(kCase), 7, Referral("r2"));
  const std::string withdrawn = centre_.Given(Id(kPerson), 9, Withdrawn("c1"));
  const auto move = [&](double hour) {
    const auto moved = centre_.Correct(Id(kPerson), withdrawn, Withdrawn("c1"), Worker(), hour);
    EXPECT_TRUE(moved.ok()) << moved.status();
  };
  move(5);
  EXPECT_THAT(Losses(kCase), ElementsAre("referral_consent_lost@5", "referral_consent_lost@7"));
  move(6);
  EXPECT_THAT(Losses(kCase), ElementsAre("referral_consent_lost@6", "referral_consent_lost@7"));
  move(12);
  EXPECT_THAT(Losses(kCase), ElementsAre("referral_consent_lost@12", "referral_consent_lost@12"));
  ASSERT_TRUE(centre_.Void(kPersonKind, Id(kPerson), withdrawn).ok());
  EXPECT_THAT(Losses(kCase), ElementsAre());
}

TEST_F(WithdrawalTest, CorrectionToAnotherConsentEndsItsReferralsInstead) {
  centre_.Given(Id(kPerson), 2, Consent("c2"));
  centre_.Given(Id(kCase), 3, Referral("r2"));
  centre_.Given(Id(kPerson), 4, Consent("c1"));
  centre_.Given(Id(kCase), 5, Referral("r1"));
  const std::string withdrawn = centre_.Given(Id(kPerson), 6, Withdrawn("c1"));
  EXPECT_THAT(Referrals(kCase), ElementsAre("r1 consent_lost", "r2 pending"));
  const auto corrected = centre_.Correct(Id(kPerson), withdrawn, Withdrawn("c2"));
  ASSERT_TRUE(corrected.ok()) << corrected.status();
  EXPECT_THAT(Referrals(kCase), ElementsAre("r1 pending", "r2 consent_lost"));
  ASSERT_TRUE(centre_.Correct(Id(kPerson), withdrawn, Withdrawn("c1")).ok());
  EXPECT_THAT(Referrals(kCase), ElementsAre("r1 consent_lost", "r2 pending"));
}

// The corrected sending rests on another consent than the one it ended with.
TEST_F(WithdrawalTest, CorrectionToAnotherConsentEndsAlsoWhatTheMistakenOneHadEnded) {
  centre_.Given(Id(kPerson), 2, Consent("c2"));
  centre_.Given(Id(kPerson), 9, Consent("c1"));
  centre_.Given(Id(kCase), 3, Referral("r2"));
  const std::string sent = centre_.Given(Id(kCase), 10, Referral("r1"));
  const std::string withdrawn = centre_.Given(Id(kPerson), 11, Withdrawn("c1"));
  EXPECT_THAT(Referrals(kCase), ElementsAre("r1 consent_lost", "r2 pending"));
  const auto moved = centre_.Correct(Id(kCase), sent, Referral("r1"), Worker(), 8);
  ASSERT_TRUE(moved.ok()) << moved.status();
  const auto corrected = centre_.Correct(Id(kPerson), withdrawn, Withdrawn("c2"), Worker(), 11);
  ASSERT_TRUE(corrected.ok()) << corrected.status();
  EXPECT_THAT(Referrals(kCase), ElementsAre("r1 consent_lost", "r2 consent_lost"));
}

TEST_F(WithdrawalTest, ReferralEnteredLateHasNoEndToVoid) {
  centre_.Given(Id(kPerson), 2, Consent("c1"));
  centre_.Given(Id(kCase), 3, Referral("r1"));
  const std::string withdrawn = centre_.Given(Id(kPerson), 9, Withdrawn("c1"));
  centre_.Given(Id(kCase), 5, Referral("late"));
  EXPECT_THAT(Referrals(kCase), ElementsAre("late pending", "r1 consent_lost"));
  const auto voided = centre_.Void(kPersonKind, Id(kPerson), withdrawn);
  ASSERT_TRUE(voided.ok()) << voided.status();
  EXPECT_THAT(Referrals(kCase), ElementsAre("late pending", "r1 pending"));
}

TEST_F(WithdrawalTest, TwoPersonsOfACaseMayUseTheSameKey) {
  for (const int person : {kPerson, kOther}) centre_.Given(Id(person), 2, Consent("c1"));
  centre_.Given(Id(kCase), 3, Referral("r1"));
  centre_.Given(Id(kCase), 3, Referral("r2", kOther));
  const std::string first = centre_.Given(Id(kPerson), 4, Withdrawn("c1"));
  EXPECT_THAT(Referrals(kCase), ElementsAre("r1 consent_lost", "r2 pending"));
  centre_.Given(Id(kOther), 5, Withdrawn("c1"));
  ASSERT_TRUE(centre_.Void(kPersonKind, Id(kPerson), first).ok());
  EXPECT_THAT(Referrals(kCase), ElementsAre("r1 pending", "r2 consent_lost"));
}

TEST_F(WithdrawalTest, WhatFollowsIsNotCorrectedByItself) {
  centre_.Given(Id(kPerson), 2, Consent("c1"));
  centre_.Given(Id(kCase), 3, Referral("r1"));
  const auto result = centre_.Try(Id(kPerson), 5, Withdrawn("c1"));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(ReasonIdOf(centre_.Void(kCaseKind, Id(kCase), result->events(1).event_id())),
            "FOLLOWS_FROM_OTHER_RECORD");
  EXPECT_EQ(ReasonIdOf(centre_.Try(Id(kCase), 6,
                                   "referral_consent_lost { referral_id: 'r1' consent_id: 'c1' }")),
            "SERVER_FACT_ONLY");
}

TEST_F(WithdrawalTest, ExclusionEndsTheConsentAndLeavesTheReferralToBeSettled) {
  const std::string consent = absl::StrCat(
      "consent_given { consent_id: 'c1' purposes: 'sharing' given_by: 'parent' "
      "representative_person_id: '",
      Id(kOther), "' }");
  centre_.Given(Id(kPerson), 2, consent);
  centre_.Given(Id(kCase), 3, Referral("r1"));
  centre_.Given(Id(kPerson), 4,
                absl::StrCat("representative_excluded { representative_person_id: '", Id(kOther),
                             "' reason: 'suspected_abuse' }"));
  EXPECT_THAT(Referrals(kCase), ElementsAre("r1 pending"));
  EXPECT_EQ(ReasonIdOf(centre_.Try(Id(kCase), 5, Referral("r2"))), "CONSENT_MISSING");
}

TEST_F(WithdrawalTest, MoreCasesThanOneDecisionMayReadAreRefused) {
  std::vector<std::future<Centre::Result>> answers;
  constexpr int kCases = 999;  // two more name the person
  for (int i = 0; i < kCases; ++i) {
    answers.push_back(centre_.Start(
        centre_.Command(Id(1000 + i), 0,
                        "case_opened { case_type: 'gender_based_violence' owner_agency_id: "
                        "'hotline' }"),
        Worker()));
    answers.push_back(
        centre_.Start(centre_.Command(Id(1000 + i), 1,
                                      absl::StrCat("participant_added { person_id: '", Id(kPerson),
                                                   "' role: PARTICIPANT_ROLE_CLIENT }")),
                      Worker()));
    if (answers.size() < 500 && i + 1 < kCases) continue;
    for (auto& answer : answers) ASSERT_TRUE(answer.get().ok());
    answers.clear();
  }
  centre_.Given(Id(kPerson), 2, Consent("c1"));
  EXPECT_EQ(ReasonIdOf(centre_.Try(Id(kPerson), 3, Withdrawn("c1"))), "CONSENT_IN_TOO_MANY_CASES");
  centre_.Given(Id(kOther), 2, Consent("c1"));
  EXPECT_TRUE(centre_.Try(Id(kOther), 3, Withdrawn("c1")).ok());
}

}  // namespace
}  // namespace caseledger::testing
