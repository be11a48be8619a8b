#include "services/domain/person/person.h"

#include "tests/services/support/record.h"

namespace caseledger::domain {
namespace {

using testing::At;
using testing::EventOf;
using testing::FactFrom;
using testing::Record;
using testing::Row;
using testing::Step;
using testing::Time;

using PersonRecord = Record<PersonState>;

const Step kRegistered{0, "person_registered { attributes { birth_year: 2014 } }"};

PersonRecord Child() {
  PersonRecord record("child", DecidePerson);
  record.related.merged_away = {"gone"};
  return record;
}

std::string Consent(const std::string& key, const std::string& rest) {
  return "consent_given { consent_id: '" + key + "' purposes: 'sharing' " + rest + " }";
}

std::string Merge(const std::string& survivor, const std::string& merged) {
  return "persons_merged { survivor_person_id: '" + survivor + "' merged_person_id: '" + merged +
         "' }";
}

std::string Reversal(const std::string& survivor, const std::string& merged) {
  return "merge_reversed { survivor_person_id: '" + survivor + "' merged_person_id: '" + merged +
         "' }";
}

const Step kExcluded{
    2, "representative_excluded { representative_person_id: 'father' reason: 'suspected_abuse' }"};
const Step kFatherAppointed{
    3, "representative_appointed { representative_person_id: 'father' capacity: 'parent' }"};

Step By(const std::string& role, Step step) {
  step.roles = {role};
  return step;
}

Step Imported(Step step) {
  step.imported = true;
  return step;
}

// In the order in which the rules are asked.
std::vector<Row> Rejections() {
  return {
      {"registered twice", {kRegistered}, kRegistered, Reason::kRecordExists},
      {"amended before registration",
       {kRegistered},
       {-1, "person_amended { attributes {} }"},
       Reason::kBeforeRecordBegan},
      {"related to oneself",
       {kRegistered},
       {1, "relationship_recorded { other_person_id: 'child' relation: 'mother' }"},
       Reason::kRelatedToItself},
      {"one's own representative",
       {kRegistered},
       {1, "representative_appointed { representative_person_id: 'child' }"},
       Reason::kRelatedToItself},
      {"merged with itself",
       {kRegistered},
       {1, "persons_merged { merged_person_id: 'child' }"},
       Reason::kMergeWithItself},
      {"reversal with itself",
       {kRegistered},
       {1, "merge_reversed { merged_person_id: 'child' }"},
       Reason::kMergeWithItself},
      {"the other was merged away",
       {kRegistered},
       {1, "persons_merged { merged_person_id: 'gone' }"},
       Reason::kMergedAway,
       "gone"},
      {"merged twice",
       {kRegistered, {1, "persons_merged { merged_person_id: 'double' }"}},
       {2, "persons_merged { merged_person_id: 'double' }"},
       Reason::kMergedAway,
       "double"},
      {"merge that never was",
       {kRegistered},
       {1, "merge_reversed { merged_person_id: 'double' }"},
       Reason::kMergeUnknown,
       "double"},
      {"merge reversed already",
       {kRegistered,
        {1, "persons_merged { merged_person_id: 'double' }"},
        {2, "merge_reversed { merged_person_id: 'double' }"}},
       {3, "merge_reversed { merged_person_id: 'double' }"},
       Reason::kMergeUnknown,
       "double"},
      {"identifier key used",
       {kRegistered, {1, "identifier_attached { identifier_id: 'i1' }"}},
       {2, "identifier_attached { identifier_id: 'i1' }"},
       Reason::kIdentifierKeyUsed,
       "i1"},
      {"excluded one appointed by a case worker",
       {kRegistered, kExcluded},
       By("case_worker", kFatherAppointed),
       Reason::kRepresentativeExcluded,
       "father"},
      {"consent by an excluded guardian",
       {kRegistered, kExcluded},
       {3, Consent("c1", "given_by: 'guardian' representative_person_id: 'father'")},
       Reason::kRepresentativeExcluded,
       "father"},
      {"consent by the child together with an excluded one",
       {kRegistered, kExcluded},
       {3, Consent("c1", "given_by: 'self_and_representative' representative_person_id: 'father'")},
       Reason::kRepresentativeExcluded,
       "father"},
      {"consent by a guardian nobody names while one is excluded",
       {kRegistered, kExcluded},
       {3, Consent("c1", "given_by: 'guardian'")},
       Reason::kRepresentativeUnnamed,
       "c1"},
      {"consent key used",
       {kRegistered, {1, Consent("c1", "given_by: 'self'")}},
       {2, Consent("c1", "given_by: 'self'")},
       Reason::kConsentKeyUsed,
       "c1"},
      {"consent that expires when it is given",
       {kRegistered},
       {2, Consent("c1", "given_by: 'self' expire_time" + Time(2))},
       Reason::kConsentExpiresBeforeGiven,
       "c1"},
      {"withdrawal of no consent",
       {kRegistered},
       {2, "consent_withdrawn { consent_id: 'c1' }"},
       Reason::kConsentUnknown,
       "c1"},
      {"withdrawal before the consent",
       {kRegistered, {5, Consent("c1", "given_by: 'self'")}},
       {4, "consent_withdrawn { consent_id: 'c1' }"},
       Reason::kConsentUnknown,
       "c1"},
      {"withdrawn twice",
       {kRegistered,
        {1, Consent("c1", "given_by: 'self'")},
        {2, "consent_withdrawn { consent_id: 'c1' }"}},
       {3, "consent_withdrawn { consent_id: 'c1' }"},
       Reason::kConsentWithdrawn,
       "c1"},
      {"withdrawn in more cases than one decision may read",
       {kRegistered, {1, Consent("c1", "given_by: 'self'")}},
       {2, "consent_withdrawn { consent_id: 'c1' }"},
       Reason::kConsentInTooManyCases,
       "c1"},
      {"second stay at a time",
       {kRegistered, {1, "stay_began { shelter_id: 's1' placement_id: 'p1' }"}},
       {2, "stay_began { shelter_id: 's2' placement_id: 'p1' }"},
       Reason::kPersonHasOpenStay,
       "s1"},
      {"end of a stay elsewhere",
       {kRegistered, {1, "stay_began { shelter_id: 's1' placement_id: 'p1' }"}},
       {2, "stay_finished { shelter_id: 's2' placement_id: 'p1' }"},
       Reason::kPersonStayNotOpen,
       "p1"},
      {"earlier stay that runs into a recorded one",
       {kRegistered, {5, "stay_began { shelter_id: 's1' placement_id: 'p1' }"}},
       {3, "stay_began { shelter_id: 's2' placement_id: 'p2' }"},
       Reason::kLaterFactWouldBreak,
       "e2"},
  };
}

std::vector<Row> Acceptances() {
  const Step guardian_consent{3, Consent("c1", "given_by: 'guardian'")};
  return {
      {"excluded one appointed by a supervisor",
       {kRegistered, kExcluded},
       By("supervisor", kFatherAppointed),
       std::nullopt},
      {"excluded one appointed in an import",
       {kRegistered, kExcluded},
       Imported(kFatherAppointed),
       std::nullopt,
       "",
       {Reason::kRepresentativeExcluded}},
      {"the person's own consent although the representative is excluded",
       {kRegistered, kExcluded},
       {3, Consent("c1", "given_by: 'self' representative_person_id: 'father'")},
       std::nullopt},
      {"imported consent by an excluded guardian of a child of ten",
       {kRegistered, kExcluded},
       Imported({3, Consent("c1", "given_by: 'guardian' representative_person_id: 'father'")}),
       std::nullopt,
       "",
       {Reason::kRepresentativeExcluded, Reason::kChildConsentMissing}},
      {"imported consent by a guardian nobody names while one is excluded",
       {kRegistered, kExcluded},
       Imported({3, Consent("c1", "given_by: 'guardian'")}),
       std::nullopt,
       "",
       {Reason::kRepresentativeUnnamed, Reason::kChildConsentMissing}},
      {"the record that goes on stays in a shelter",
       {kRegistered, {1, "stay_began { shelter_id: 's1' placement_id: 'p1' }"}},
       {2, Merge("child", "double")},
       std::nullopt},
      {"guardian alone for a child of ten",
       {kRegistered},
       guardian_consent,
       std::nullopt,
       "",
       {Reason::kChildConsentMissing}},
      {"guardian alone for a child who may be seven",
       {{0, "person_registered { attributes { birth_year: 2017 } }"}},
       guardian_consent,
       std::nullopt,
       "",
       {Reason::kChildConsentMissing}},
      {"guardian alone for a child of six",
       {{0, "person_registered { attributes { birth_year: 2018 } }"}},
       guardian_consent,
       std::nullopt},
      {"guardian alone for an adult",
       {{0, "person_registered { attributes { birth_year: 1990 } }"}},
       guardian_consent,
       std::nullopt},
      {"guardian alone, birth year unknown",
       {{0, "person_registered { attributes {} }"}},
       guardian_consent,
       std::nullopt},
      {"guardian alone, birth year known later only",
       {{0, "person_registered { attributes {} }"},
        {9, "person_amended { attributes { birth_year: 2014 } }"}},
       guardian_consent,
       std::nullopt},
      {"guardian and child together",
       {kRegistered},
       {3, Consent("c1", "given_by: 'self_and_representative'")},
       std::nullopt},
      {"next stay after the first",
       {kRegistered,
        {1, "stay_began { shelter_id: 's1' placement_id: 'p1' }"},
        {2, "stay_finished { shelter_id: 's1' placement_id: 'p1' }"}},
       {2, "stay_began { shelter_id: 's2' placement_id: 'p1' }"},
       std::nullopt},
  };
}

// What another record's command writes into this one's stream.
std::vector<Row> RejectionsOfWhatFollows() {
  return {
      {"merge of two others", {kRegistered}, {1, Merge("a", "b")}, Reason::kMergeOfOthers},
      {"merged away while in a shelter",
       {kRegistered, {1, "stay_began { shelter_id: 's1' placement_id: 'p1' }"}},
       {2, Merge("other", "child")},
       Reason::kMergedPersonHasOpenStay,
       "s1"},
      {"stay that would last when the record was merged away",
       {kRegistered, {5, Merge("other", "child")}},
       {3, "stay_began { shelter_id: 's1' placement_id: 'p1' }"},
       Reason::kLaterFactWouldBreak,
       "e2"},
      {"merged away already",
       {kRegistered, {1, Merge("sister", "child")}},
       {2, Merge("aunt", "child")},
       Reason::kMergedAway,
       "sister"},
      {"reversal by one it was not merged into",
       {kRegistered, {1, Merge("sister", "child")}},
       {2, Reversal("aunt", "child")},
       Reason::kMergeUnknown,
       "child"},
      {"new fact for the one merged away",
       {kRegistered, {1, Merge("sister", "child")}},
       {2, "person_amended { attributes {} }"},
       Reason::kMergedAway,
       "sister"},
      {"exclusion by the one merged away",
       {kRegistered, {1, Merge("sister", "child")}},
       kExcluded,
       std::nullopt},
      {"new fact after the reversal",
       {kRegistered, {1, Merge("sister", "child")}, {2, Reversal("sister", "child")}},
       {3, "person_amended { attributes {} }"},
       std::nullopt},
  };
}

void PlayWhatFollows(const Row& row) {
  SCOPED_TRACE(row.name);
  PersonRecord record = Child();
  for (const Step& step : row.given) ASSERT_TRUE(record.Write(FactFrom(step.fact), step).ok());
  const absl::Status status = record.Write(FactFrom(row.when.fact), row.when);
  EXPECT_EQ(testing::IdOf(status),
            row.reason.has_value() ? std::string(TextOf(*row.reason).id) : "accepted");
  EXPECT_EQ(ItemOf(status), row.item);
}

TEST(Person, RefusesInPrecedenceOrder) {
  for (const Row& row : Rejections()) {
    PersonRecord record = Child();
    if (row.reason == Reason::kConsentInTooManyCases) {
      record.related.referrals_on_consent = std::nullopt;
    }
    testing::Play(row, std::move(record));
  }
}

TEST(Person, AcceptsAndFlagsForASecondLook) {
  for (const Row& row : Acceptances()) testing::Play(row, Child());
}

TEST(Person, JudgesWhatFollowsFromOtherRecords) {
  for (const Row& row : RejectionsOfWhatFollows()) PlayWhatFollows(row);
}

TEST(Person, EveryReasonIsProduced) {
  testing::ExpectEveryReasonIsProduced(
      {
#define CASELEDGER_REASON(name, ...) Reason::name,
#include "services/domain/reasons/person.inc"
#undef CASELEDGER_REASON
      },
      {Rejections(), Acceptances(), RejectionsOfWhatFollows()});
}

TEST(Person, MergeIsWrittenToBothStreams) {
  PersonRecord record = Child();
  ASSERT_TRUE(record.Try(kRegistered).ok());
  const auto decided = record.Try({1, "persons_merged { merged_person_id: 'double' }"});
  ASSERT_TRUE(decided.ok());
  EXPECT_EQ(decided->fact.persons_merged().survivor_person_id(), "child");
  ASSERT_EQ(decided->consequences.size(), 1u);
  const ProposedFact& other = decided->consequences[0];
  EXPECT_EQ(other.kind, RecordKind::RECORD_KIND_PERSON);
  EXPECT_EQ(other.record_id, "double");
  EXPECT_EQ(other.fact.SerializeAsString(), decided->fact.SerializeAsString());
  EXPECT_FALSE(record.StateAt(1).merged_into.has_value()) << "the survivor goes on";
}

TEST(Person, LocalYearDecidesTheAgeAtNewYear) {
  // 2023-12-31 17:00 UTC is 2024 in Viet Nam: the child of 2017 may be seven.
  PersonRecord record = Child();
  ASSERT_TRUE(record.Try({-2, "person_registered { attributes { birth_year: 2017 } }"}).ok());
  const std::string consent = "given_by: 'parent'";
  EXPECT_TRUE(record.Try({-1, Consent("c1", consent)})->data_quality.empty());
  EXPECT_EQ(record.Try({0, Consent("c2", consent)})->data_quality.size(), 1u);
}

TEST(Person, ExclusionRecordedLateWinsOverAnAppointmentMadeWithoutKnowingIt) {
  PersonRecord record = Child();
  ASSERT_TRUE(record.Try(kRegistered).ok());
  ASSERT_TRUE(record.Try(kFatherAppointed).ok());
  ASSERT_TRUE(record
                  .Try({4, Consent("c1",
                                   "given_by: 'self_and_representative' "
                                   "representative_person_id: 'father'")})
                  .ok());
  ASSERT_EQ(ConsentInForce(record.StateAt(5), "sharing", "bv", At(5)), "c1");
  ASSERT_TRUE(record.Try(kExcluded).ok()) << "an exclusion can always be recorded";
  EXPECT_FALSE(record.StateAt(5).representatives.contains("father"));
  EXPECT_EQ(ConsentInForce(record.StateAt(5), "sharing", "bv", At(5)), std::nullopt);
}

TEST(Person, SupervisorLiftsAnExclusionAndAnImportDoesNot) {
  PersonRecord record = Child();
  ASSERT_TRUE(record.Try(kRegistered).ok());
  ASSERT_TRUE(record.Try(kExcluded).ok());
  ASSERT_TRUE(record.Try(Imported(kFatherAppointed)).ok());
  EXPECT_TRUE(record.StateAt(9).exclusions.contains("father"));
  ASSERT_TRUE(record.Try(By("supervisor", kFatherAppointed)).ok());
  EXPECT_FALSE(record.StateAt(9).exclusions.contains("father"));
  EXPECT_TRUE(record.StateAt(9).representatives.contains("father"));
}

TEST(ConsentInForce, EndsAtWithdrawalAndAtExpiry) {
  PersonRecord record = Child();
  ASSERT_TRUE(record.Try(kRegistered).ok());
  ASSERT_TRUE(
      record.Try({1, Consent("short", "given_by: 'self_and_representative' expire_time" + Time(3))})
          .ok());
  ASSERT_TRUE(record.Try({2, Consent("taken-back", "given_by: 'self_and_representative'")}).ok());
  ASSERT_TRUE(record.Try({4, "consent_withdrawn { consent_id: 'taken-back' }"}).ok());
  const auto in_force = [&](double hours) {
    return ConsentInForce(record.StateAt(hours), "sharing", "bv", At(hours));
  };
  EXPECT_EQ(in_force(0.9), std::nullopt);
  EXPECT_EQ(in_force(1), "short");
  EXPECT_EQ(in_force(3), "taken-back");
  EXPECT_EQ(in_force(4), std::nullopt);
}

TEST(ConsentInForce, CoversItsPurposeAndItsRecipientOnly) {
  PersonRecord record = Child();
  ASSERT_TRUE(record.Try(kRegistered).ok());
  ASSERT_TRUE(
      record
          .Try({1, Consent("c1", "given_by: 'self_and_representative' recipient_agency_id: 'bv'")})
          .ok());
  const PersonState state = record.StateAt(2);
  EXPECT_EQ(ConsentInForce(state, "sharing", "bv", At(2)), "c1");
  EXPECT_EQ(ConsentInForce(state, "shelter", "bv", At(2)), std::nullopt);
  EXPECT_EQ(ConsentInForce(state, "sharing", "school", At(2)), std::nullopt);
  EXPECT_EQ(ConsentInForce(state, "sharing", "", At(2)), std::nullopt);
}

}  // namespace
}  // namespace caseledger::domain
