// Requests of data subjects, restrictions, and the way to an erasure.
#include "services/domain/person/privacy.h"

#include <functional>

#include "services/domain/person/person.h"
#include "tests/services/support/record.h"

namespace caseledger::domain {
namespace {

using testing::FactFrom;
using testing::IdOf;
using testing::Record;
using testing::Step;
using testing::ToldRelated;

using PersonRecord = Record<PersonState>;

Step By(const std::string& actor, double hours, const std::string& fact) {
  Step step{hours, fact};
  step.actor = actor;
  return step;
}

std::string Asked(const std::string& key, const std::string& kind,
                  const std::string& by = "asked_by: 'self'") {
  return "data_request_received { request_id: '" + key + "' request_kind: '" + kind + "' " + by +
         " channel: 'letter' }";
}
std::string Answered(const std::string& key, const std::string& outcome,
                     const std::string& rest = "") {
  return "data_request_answered { request_id: '" + key + "' outcome: DATA_REQUEST_OUTCOME_" +
         outcome + " " + rest + " }";
}
std::string Decided(const std::string& key, const std::string& rest = "") {
  return "erasure_decided { request_id: '" + key + "' " + rest + " }";
}
std::string Approved(const std::string& key) {
  return "erasure_approved { request_id: '" + key + "' }";
}
std::string Erased(const std::string& key) { return "person_erased { request_id: '" + key + "' }"; }
std::string Restricted(const std::string& key) {
  return "processing_restricted { restriction_id: '" + key + "' reason: 'objection' }";
}
std::string Lifted(const std::string& key) {
  return "restriction_lifted { restriction_id: '" + key + "' reason: 'other' }";
}

const char kByFather[] = "asked_by: 'representative' representative_person_id: 'father'";
const char kFatherAppointed[] =
    "representative_appointed { representative_person_id: 'father' capacity: 'parent' }";
const char kFatherExcluded[] =
    "representative_excluded { representative_person_id: 'father' reason: 'suspected_abuse' }";
const char kStayBegan[] = "stay_began { shelter_id: 's' placement_id: 'p' }";
const char kAmended[] = "person_amended { attributes {} }";

const Step kRegistered{0, "person_registered { attributes {} }"};
const Step kAskedToErase{1, Asked("r1", "erasure")};
const Step kDecided = By("an", 2, Decided("r1"));
const Step kApproved = By("binh", 3, Approved("r1"));
const Step kErased = By("an", 4, Erased("r1"));
const std::vector<Step> kUntilDecided{kRegistered, kAskedToErase, kDecided};
const std::vector<Step> kUntilApproved{kRegistered, kAskedToErase, kDecided, kApproved};
const std::vector<Step> kUntilErased{kRegistered, kAskedToErase, kDecided, kApproved, kErased};

std::vector<Step> And(std::vector<Step> steps, std::initializer_list<Step> more) {
  steps.insert(steps.end(), more.begin(), more.end());
  return steps;
}

void Hold(ToldRelated& related) {
  related.erasure_reach->held_case = "case";
  related.erasure_reach->hold = "h1";
}
void OpenCase(ToldRelated& related) { related.erasure_reach->open_case = "case"; }
void OpenStay(ToldRelated& related) { related.erasure_reach->open_stay = "shelter"; }
void Kept(ToldRelated& related) { related.retention = {true, "case", "r"}; }
void Everything(ToldRelated& related) {
  Hold(related);
  OpenCase(related);
  OpenStay(related);
}
void CaseAndStay(ToldRelated& related) {
  OpenCase(related);
  OpenStay(related);
}
void TooMany(ToldRelated& related) { related.erasure_reach.reset(); }
void TooManyAndErased(ToldRelated& related) {
  related.erased = {"child"};
  TooMany(related);
}
void TooManyKeys(ToldRelated& related) {
  related.keys["child"] = std::vector<std::string>(10'001, std::string(32, 'k'));
}

struct PrivacyRow {
  std::string name;
  std::vector<Step> given;
  Step when;
  std::optional<Reason> reason;  // nullopt: accepted
  std::string item = "";
  std::function<void(ToldRelated&)> but = nullptr;  // how the world differs at `when`
};

// Whoever of them proposes the step.
std::vector<PrivacyRow> ForEveryStep(const std::string& name, Reason reason,
                                     const std::string& item,
                                     const std::function<void(ToldRelated&)>& but) {
  return {
      {name + ", decided", {kRegistered, kAskedToErase}, kDecided, reason, item, but},
      {name + ", approved", kUntilDecided, kApproved, reason, item, but},
      {name + ", done", kUntilApproved, kErased, reason, item, but},
  };
}

// In the order in which the rules are asked.
std::vector<PrivacyRow> Rows() {
  std::vector<PrivacyRow> rows;
  const auto add = [&](const std::vector<PrivacyRow>& more) {
    rows.insert(rows.end(), more.begin(), more.end());
  };
  add(ForEveryStep("erased meanwhile", Reason::kPersonErased, "", TooManyAndErased));
  add(ForEveryStep("tied to too much", Reason::kErasureTooManyRecords, "", TooMany));
  add(ForEveryStep("held, in an open case, in a shelter", Reason::kErasureLegalHold, "case/h1",
                   Everything));
  add(ForEveryStep("in an open case and a shelter", Reason::kErasureOpenCase, "case", CaseAndStay));
  add(ForEveryStep("in a shelter", Reason::kErasureOpenStay, "shelter", OpenStay));
  add({
      {"a request by an excluded one is fulfilled",
       {kRegistered, {1, kFatherExcluded}, {2, Asked("r1", "access", kByFather)}},
       {3, Answered("r1", "FULFILLED")},
       Reason::kRepresentativeExcluded,
       "father"},
      {"an erasure is decided for an excluded one",
       {kRegistered, {1, Asked("r1", "erasure", kByFather)}, {1.5, kFatherExcluded}},
       {2, Decided("r1")},
       Reason::kRepresentativeExcluded,
       "father"},
      {"a request by one nobody appointed is accepted",
       {kRegistered, {2, Asked("r1", "access", kByFather)}},
       {3, Answered("r1", "ACCEPTED")},
       Reason::kRepresentativeNotAppointed,
       "father"},
      {"too many keys", kUntilApproved, kErased, Reason::kErasureTooManyKeys, "child", TooManyKeys},
      {"asked before registration",
       {kRegistered},
       {-1, Asked("r1", "access")},
       Reason::kBeforeRecordBegan},
      {"request key used",
       {kRegistered, kAskedToErase},
       {2, Asked("r1", "access")},
       Reason::kDataRequestKeyUsed,
       "r1"},
      {"representative unnamed",
       {kRegistered},
       {1, Asked("r1", "access",
                 "asked_by: "
                 "'representative'")},
       Reason::kDataRequestRepresentative,
       "r1"},
      {"representative named beside oneself",
       {kRegistered},
       {1, Asked("r1", "access", "asked_by: 'self' representative_person_id: 'father'")},
       Reason::kDataRequestRepresentative,
       "r1"},
      {"answer to no request",
       {kRegistered},
       {1, Answered("r1", "WITHDRAWN")},
       Reason::kDataRequestUnknown,
       "r1"},
      {"answered twice",
       {kRegistered, {1, Asked("r1", "access")}, {2, Answered("r1", "FULFILLED")}},
       {3, Answered("r1", "WITHDRAWN")},
       Reason::kDataRequestAnswered,
       "r1"},
      {"accepted twice",
       {kRegistered, {1, Asked("r1", "access")}, {2, Answered("r1", "ACCEPTED")}},
       {3, Answered("r1", "ACCEPTED")},
       Reason::kDataRequestAnswered,
       "r1"},
      {"erasure fulfilled by hand",
       {kRegistered, kAskedToErase},
       {2, Answered("r1", "FULFILLED")},
       Reason::kErasureAnswersItself,
       "r1"},
      {"refused without a reason",
       {kRegistered, kAskedToErase},
       {2, Answered("r1", "REFUSED")},
       Reason::kDataRequestRefusalUnexplained,
       "r1"},
      {"second erasure",
       And(kUntilDecided, {{2.5, Asked("r2", "erasure")}}),
       {3, Decided("r2")},
       Reason::kErasureUnderWay,
       "r1"},
      {"retention under the key of a request",
       {kRegistered, kAskedToErase},
       {2, Decided("r1", "retention_rule: 'gbv-10y'")},
       Reason::kDataRequestKeyUsed,
       "r1"},
      {"request under the key of a retention",
       {kRegistered, {1, Decided("k", "retention_rule: 'gbv-10y'")}},
       {2, Asked("k", "access")},
       Reason::kDataRequestKeyUsed,
       "k"},
      {"retention by a rule that no case is kept by",
       {kRegistered},
       {2, Decided("k", "retention_rule: 'unknown'")},
       Reason::kRetentionRuleUnknown,
       "unknown"},
      {"retention while a rule keeps a case",
       {kRegistered},
       {2, Decided("k", "retention_rule: 'x'")},
       Reason::kRetentionStillKeeps,
       "case/r",
       Kept},
      {"decided for no request",
       {kRegistered},
       {2, Decided("r1")},
       Reason::kDataRequestUnknown,
       "r1"},
      {"decided for another kind of request",
       {kRegistered, {1, Asked("r1", "access")}},
       {2, Decided("r1")},
       Reason::kDataRequestNotErasure,
       "r1"},
      {"decided for a request that was refused",
       {kRegistered, kAskedToErase, {2, Answered("r1", "REFUSED", "reason: 'legal_hold'")}},
       {3, Decided("r1")},
       Reason::kDataRequestAnswered,
       "r1"},
      {"approved before it is decided",
       {kRegistered, kAskedToErase},
       kApproved,
       Reason::kErasureNotDecided,
       "r1"},
      {"another one approved", kUntilDecided, By("binh", 3, Approved("r2")),
       Reason::kErasureNotDecided, "r2"},
      {"approved twice", kUntilApproved, By("chi", 3.5, Approved("r1")),
       Reason::kErasureAlreadyApproved, "r1"},
      {"approved by who decided", kUntilDecided, By("an", 3, Approved("r1")),
       Reason::kErasureApproverDecided, "r1"},
      {"another one done", kUntilApproved, By("an", 4, Erased("r2")), Reason::kErasureNotDecided,
       "r2"},
      {"done without approval", kUntilDecided, kErased, Reason::kErasureNotApproved, "r1"},
      {"given up by a refusal, then approved",
       And(kUntilDecided, {{2.5, Answered("r1", "REFUSED", "reason: 'legal_hold'")}}), kApproved,
       Reason::kErasureNotDecided, "r1"},
      {"withdrawn after the approval, then done",
       And(kUntilApproved, {{3.5, Answered("r1", "WITHDRAWN")}}), kErased,
       Reason::kErasureNotDecided, "r1"},
      {"merged while an erasure is under way",
       kUntilDecided,
       {3, "persons_merged { merged_person_id: 'double' }"},
       Reason::kErasureUnderWay,
       "r1"},
      {"restriction key used",
       {kRegistered, {1, Restricted("k")}},
       {2, Restricted("k")},
       Reason::kRestrictionKeyUsed,
       "k"},
      {"lifts no restriction", {kRegistered}, {2, Lifted("k")}, Reason::kRestrictionUnknown, "k"},
      {"lifts a restriction twice",
       {kRegistered, {1, Restricted("k")}, {2, Lifted("k")}},
       {3, Lifted("k")},
       Reason::kRestrictionLifted,
       "k"},
      {"shelter on the record itself", And(kUntilApproved, {{3.5, kStayBegan}}), kErased,
       Reason::kErasureOpenStay, "s"},
  });
  // After an erasure: everything that says something of the person is refused, by the record alone.
  for (const std::string& fact :
       {std::string(kAmended), std::string("identifier_attached { identifier_id: 'i' }"),
        std::string("safe_contact_rule_set { may_call: true }"),
        std::string("relationship_recorded { other_person_id: 'x' relation: 'mother' }"),
        std::string("consent_given { consent_id: 'c2' purposes: 'sharing' given_by: 'self' }"),
        std::string("persons_merged { merged_person_id: 'double' }"), std::string(kStayBegan),
        std::string(kFatherAppointed), Asked("r2", "access"), Restricted("k2"),
        Answered("r3", "FULFILLED", "note { text: 'told' }"), Decided("r9", "retention_rule: 'x'"),
        Erased("r1")}) {
    rows.push_back({"after an erasure: " + fact,
                    And({kRegistered, {0.5, Asked("r3", "access")}},
                        {kAskedToErase, kDecided, kApproved, kErased}),
                    {5, fact},
                    Reason::kPersonErased});
  }
  return rows;
}

std::vector<PrivacyRow> Accepted() {
  const std::vector<Step> much{kRegistered,
                               {0.1,
                                "consent_given { consent_id: 'c' purposes: 'sharing' "
                                "given_by: 'self' }"},
                               {0.2, Restricted("k")},
                               {0.3, Asked("r3", "access")},
                               {0.4, "persons_merged { merged_person_id: 'double' }"},
                               kAskedToErase,
                               kDecided,
                               kApproved,
                               kErased};
  return {
      {"refused without an appointment",
       {kRegistered, {1, Asked("r1", "access", kByFather)}},
       {2, Answered("r1", "REFUSED", "reason: 'identity_not_shown'")},
       std::nullopt},
      {"fulfilled for who is appointed",
       {kRegistered, {1, kFatherAppointed}, {2, Asked("r1", "access", kByFather)}},
       {3, Answered("r1", "FULFILLED")},
       std::nullopt},
      {"fulfilled after it was accepted",
       {kRegistered, {1, Asked("r1", "access")}, {2, Answered("r1", "ACCEPTED")}},
       {3, Answered("r1", "FULFILLED")},
       std::nullopt},
      {"erased by a retention rule",
       {kRegistered},
       {1, Decided("k", "retention_rule: 'x'")},
       std::nullopt},
      {"decided anew after it was given up",
       And(kUntilDecided, {{2.5, Answered("r1", "WITHDRAWN")}, {2.6, Asked("r2", "erasure")}}),
       {3, Decided("r2")},
       std::nullopt},
      {"consent withdrawn after", much, {5, "consent_withdrawn { consent_id: 'c' }"}, std::nullopt},
      {"exclusion after", much, {5, kFatherExcluded}, std::nullopt},
      {"restriction lifted after", much, {5, Lifted("k")}, std::nullopt},
      {"request answered after", much, {5, Answered("r3", "FULFILLED")}, std::nullopt},
      {"merge reversed after",
       much,
       {5, "merge_reversed { merged_person_id: 'double' }"},
       std::nullopt},
  };
}

void PlayRow(const PrivacyRow& row) {
  SCOPED_TRACE(row.name);
  PersonRecord record("child", DecidePerson);
  for (const Step& step : row.given) {
    const auto given = record.Try(step);
    ASSERT_TRUE(given.ok()) << step.fact << ": " << given.status();
  }
  if (row.but != nullptr) row.but(record.related);
  const absl::StatusOr<struct Decided> answer = record.Try(row.when);
  EXPECT_EQ(IdOf(answer.status()),
            row.reason.has_value() ? std::string(TextOf(*row.reason).id) : "accepted");
  EXPECT_EQ(ItemOf(answer.status()), row.item);
}

TEST(Privacy, RefusesWithTheReason) {
  for (const PrivacyRow& row : Rows()) PlayRow(row);
}

TEST(Privacy, TakesWhatIsNoReasonToRefuse) {
  for (const PrivacyRow& row : Accepted()) PlayRow(row);
}

TEST(Privacy, EveryReasonHasARow) {
  std::set<Reason> produced;
  for (const PrivacyRow& row : Rows()) produced.insert(*row.reason);
  // Those have tests of their own, here, in tests/services/commands or in case_record.
  const std::set<Reason> elsewhere{Reason::kErasureReachChanged,    Reason::kErasureOfMergedRecord,
                                   Reason::kErasureKeysUnavailable, Reason::kErasureIsFinal,
                                   Reason::kProcessingRestricted,   Reason::kTooManyRecords};
  for (const Reason reason : {
#define CASELEDGER_REASON(name, code, id, vi, en) Reason::name,
#include "services/domain/reasons/privacy.inc"
#undef CASELEDGER_REASON
       }) {
    EXPECT_NE(produced.contains(reason), elsewhere.contains(reason)) << TextOf(reason).id;
  }
}

PersonRecord After(const std::vector<Step>& steps) {
  PersonRecord record("child", DecidePerson);
  for (const Step& step : steps) EXPECT_TRUE(record.Try(step).ok()) << step.fact;
  return record;
}

TEST(Privacy, WhoCorrectedTheDecisionMayNotApproveIt) {
  PersonRecord record = After(kUntilDecided);
  Fact correction = FactFrom("fact_corrected { target_event_id: 'e3' }");
  *correction.mutable_fact_corrected()->mutable_replacement() = FactFrom(Decided("r1"));
  ASSERT_TRUE(record.Write(correction, By("chi", 2.5, "")).ok());
  EXPECT_EQ(IdOf(record.Try(By("chi", 3, Approved("r1"))).status()), "ERASURE_APPROVER_DECIDED");
  EXPECT_EQ(IdOf(record.Try(By("an", 3, Approved("r1"))).status()), "ERASURE_APPROVER_DECIDED");
  EXPECT_TRUE(record.Try(kApproved).ok());
}

// Entered late, so that the order of occurrence does not show it.
TEST(Privacy, ApprovalCoversNoRecordThatWasMergedInAfterTheDecision) {
  const Step merge{1.5, "persons_merged { merged_person_id: 'double' }"};
  PersonRecord decided = After(kUntilDecided);
  ASSERT_TRUE(decided.Try(merge).ok());
  EXPECT_EQ(IdOf(decided.Try(kApproved).status()), "ERASURE_REACH_CHANGED");
  PersonRecord approved = After(kUntilApproved);
  EXPECT_EQ(IdOf(approved.Try(merge).status()), "LATER_FACT_WOULD_BREAK");
  PersonRecord anew = After(And(kUntilDecided, {merge, {2.5, Answered("r1", "WITHDRAWN")}}));
  ASSERT_TRUE(anew.Try({2.6, Decided("r2", "retention_rule: 'x'")}).ok());
  EXPECT_TRUE(anew.Try(By("binh", 3, Approved("r2"))).ok());
}

TEST(Privacy, MergedRecordSaysWhereToErase) {
  PersonRecord record("double", DecidePerson);
  ASSERT_TRUE(record.Try(kRegistered).ok());
  ASSERT_TRUE(record.Try(kAskedToErase).ok());
  const Fact merge =
      FactFrom("persons_merged { survivor_person_id: 'child' merged_person_id: 'double' }");
  ASSERT_TRUE(record.Write(merge, {1.5, ""}).ok());
  Everything(record.related);
  for (const Step& step : {kDecided, kApproved, kErased}) {
    const auto refused = record.Try(step);
    EXPECT_EQ(IdOf(refused.status()), "ERASURE_OF_MERGED_RECORD") << step.fact;
    EXPECT_EQ(ItemOf(refused.status()), "child");
  }
  EXPECT_TRUE(record.Try({3, Answered("r1", "WITHDRAWN")}).ok()) << "what ends is taken";
  const Fact fence = FactFrom("person_erased { request_id: 'r7' decided_on_person_id: 'child' }");
  ASSERT_TRUE(record.Write(fence, {4, ""}).ok()) << "erased with the one that goes on";
  EXPECT_TRUE(record.StateAt(5).erasure.erased);
  EXPECT_TRUE(record
                  .Write(FactFrom("merge_reversed { survivor_person_id: 'child' "
                                  "merged_person_id: 'double' }"),
                         {5, ""})
                  .ok());
  EXPECT_EQ(IdOf(record.Try({6, kAmended}).status()), "PERSON_ERASED");
}

TEST(Privacy, ErasureNamesTheKeysOfEveryRecordOfThePerson) {
  PersonRecord record = After(kUntilApproved);
  const std::string one(32, '1');
  const std::string two(32, '2');
  record.related.keys = {{"child", {one, two}}, {"double", {two}}};
  record.related.erasure_reach->merged_person_ids = {"double", "triple"};
  const auto decided = record.Try(kErased);
  ASSERT_TRUE(decided.ok()) << decided.status();
  const event::v1::PersonErased& fence = decided->fact.person_erased();
  EXPECT_EQ(
      std::vector<std::string>(fence.key_fingerprints().begin(), fence.key_fingerprints().end()),
      (std::vector<std::string>{one, two}));
  EXPECT_EQ(fence.decided_on_person_id(), "");
  ASSERT_EQ(decided->consequences.size(), 2u);
  const ProposedFact& other = decided->consequences[0];
  EXPECT_EQ(other.kind, RecordKind::RECORD_KIND_PERSON);
  EXPECT_EQ(other.record_id, "double");
  EXPECT_EQ(other.fact.person_erased().request_id(), "r1");
  EXPECT_EQ(other.fact.person_erased().decided_on_person_id(), "child");
  ASSERT_EQ(other.fact.person_erased().key_fingerprints_size(), 1);
  EXPECT_EQ(other.fact.person_erased().key_fingerprints(0), two);
  EXPECT_EQ(decided->consequences[1].fact.person_erased().key_fingerprints_size(), 0);
}

TEST(Privacy, ErasureAnswersTheRequestsForIt) {
  PersonRecord record("child", DecidePerson);
  for (const Step& step :
       And({kRegistered, {0.5, Asked("old", "erasure")}, {0.6, Asked("look", "access")}},
           {kAskedToErase, kDecided, kApproved, kErased})) {
    ASSERT_TRUE(record.Try(step).ok()) << step.fact;
  }
  const PersonState state = record.StateAt(5);
  EXPECT_TRUE(state.requests.Find("r1")->answered);
  EXPECT_TRUE(state.requests.Find("old")->answered);
  EXPECT_FALSE(state.requests.Find("look")->answered);
}

// An erasure said to have happened before something personal that is on record would leave that.
TEST(Privacy, ErasureIsNotSaidToBeOlderThanWhatIsKnown) {
  PersonRecord record = After(And(kUntilApproved, {{6, kAmended}}));
  EXPECT_EQ(IdOf(record.Try(kErased).status()), "LATER_FACT_WOULD_BREAK");
  EXPECT_TRUE(record.Try(By("an", 7, Erased("r1"))).ok());
}

TEST(Privacy, StateSurvivesItsBytes) {
  testing::ExpectRoundTrip(After(And(kUntilDecided, {{2.5, Restricted("k")}})).StateAt(9));
  testing::ExpectRoundTrip(After(kUntilErased).StateAt(9));
}

}  // namespace
}  // namespace caseledger::domain
