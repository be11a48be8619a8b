// When a consent is in force: who gave it, how old the person was, who was excluded since.
#include <optional>
#include <string>
#include <vector>

#include "services/domain/person/person.h"
#include "tests/services/support/record.h"

namespace caseledger::domain {
namespace {

using testing::At;
using testing::FactFrom;
using testing::Record;
using testing::Step;
using testing::Time;

using PersonRecord = Record<PersonState>;

std::string Consent(const std::string& key, const std::string& given_by,
                    const std::string& rest = "") {
  return "consent_given { consent_id: '" + key + "' purposes: 'sharing' given_by: '" + given_by +
         "' " + rest + " }";
}
std::string By(const std::string& person) { return "representative_person_id: '" + person + "'"; }
std::string Excluded(const std::string& person) {
  return "representative_excluded { representative_person_id: '" + person +
         "' reason: 'suspected_abuse' }";
}
std::string Appointed(const std::string& person) {
  return "representative_appointed { representative_person_id: '" + person +
         "' capacity: 'parent' }";
}
std::string Withdrawn(const std::string& key) {
  return "consent_withdrawn { consent_id: '" + key + "' }";
}

PersonRecord BornIn(int year) {
  PersonRecord record("child", DecidePerson);
  const auto registered =
      record.Try({0, absl::StrCat("person_registered { attributes { birth_year: ", year, " } }")});
  EXPECT_TRUE(registered.ok()) << registered.status();
  return record;
}

void Given(PersonRecord& record, const Step& step) {
  const auto decided = record.Try(step);
  EXPECT_TRUE(decided.ok()) << "given " << step.fact << ": " << decided.status();
}

std::optional<std::string> InForce(const PersonRecord& record, double hours,
                                   const std::string& agency = "bv") {
  return ConsentInForce(record.StateAt(hours), "sharing", agency, At(hours));
}

// The year of the tests is 2024.
constexpr int kUnknown = 0;
constexpr int kSix = 2018;
constexpr int kMaybeSeven = 2017;
constexpr int kTen = 2014;
constexpr int kMaybeSeventeen = 2006;
constexpr int kNineteen = 2005;

struct HalvesRow {
  std::string name;
  int birth_year;
  std::vector<std::string> consents;  // given one after the other
  std::optional<std::string> in_force;
  bool imported = false;
};

std::vector<HalvesRow> HalvesRows() {
  const std::string own = Consent("own", "self");
  const std::string mothers = Consent("parent", "parent");
  return {
      {"carer alone, six", kSix, {mothers}, "parent"},
      {"carer alone, may be seven", kMaybeSeven, {mothers}, std::nullopt},
      {"carer alone, ten", kTen, {mothers}, std::nullopt},
      {"carer alone, may be seventeen", kMaybeSeventeen, {mothers}, std::nullopt},
      {"carer alone, nineteen", kNineteen, {mothers}, "parent"},
      {"carer alone, age unknown", kUnknown, {mothers}, "parent"},
      {"guardian alone, ten", kTen, {Consent("c", "guardian")}, std::nullopt},
      {"representative alone, ten", kTen, {Consent("c", "representative")}, std::nullopt},
      {"somebody of a newer list alone, ten", kTen, {Consent("c", "aunt")}, std::nullopt},
      {"child alone, six", kSix, {own}, "own"},
      {"child alone, may be seven", kMaybeSeven, {own}, std::nullopt},
      {"child alone, ten", kTen, {own}, std::nullopt},
      {"child alone, may be seventeen", kMaybeSeventeen, {own}, std::nullopt},
      {"alone at nineteen", kNineteen, {own}, "own"},
      {"alone, age unknown", kUnknown, {own}, "own"},
      {"one after the other, ten", kTen, {mothers, own}, "own"},
      {"the other way round, ten", kTen, {own, mothers}, "own"},
      {"in one, ten", kTen, {Consent("both", "self_and_representative")}, "both"},
      {"two carers are not two halves", kTen, {mothers, Consent("c", "guardian")}, std::nullopt},
      {"the child twice is no carer", kTen, {own, Consent("again", "self")}, std::nullopt},
      {"other purpose",
       kTen,
       {mothers, "consent_given { consent_id: 'own' purposes: 'shelter' given_by: 'self' }"},
       std::nullopt},
      {"other recipient",
       kTen,
       {mothers, Consent("own", "self", "recipient_agency_id: 'school'")},
       std::nullopt},
      {"each covers the receiver",
       kTen,
       {mothers, Consent("own", "self", "recipient_agency_id: 'bv'")},
       "own"},
      {"imported, carer alone, ten", kTen, {mothers}, "parent", true},
      {"imported, child alone, ten", kTen, {own}, "own", true},
  };
}

TEST(ConsentOfAChild, NeedsChildAndCarerFromSevenYears) {
  for (const HalvesRow& row : HalvesRows()) {
    SCOPED_TRACE(row.name);
    PersonRecord record = BornIn(row.birth_year);
    for (const std::string& consent : row.consents) {
      Given(record, {1, consent, "ctxh-qn", {}, row.imported});
    }
    EXPECT_EQ(InForce(record, 2), row.in_force);
  }
}

TEST(ConsentOfAChild, EndsWithEitherHalf) {
  PersonRecord record = BornIn(kTen);
  Given(record, {1, Consent("own", "self")});
  Given(record, {2, Consent("father", "parent", "expire_time" + Time(5))});
  Given(record, {3, Consent("mother", "parent")});
  Given(record, {4, Withdrawn("mother")});
  EXPECT_EQ(InForce(record, 1.5), std::nullopt);
  EXPECT_EQ(InForce(record, 4), "father") << "with the child's own";
  EXPECT_EQ(InForce(record, 5), std::nullopt) << "his expired";
}

TEST(ConsentOfAChild, EitherHalfIsTheOneThatIsNamed) {
  PersonRecord record = BornIn(kTen);
  Given(record, {1, Consent("own", "self")});
  Given(record, {1, Consent("parent", "parent")});
  const PersonState state = record.StateAt(2);
  EXPECT_EQ(ConsentInForce(state, "sharing", "bv", At(2), "parent"), "parent");
  EXPECT_TRUE(IsConsentInForce(state, "own", "sharing", "bv", At(2)));
  EXPECT_FALSE(IsConsentInForce(state, "none", "sharing", "bv", At(2)));
}

TEST(ConsentOfAChild, OneGivenForASixYearOldDoesNotLapseOnABirthday) {
  PersonRecord record = BornIn(kSix);
  Given(record, {1, Consent("parent", "parent")});
  constexpr double kYear = 366 * 24;
  EXPECT_EQ(InForce(record, kYear + 1), "parent");
  Given(record, {kYear + 2, Consent("later", "parent", "recipient_agency_id: 'school'")});
  EXPECT_EQ(
      IsConsentInForce(record.StateAt(kYear + 3), "later", "sharing", "school", At(kYear + 3)),
      false)
      << "a new one needs the child, who is seven now";
}

TEST(ConsentOfAChild, BirthYearThatIsLearnedCountsFromThenOn) {
  PersonRecord record = BornIn(kUnknown);
  Given(record, {1, Consent("parent", "parent")});
  Given(record, {3, "person_amended { attributes { birth_year: 2014 } }"});
  EXPECT_EQ(InForce(record, 2), "parent");
  EXPECT_EQ(InForce(record, 3), std::nullopt);
}

struct ExclusionRow {
  std::string name;
  int birth_year;
  std::vector<std::string> consents;  // given at hour 1
  std::string excluded;               // at hour 2
  std::optional<std::string> before;
  std::optional<std::string> after;
};

std::vector<ExclusionRow> ExclusionRows() {
  const std::string fathers = Consent("father", "parent", By("father"));
  const std::string mothers = Consent("mother", "parent", By("mother"));
  return {
      {"who gave it", kSix, {fathers}, "father", "father", std::nullopt},
      {"somebody else", kSix, {fathers}, "mother", "father", "father"},
      {"nobody says who gave it", kSix, {Consent("c", "guardian")}, "father", "c", std::nullopt},
      {"the person alone", kNineteen, {Consent("own", "self")}, "father", "own", "own"},
      {"the person names the excluded one",
       kNineteen,
       {Consent("own", "self", By("father"))},
       "father",
       "own",
       "own"},
      {"together with the excluded one",
       kTen,
       {Consent("both", "self_and_representative", By("father"))},
       "father",
       "both",
       std::nullopt},
      {"child's half loses the carer's",
       kTen,
       {Consent("own", "self"), fathers},
       "father",
       "father",
       std::nullopt},
      {"child's half goes on with the other carer's",
       kTen,
       {Consent("own", "self"), fathers, mothers},
       "father",
       "father",
       "mother"},
  };
}

TEST(ConsentOfTheExcluded, IsOverFromTheExclusionOn) {
  for (const ExclusionRow& row : ExclusionRows()) {
    SCOPED_TRACE(row.name);
    PersonRecord record = BornIn(row.birth_year);
    for (const std::string& consent : row.consents) Given(record, {1, consent});
    Given(record, {2, Excluded(row.excluded)});
    EXPECT_EQ(InForce(record, 1.9), row.before);
    EXPECT_EQ(InForce(record, 2), row.after);
  }
}

TEST(ConsentOfTheExcluded, IsInForceAgainOnceASupervisorAppointsThemAnew) {
  PersonRecord record = BornIn(kSix);
  Given(record, {1, Consent("c", "parent", By("father"))});
  Given(record, {2, Excluded("father")});
  Given(record, {3, Appointed("father"), "ctxh-qn", {}, /*imported=*/true});
  Given(record, {4, Appointed("father"), "ctxh-qn", {"supervisor"}});
  EXPECT_EQ(InForce(record, 3), std::nullopt) << "an import knows no supervisor";
  EXPECT_EQ(InForce(record, 4), "c");
}

TEST(ConsentOfTheExcluded, GivenDuringAnExclusionNeverIs) {
  PersonRecord record = BornIn(kSix);
  Given(record, {1, Excluded("father")});
  Given(record, {2, Consent("c", "parent", By("father")), "ctxh-qn", {}, /*imported=*/true});
  Given(record, {3, Appointed("father"), "ctxh-qn", {"supervisor"}});
  EXPECT_EQ(InForce(record, 4), std::nullopt);
}

TEST(ConsentOfTheExcluded, ExclusionAndWithdrawalAreTakenByARecordMergedAway) {
  PersonRecord record = BornIn(kSix);
  Given(record, {1, Consent("fathers", "parent", By("father"))});
  Given(record, {1, Consent("mothers", "parent", By("mother"))});
  const Step merge{2, "persons_merged { survivor_person_id: 'other' merged_person_id: 'child' }"};
  ASSERT_TRUE(record.Write(FactFrom(merge.fact), merge).ok());
  EXPECT_EQ(InForce(record, 3), "fathers");
  Given(record, {4, Excluded("father")});
  EXPECT_EQ(InForce(record, 4), "mothers");
  Given(record, {5, Withdrawn("mothers")});
  EXPECT_EQ(InForce(record, 5), std::nullopt);
}

struct WithdrawalRow {
  std::string name;
  int birth_year;
  std::vector<std::string> consents;  // given at hour 1
  std::vector<ReferralOnConsent> referrals;
  std::string withdrawn;           // at hour 5
  std::vector<std::string> ended;  // case, referral, hour
};

std::vector<WithdrawalRow> WithdrawalRows() {
  const std::string own = Consent("own", "self");
  const std::string mothers = Consent("mother", "parent");
  const std::string fathers = Consent("father", "parent");
  const ReferralOnConsent on_own{"k1", "r1", "bv", "own", At(2)};
  return {
      {"what names it", kNineteen, {own}, {on_own}, "own", {"k1 r1 5"}},
      {"every one, in every case",
       kNineteen,
       {own},
       {on_own, {"k1", "r2", "school", "own", At(3)}, {"k2", "r1", "bv", "own", At(4)}},
       "own",
       {"k1 r1 5", "k1 r2 5", "k2 r1 5"}},
      {"none that names another",
       kNineteen,
       {own, Consent("other", "self")},
       {{"k1", "r1", "bv", "other", At(2)}, {"k1", "r2", "bv", "own", At(2)}},
       "own",
       {"k1 r2 5"}},
      {"although another would cover it",
       kNineteen,
       {own, Consent("other", "self")},
       {on_own},
       "own",
       {"k1 r1 5"}},
      {"at its last step when that was later",
       kNineteen,
       {own},
       {{"k1", "r1", "bv", "own", At(7)}},
       "own",
       {"k1 r1 7"}},
      {"what names the child's half goes with the carer's",
       kTen,
       {own, mothers},
       {on_own},
       "mother",
       {"k1 r1 5"}},
      {"but not while another carer agrees", kTen, {own, mothers, fathers}, {on_own}, "mother", {}},
      {"nor when the one withdrawn covers another agency",
       kTen,
       {own, mothers, Consent("school", "guardian", "recipient_agency_id: 'school'")},
       {on_own},
       "school",
       {}},
  };
}

TEST(Withdrawal, EndsTheReferralsWhoseGroundItWas) {
  for (const WithdrawalRow& row : WithdrawalRows()) {
    SCOPED_TRACE(row.name);
    PersonRecord record = BornIn(row.birth_year);
    for (const std::string& consent : row.consents) Given(record, {1, consent});
    record.related.referrals_on_consent = row.referrals;
    const auto decided = record.Try({5, Withdrawn(row.withdrawn)});
    ASSERT_TRUE(decided.ok()) << decided.status();
    std::vector<std::string> ended;
    for (const ProposedFact& loss : decided->consequences) {
      EXPECT_EQ(loss.kind, RecordKind::RECORD_KIND_CASE_RECORD);
      EXPECT_EQ(loss.fact.referral_consent_lost().consent_id(), row.withdrawn);
      ended.push_back(absl::StrCat(loss.record_id, " ",
                                   loss.fact.referral_consent_lost().referral_id(), " ",
                                   (*loss.occurred_at - At(0)) / testing::kHour));
    }
    EXPECT_EQ(ended, row.ended);
  }
}

TEST(Person, BelongsToTheAgencyThatRegisteredIt) {
  DomainEvent event = testing::EventOf("e1", 1, 0, "person_registered { attributes {} }");
  event.agency = "so-ldtbxh";
  PersonState state;
  state.Apply(event);
  EXPECT_EQ(state.registered_by, "so-ldtbxh");
  event.on_behalf_of = "ctxh-qn";
  PersonState imported;
  imported.Apply(event);
  EXPECT_EQ(imported.registered_by, "ctxh-qn");
}

}  // namespace
}  // namespace caseledger::domain
