// Erasures behind the real command handler: what stands in their way in other records, what they
// take with them, and what no command can say afterwards.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/services/commands/centre.h"
#include "tests/services/commands/person_keys.h"

namespace caseledger::testing {
namespace {

using commands::RecordKind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr RecordKind kPersonKind = RecordKind::RECORD_KIND_PERSON;
constexpr RecordKind kCaseKind = RecordKind::RECORD_KIND_CASE_RECORD;
constexpr int kPerson = 1;
constexpr int kOther = 2;
constexpr int kThird = 3;
constexpr int kCase = 100;
constexpr int kShelter = 200;

const char kAsked[] =
    "data_request_received { request_id: 'r' request_kind: 'erasure' asked_by: 'self' channel: "
    "'letter' }";
const char kDecided[] = "erasure_decided { request_id: 'r' }";
const char kApproved[] = "erasure_approved { request_id: 'r' }";
const char kErased[] = "person_erased { request_id: 'r' }";
const char kAmended[] = "person_amended { attributes { sex: 'female' } }";
const char kClosed[] = "case_closed { reason: 'goals_met' }";
const char kRestricted[] = "processing_restricted { restriction_id: 'k' reason: 'objection' }";

std::string Held(const std::string& key) {
  return absl::StrCat("legal_hold_placed { hold_id: '", key,
                      "' basis: 'Court of Ha Long' document_number: '12/2026/QD-TA' }");
}
std::string HoldLifted(const std::string& key) {
  return absl::StrCat("legal_hold_lifted { hold_id: '", key,
                      "' document_number: '19/2026/QD-TA' }");
}
std::string Merged(int person) {
  return absl::StrCat("persons_merged { merged_person_id: '", Id(person), "' }");
}
std::string Reversed(int person) {
  return absl::StrCat("merge_reversed { merged_person_id: '", Id(person), "' }");
}

class ErasureTest : public ::testing::Test {
 protected:
  ErasureTest() {
    centre_.RegisterAgencies();
    for (const int person : {kPerson, kOther, kThird}) centre_.RegisterPerson(person);
    centre_.OpenCase(kCase, {kPerson, kOther});
  }

  Centre::Result Decide(double hour) {
    return centre_.Try(Id(kPerson), hour, kDecided, PrivacyOfficer());
  }
  Centre::Result Approve(double hour) {
    return centre_.Try(Id(kPerson), hour, kApproved, PrivacyOfficer("second"));
  }
  Centre::Result Erase(double hour) {
    return centre_.Try(Id(kPerson), hour, kErased, PrivacyOfficer());
  }
  void CloseCase(double hour) { centre_.Given(Id(kCase), hour, kClosed, Supervisor()); }
  void Ask(double hour) { centre_.Given(Id(kPerson), hour, kAsked); }
  // The case is closed at 10, the erasure is done at 14.
  void EraseThePerson() {
    CloseCase(10);
    Ask(11);
    for (const auto& done : {Decide(12), Approve(13), Erase(14)}) {
      ASSERT_TRUE(done.ok()) << done.status();
    }
  }
  void LoadRetention(const std::string& agency, const std::string& rules) {
    v1::Command command = centre_.Command("retention/" + agency, 1, "retention_rules_loaded {}");
    command.mutable_fact()->mutable_retention_rules_loaded()->set_text(rules);
    const Centre::Result loaded = centre_.Send(command, Steward());
    ASSERT_TRUE(loaded.ok()) << loaded.status();
  }
  std::vector<std::string> Fingerprints(int person) {
    std::vector<std::string> found;
    const domain::Timeline history = centre_.History(kPersonKind, Id(person));
    for (const domain::DomainEvent& event : history.in_order()) {
      for (const std::string& key : event.fact->person_erased().key_fingerprints()) {
        found.push_back(key);
      }
    }
    return found;
  }
  event::v1::PersonErased Fence(int person) {
    event::v1::PersonErased fence;
    const domain::Timeline history = centre_.History(kPersonKind, Id(person));
    for (const domain::DomainEvent& event : history.in_order()) {
      if (event.fact->has_person_erased()) fence = event.fact->person_erased();
    }
    return fence;
  }
  std::vector<std::string> KeysOf(int person) {
    std::vector<std::string> keys;
    const auto known = keys_->FingerprintsOf(*Uuid::Parse(Id(person)));
    for (const Hash256& key : known.value()) keys.emplace_back(key.raw());
    return keys;
  }

  const std::shared_ptr<PersonKeys> keys_ = std::make_shared<PersonKeys>();
  Centre centre_{CentreOptions{.erasure_keys = [keys = keys_] { return PersonKeys::Share(keys); }}};
};

TEST_F(ErasureTest, IsDecidedApprovedAndDone) {
  keys_->AddNote(*Uuid::Parse(Id(kPerson)));
  EraseThePerson();
  EXPECT_THAT(centre_.Effective(kPersonKind, Id(kPerson)),
              ElementsAre("person_registered@0", "data_request_received@11", "erasure_decided@12",
                          "erasure_approved@13", "person_erased@14"));
  EXPECT_EQ(Fingerprints(kPerson), KeysOf(kPerson));
  EXPECT_EQ(Fingerprints(kPerson).size(), 2u);
  EXPECT_THAT(Fingerprints(kOther), IsEmpty());
}

// Whoever was client or companion at any time counts, whatever became of them in the case.
TEST_F(ErasureTest, TakesCasesAndContactsThatAreAboutNobodyElse) {
  const auto receive = [this](int number) {
    centre_.Given(Id(number), 0, "contact_received { channel: 'phone' }");
  };
  const auto link = [this](int contact, int to) {
    centre_.Given(Id(contact), 2,
                  absl::StrCat("contact_linked_to_case { case_id: '", Id(to), "' }"));
  };
  const auto add = [this](int to, int person, const std::string& role) {
    centre_.Given(Id(to), 2,
                  absl::StrCat("participant_added { person_id: '", Id(person),
                               "' role: PARTICIPANT_ROLE_", role, " }"));
  };
  for (const int number : {300, 301, 302}) receive(number);
  centre_.Given(Id(101), 0,
                absl::StrCat("case_opened { case_type: 'gender_based_violence' owner_agency_id: "
                             "'hotline' source_contact_id: '",
                             Id(300), "' }"));
  add(101, kPerson, "CLIENT");
  add(101, kOther, "GUARDIAN");
  link(301, 101);
  link(302, 101);
  link(302, kCase);
  centre_.OpenCase(102, {kPerson});
  add(102, kOther, "COMPANION");
  centre_.Given(
      Id(102), 3,
      absl::StrCat("participant_removed { person_id: '", Id(kOther), "' reason: 'moved' }"));
  centre_.OpenCase(103, {kThird});
  add(103, kPerson, "REPORTER");
  for (const int number : {101, 102, 103}) {
    centre_.Given(Id(number), 10, kClosed, Supervisor());
  }
  EraseThePerson();
  EXPECT_THAT(Fence(kPerson).case_ids(), ElementsAre(Id(101)));
  EXPECT_THAT(Fence(kPerson).contact_ids(), ElementsAre(Id(300), Id(301)));
  EXPECT_EQ(Fence(kPerson).key_fingerprints_size(), 1 + 3);

  // Then the others of the cases that had two.
  centre_.Given(Id(kOther), 15, kAsked);
  centre_.Given(Id(kOther), 16, kDecided, PrivacyOfficer());
  centre_.Given(Id(kOther), 17, kApproved, PrivacyOfficer("second"));
  centre_.Given(Id(kOther), 18, kErased, PrivacyOfficer());
  EXPECT_THAT(Fence(kOther).case_ids(), ElementsAre(Id(kCase), Id(102)));
  EXPECT_THAT(Fence(kOther).contact_ids(), ElementsAre(Id(302))) << "nobody is left in its cases";
}

// A call that never became a case is about whom its notes name.
TEST_F(ErasureTest, TakesContactsWithoutACaseOnceAllWhomTheyNameAreErased) {
  const auto receive = [this](int number, const std::vector<int>& about) {
    std::string note = "note { text: 'call'";
    for (const int person : about) note += absl::StrCat(" about_person_ids: '", Id(person), "'");
    centre_.Given(Id(number), 0, "contact_received { channel: 'phone' " + note + " } }");
  };
  receive(300, {kPerson});
  receive(301, {kPerson, kOther});
  receive(302, {});
  receive(303, {kThird});
  receive(304, {kPerson});  // belongs to a case that others are in
  centre_.Given(Id(304), 2, absl::StrCat("contact_linked_to_case { case_id: '", Id(kCase), "' }"));
  receive(305, {kPerson});  // by mistake
  const std::string mistaken =
      centre_.Stream(RecordKind::RECORD_KIND_CONTACT, Id(305)).front().event_id.ToString();
  const auto corrected =
      centre_.Correct(Id(305), mistaken,
                      absl::StrCat("contact_received { channel: 'phone' note { text: 'call' "
                                   "about_person_ids: '",
                                   Id(kThird), "' } }"));
  ASSERT_TRUE(corrected.ok()) << corrected.status();
  EraseThePerson();
  EXPECT_THAT(Fence(kPerson).case_ids(), IsEmpty());
  EXPECT_THAT(Fence(kPerson).contact_ids(), ElementsAre(Id(300)));
  EXPECT_EQ(Fence(kPerson).key_fingerprints_size(), 1 + 1) << "theirs and the contact's";

  centre_.Given(Id(kOther), 15, kAsked);
  centre_.Given(Id(kOther), 16, kDecided, PrivacyOfficer());
  centre_.Given(Id(kOther), 17, kApproved, PrivacyOfficer("second"));
  centre_.Given(Id(kOther), 18, kErased, PrivacyOfficer());
  EXPECT_THAT(Fence(kOther).contact_ids(), ElementsAre(Id(301), Id(304)));
}

// Each step is refused for the first of these that is there, and the steps before it are done while
// none is.
TEST_F(ErasureTest, EveryStepIsRefusedWhileAHoldACaseOrAStayNeedsTheData) {
  using Step = std::function<Centre::Result(double)>;
  Ask(9);
  const std::vector<Step> steps{[this](double at) { return Decide(at); },
                                [this](double at) { return Approve(at); },
                                [this](double at) { return Erase(at); }};
  double hour = 10;
  int round = 0;
  for (const Step& step : steps) {
    const std::string hold = absl::StrCat("h", ++round);
    centre_.Given(Id(kCase), hour, Held(hold), LegalOfficer());
    const auto held = step(hour + 1);
    EXPECT_EQ(ReasonIdOf(held), "ERASURE_LEGAL_HOLD");
    EXPECT_THAT(std::string(held.status().message()), HasSubstr(Id(kCase) + "/" + hold));
    centre_.Given(Id(kCase), hour + 2, HoldLifted(hold), LegalOfficer());
    const auto open = step(hour + 3);
    EXPECT_EQ(ReasonIdOf(open), "ERASURE_OPEN_CASE");
    EXPECT_THAT(std::string(open.status().message()), HasSubstr(Id(kCase)));
    CloseCase(hour + 4);
    const auto done = step(hour + 5);
    EXPECT_TRUE(done.ok()) << done.status();
    if (round == 3) break;
    centre_.Given(Id(kCase), hour + 6, "case_reopened { reason: 'again' }", Supervisor());
    hour += 10;
  }
}

TEST_F(ErasureTest, IsRefusedWhileThePersonStaysInAShelter) {
  centre_.RegisterShelter(kShelter, 2);
  const std::string placement = "placement_id: 'p' ";
  centre_.Given(
      Id(kShelter), 2,
      absl::StrCat("placement_requested { ", placement, "case_id: '", Id(kCase), "' person_id: '",
                   Id(kOther), "' companion_person_ids: '", Id(kPerson), "' }"));
  centre_.Given(Id(kShelter), 3,
                absl::StrCat("placement_held { ", placement, TimeField("expire_time", 30), " }"),
                Manager());
  centre_.Given(Id(kShelter), 4, absl::StrCat("resident_admitted { ", placement, " }"), Manager());
  centre_.Given(Id(kCase), 5, "case_closed { reason: 'goals_met' override_reason: 'moved on' }",
                Supervisor());
  Ask(6);
  const auto refused = Decide(7);
  EXPECT_EQ(ReasonIdOf(refused), "ERASURE_OPEN_STAY") << "a companion's too";
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr(Id(kShelter)));
  centre_.Given(Id(kShelter), 8,
                absl::StrCat("resident_discharged { ", placement, " destination: 'relatives' }"),
                Manager());
  EXPECT_TRUE(Decide(9).ok());
}

TEST_F(ErasureTest, HoldOfTodayStopsAnErasureSaidToBeOfYesterday) {
  CloseCase(5);
  Ask(6);
  ASSERT_TRUE(Decide(7).ok());
  ASSERT_TRUE(Approve(8).ok());
  centre_.Given(Id(kCase), 20, Held("h"), LegalOfficer());
  EXPECT_EQ(ReasonIdOf(Erase(9)), "ERASURE_LEGAL_HOLD");
}

TEST_F(ErasureTest, HoldKeepsAlsoWhomTheCaseNamedOnce) {
  centre_.Given(Id(kCase), 3,
                absl::StrCat("participant_removed { person_id: '", Id(kPerson), "' }"));
  Ask(4);
  ASSERT_TRUE(Decide(5).ok()) << "they take part in no open case";
  centre_.Given(Id(kCase), 6, Held("h"), LegalOfficer());
  EXPECT_EQ(ReasonIdOf(Approve(7)), "ERASURE_LEGAL_HOLD");
}

TEST_F(ErasureTest, WithoutKeysToNameNothingIsErased) {
  CloseCase(5);
  Ask(6);
  ASSERT_TRUE(Decide(7).ok());
  ASSERT_TRUE(Approve(8).ok());
  keys_->SetReachable(false);
  const auto shut = Erase(9);
  EXPECT_EQ(ReasonIdOf(shut), "VAULT_SHUT") << "what is wrong with the keys is said";
  EXPECT_EQ(shut.status().code(), absl::StatusCode::kUnavailable);
  keys_->SetReachable(true);
  EXPECT_TRUE(Erase(9).ok());
}

TEST(ErasureWithoutVaultTest, IsUnavailable) {
  Centre centre;
  centre.RegisterAgencies();
  centre.RegisterPerson(kPerson);
  centre.Given(Id(kPerson), 1, kAsked);
  centre.Given(Id(kPerson), 2, kDecided, PrivacyOfficer());
  EXPECT_EQ(ReasonIdOf(centre.Try(Id(kPerson), 4, kErased, PrivacyOfficer())),
            "ERASURE_NOT_APPROVED")
      << "the rules come first";
  centre.Given(Id(kPerson), 3, kApproved, PrivacyOfficer("second"));
  const auto refused = centre.Try(Id(kPerson), 4, kErased, PrivacyOfficer());
  EXPECT_EQ(ReasonIdOf(refused), "ERASURE_KEYS_UNAVAILABLE");
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(ErasureTest, ErasingTheSurvivorErasesWhatWasMergedIntoIt) {
  centre_.Given(Id(kOther), 2, Merged(kThird), Supervisor());
  centre_.Given(Id(kPerson), 3, Merged(kOther), Supervisor());
  EraseThePerson();
  for (const int person : {kOther, kThird}) {
    EXPECT_EQ(Fingerprints(person), KeysOf(person)) << person;
  }
  // All who were ever in the case are the one that goes on.
  EXPECT_THAT(Fence(kPerson).case_ids(), ElementsAre(Id(kCase)));
  std::vector<std::string> expected = KeysOf(kPerson);
  expected.emplace_back(Sha256({"record", Uuid::Parse(Id(kCase))->raw()}).raw());
  EXPECT_EQ(Fingerprints(kPerson), expected);
  EXPECT_EQ(centre_.History(kPersonKind, Id(kThird))
                .in_order()
                .back()
                .fact->person_erased()
                .decided_on_person_id(),
            Id(kPerson));
  centre_.Given(Id(kPerson), 20, Reversed(kOther), Supervisor());
  EXPECT_EQ(ReasonIdOf(centre_.Try(Id(kOther), 21, kAmended)), "PERSON_ERASED");
}

TEST_F(ErasureTest, MergedRecordIsErasedWithTheOneThatGoesOn) {
  CloseCase(2);
  centre_.Given(Id(kPerson), 2, kAsked);
  centre_.Given(Id(kOther), 3, Merged(kPerson), Supervisor());
  const auto refused = Decide(4);
  EXPECT_EQ(ReasonIdOf(refused), "ERASURE_OF_MERGED_RECORD");
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr(Id(kOther)));
}

TEST_F(ErasureTest, HoldOnACaseOfTheMergedRecordStopsTheSurvivorsErasure) {
  CloseCase(2);
  centre_.Given(Id(kThird), 3, Merged(kPerson), Supervisor());
  centre_.Given(Id(kCase), 4, Held("h"), LegalOfficer());
  centre_.Given(Id(kThird), 5, kAsked);
  EXPECT_EQ(ReasonIdOf(centre_.Try(Id(kThird), 6, kDecided, PrivacyOfficer())),
            "ERASURE_LEGAL_HOLD");
}

TEST_F(ErasureTest, NothingIsAddedToWhoWasErasedEvenIfItHappenedBefore) {
  const std::string amended = centre_.Given(Id(kPerson), 2, kAmended);
  const std::string added = centre_.Stream(kCaseKind, Id(kCase))[1].event_id.ToString();
  EraseThePerson();
  const std::string id = Id(kPerson);
  EXPECT_EQ(ReasonIdOf(centre_.Try(id, 3, kAmended)), "PERSON_ERASED") << "a late entry";
  EXPECT_EQ(ReasonIdOf(centre_.Try(id, 15, kAmended)), "PERSON_ERASED");
  EXPECT_EQ(ReasonIdOf(centre_.Correct(id, amended, kAmended)), "PERSON_ERASED");
  EXPECT_EQ(ReasonIdOf(centre_.Try(Id(kThird), 15, Merged(kPerson), Supervisor())),
            "PERSON_ERASED");
  EXPECT_EQ(ReasonIdOf(centre_.Try(Id(kThird), 3, Merged(kPerson), Supervisor())), "PERSON_ERASED");
  EXPECT_EQ(ReasonIdOf(centre_.Try(Id(kCase), 3,
                                   absl::StrCat("service_delivered { service_id: 's' kind: "
                                                "'medical_care' beneficiary_person_ids: '",
                                                id, "' }"))),
            "PERSON_ERASED");
  EXPECT_EQ(
      ReasonIdOf(centre_.Try(Id(kCase), 3,
                             absl::StrCat("risk_assessed { risk: RISK_LOW findings { text: 'so' "
                                          "about_person_ids: '",
                                          id, "' } }"))),
      "PERSON_ERASED")
      << "nor does a note name them: it would have a key again";
  EXPECT_EQ(ReasonIdOf(centre_.Correct(Id(kCase), added,
                                       absl::StrCat("participant_added { person_id: '", id,
                                                    "' role: PARTICIPANT_ROLE_COMPANION }"))),
            "PERSON_ERASED");
  EXPECT_EQ(ReasonIdOf(Erase(16)), "PERSON_ERASED");
  EXPECT_TRUE(centre_.Void(kPersonKind, id, amended).ok()) << "less is no more";
}

TEST_F(ErasureTest, ErasureIsNeitherVoidedNorCorrectedNorUndermined) {
  EraseThePerson();
  const auto events = centre_.Stream(kPersonKind, Id(kPerson));
  const std::string fence = events.back().event_id.ToString();
  const std::string approval = events[events.size() - 2].event_id.ToString();
  EXPECT_EQ(ReasonIdOf(centre_.Void(kPersonKind, Id(kPerson), fence, PrivacyOfficer())),
            "ERASURE_IS_FINAL");
  EXPECT_EQ(ReasonIdOf(centre_.Correct(Id(kPerson), fence, kErased, PrivacyOfficer())),
            "ERASURE_IS_FINAL");
  EXPECT_EQ(ReasonIdOf(centre_.Void(kPersonKind, Id(kPerson), approval, PrivacyOfficer("second"))),
            "LATER_FACT_WOULD_BREAK");
}

TEST_F(ErasureTest, DecisionByARetentionRuleIsGivenUpByVoidingIt) {
  CloseCase(2);
  LoadRetention("default", "rule { id: 'gbv-10y' days: 1 }");
  const std::string decided =
      centre_.Given(Id(kPerson), 3, "erasure_decided { request_id: 'r' retention_rule: 'gbv-10y' }",
                    PrivacyOfficer());
  ASSERT_TRUE(Approve(4).ok());
  EXPECT_EQ(ReasonIdOf(centre_.Void(kPersonKind, Id(kPerson), decided, PrivacyOfficer())),
            "LATER_FACT_WOULD_BREAK")
      << "first the approval";
}

// Not the clock of the ledger but the rules loaded last, of the agency whose case it is.
TEST_F(ErasureTest, DecisionByARetentionRuleRestsOnTheRulesInForce) {
  const auto decide = [this](const std::string& rule) {
    return centre_.Try(Id(kPerson), 30,
                       "erasure_decided { request_id: 'k' retention_rule: '" + rule + "' }",
                       PrivacyOfficer());
  };
  CloseCase(2);
  EXPECT_EQ(ReasonIdOf(decide("gbv")), "RETENTION_RULE_UNKNOWN") << "none were loaded";
  LoadRetention("default",
                "rule { id: 'gbv' case_type: 'gender_based_violence' days: 1 } "
                "rule { id: 'child' case_type: 'child_protection' days: 1 }");
  EXPECT_EQ(ReasonIdOf(decide("child")), "RETENTION_RULE_UNKNOWN") << "no case of theirs";
  LoadRetention("hotline", "rule { id: 'ours' years: 20 }");
  for (const char* rule : {"gbv", "ours"}) {
    const auto kept = decide(rule);
    EXPECT_EQ(ReasonIdOf(kept), "RETENTION_STILL_KEEPS");
    EXPECT_THAT(kept.status().ToString(), HasSubstr(Id(kCase) + "/ours"));
  }
  LoadRetention("hotline", "rule { id: 'ours' months: 1 }");
  EXPECT_EQ(ReasonIdOf(decide("gbv")), "RETENTION_RULE_UNKNOWN") << "the agency has its own rules";

  // Of a record that was merged into it, too.
  centre_.OpenCase(101, {kThird});
  centre_.Given(Id(101), 19'990, kClosed, Supervisor());
  centre_.Given(Id(kPerson), 20, Merged(kThird), Steward());
  EXPECT_EQ(ReasonIdOf(decide("ours")), "RETENTION_STILL_KEEPS");
  centre_.clock().Set(AtHour(20'000 + 40 * 24));
  EXPECT_EQ(ReasonIdOf(decide("ours")), "OK");
}

TEST_F(ErasureTest, ClientsNameNoKeysAndNoOtherRecord) {
  for (const std::string& field : {std::string("key_fingerprints: 'k'"),
                                   absl::StrCat("decided_on_person_id: '", Id(kOther), "'")}) {
    EXPECT_EQ(
        ReasonIdOf(centre_.Try(Id(kPerson), 2, "person_erased { request_id: 'r' " + field + " }",
                               PrivacyOfficer())),
        "INVALID_REQUEST")
        << field;
  }
}

TEST_F(ErasureTest, RolesOfTheDeliveredRulesAreAsked) {
  CloseCase(2);
  Ask(3);  // by a case worker
  const std::string id = Id(kPerson);
  for (const Caller& caller : {Worker(), Supervisor(), LegalOfficer(), Steward()}) {
    EXPECT_NE(ReasonIdOf(centre_.Try(id, 4, kDecided, caller)), "OK") << caller.actor;
  }
  ASSERT_TRUE(Decide(4).ok());
  EXPECT_EQ(ReasonIdOf(centre_.Try(id, 5, kApproved, PrivacyOfficer())),
            "ERASURE_APPROVER_DECIDED");
  for (const Caller& caller : {Worker(), LegalOfficer(), Supervisor("hospital", "stranger")}) {
    EXPECT_NE(ReasonIdOf(centre_.Try(id, 5, kApproved, caller)), "OK") << caller.actor;
  }
  EXPECT_TRUE(centre_.Try(id, 5, kApproved, Supervisor()).ok());
  for (const Caller& caller : {Worker(), Supervisor(), LegalOfficer()}) {
    EXPECT_NE(ReasonIdOf(centre_.Try(id, 6, kErased, caller)), "OK") << caller.actor;
  }
  EXPECT_TRUE(Erase(6).ok());
}

TEST_F(ErasureTest, NothingOfAnErasureOrAHoldIsImported) {
  CloseCase(2);
  Ask(3);
  const auto import = [&](const std::string& record, const std::string& fact) {
    v1::Command command = centre_.Command(record, 4, fact);
    command.mutable_header()->mutable_import()->set_source("old");
    command.mutable_header()->mutable_import()->set_file("f");
    command.mutable_header()->mutable_import()->set_row("1");
    command.mutable_header()->mutable_import()->set_on_behalf_of("hotline");
    return ReasonIdOf(centre_.Send(command, Steward()));
  };
  EXPECT_EQ(import(Id(kPerson), kAmended), "OK") << "else this shows nothing";
  for (const char* fact : {kDecided, kApproved, kErased}) {
    EXPECT_EQ(import(Id(kPerson), fact), "ACCESS_DENIED") << fact;
  }
  EXPECT_EQ(import(Id(kCase), Held("h")), "ACCESS_DENIED");
  EXPECT_EQ(import(Id(kCase), HoldLifted("h")), "ACCESS_DENIED");
}

TEST_F(ErasureTest, WhatIsOnlyKeptIsUsedOnALegalBasisAlone) {
  centre_.Given(Id(kThird), 2, kRestricted, PrivacyOfficer());
  centre_.Given(Id(kPerson), 3, Merged(kThird), Supervisor());
  const std::string service = absl::StrCat(
      "service_delivered { service_id: 's' kind: 'medical_care' "
      "beneficiary_person_ids: '",
      Id(kPerson), "' }");
  const auto refused = centre_.Try(Id(kCase), 4, service);
  EXPECT_EQ(ReasonIdOf(refused), "PROCESSING_RESTRICTED") << "the merged record is the same human";
  EXPECT_TRUE(centre_.Try(Id(kCase), 2.5, service).ok()) << "before that it was not";
  v1::Command on_basis = centre_.Command(
      Id(kCase), 4,
      absl::StrCat(
          "service_delivered { service_id: 't' kind: 'medical_care' beneficiary_person_ids: '",
          Id(kPerson), "' }"));
  on_basis.mutable_header()->set_legal_basis("Law 13/2022");
  EXPECT_TRUE(centre_.Send(on_basis).ok());
  EXPECT_TRUE(centre_
                  .Try(Id(kCase), 4,
                       absl::StrCat("emergency_started { emergency_id: 'e' person_id: '",
                                    Id(kPerson), "' kind: 'gender_based_violence' }"))
                  .ok())
      << "what protects goes on";
  centre_.Given(Id(kThird), 5, "restriction_lifted { restriction_id: 'k' reason: 'other' }",
                PrivacyOfficer());
  EXPECT_TRUE(centre_
                  .Try(Id(kCase), 6,
                       absl::StrCat("service_delivered { service_id: 'u' kind: 'medical_care' "
                                    "beneficiary_person_ids: '",
                                    Id(kPerson), "' }"))
                  .ok());
}

}  // namespace
}  // namespace caseledger::testing
