// Facts name records that exist: a record that facts in force name cannot be voided away, and one
// that was voided cannot be named.
#include <algorithm>

#include "absl/strings/str_join.h"
#include "services/commands/referrers.h"
#include "tests/services/commands/centre.h"

namespace caseledger::testing {
namespace {

using commands::RecordKind;

constexpr RecordKind kContact = RecordKind::RECORD_KIND_CONTACT;
constexpr RecordKind kPerson = RecordKind::RECORD_KIND_PERSON;
constexpr RecordKind kCase = RecordKind::RECORD_KIND_CASE_RECORD;
constexpr RecordKind kShelter = RecordKind::RECORD_KIND_SHELTER;
constexpr RecordKind kAgency = RecordKind::RECORD_KIND_AGENCY;
constexpr char kContactFact[] = "contact_received { channel: 'phone' line: '18001769' }";
constexpr char kPersonFact[] = "person_registered { attributes { sex: 'female' } }";

class ReferencesTest : public ::testing::Test {
 protected:
  ReferencesTest() { centre_.RegisterAgencies(); }

  static std::string CaseFact(const std::string& more = "") {
    return absl::StrCat(
        "case_opened { case_type: 'gender_based_violence' owner_agency_id: 'hotline' ", more, "}");
  }
  static std::string Participant(int person) {
    return absl::StrCat("participant_added { person_id: '", Id(person),
                        "' role: PARTICIPANT_ROLE_CLIENT }");
  }
  static std::string LinkTo(int number) {
    return absl::StrCat("contact_linked_to_case { case_id: '", Id(number), "' }");
  }

  // That voiding is refused, for these facts.
  void ExpectNamedBy(const Centre::Result& result, const std::vector<std::string>& facts) {
    EXPECT_EQ(ReasonIdOf(result), "RECORD_REFERRED_TO");
    EXPECT_EQ(domain::ItemOf(result.status()), absl::StrJoin(facts, ","));
  }

  Centre centre_;
};

TEST_F(ReferencesTest, OpeningOfACaseThatAContactIsLinkedToCannotBeVoided) {
  centre_.Given(Id(1), 0, kContactFact);
  const std::string opened = centre_.Given(Id(2), 1, CaseFact());
  const std::string linked = centre_.Given(Id(1), 2, LinkTo(2));
  const uint64_t size = centre_.size();

  ExpectNamedBy(centre_.Void(kCase, Id(2), opened), {linked});
  EXPECT_EQ(centre_.size(), size) << "nothing was written";

  // What names it goes first.
  ASSERT_TRUE(centre_.Void(kContact, Id(1), linked).ok());
  const auto voided = centre_.Void(kCase, Id(2), opened);
  EXPECT_TRUE(voided.ok()) << voided.status();
}

TEST_F(ReferencesTest, EveryKindOfRecordIsGuardedAndAllFactsAreNamed) {
  const std::string contact = centre_.Given(Id(1), 0, kContactFact);
  const std::string person = centre_.Given(Id(2), 0, kPersonFact);
  const std::string shelter = centre_.Given(
      Id(3), 0, "shelter_registered { agency_id: 'hospital' beds: 2 }", Manager("hospital"));
  const std::string agency = centre_.Given(
      "clinic", 0, "agency_registered { kind: 'centre' name_vi: 'Trạm' }", Administrator());
  const std::string opened =
      centre_.Given(Id(4), 1, CaseFact(absl::StrCat("source_contact_id: '", Id(1), "' ")));
  const std::string first = centre_.Given(Id(4), 2, Participant(2));
  const std::string second = centre_.Given(
      Id(4), 3,
      absl::StrCat(
          "service_delivered { service_id: 's1' kind: 'medical_care' beneficiary_person_ids: '",
          Id(2), "' provider_agency_id: 'clinic' }"));

  ExpectNamedBy(centre_.Void(kContact, Id(1), contact), {opened});
  ExpectNamedBy(centre_.Void(kPerson, Id(2), person), {first, second});
  ExpectNamedBy(centre_.Void(kAgency, "clinic", agency, Administrator()), {second});
  EXPECT_TRUE(centre_.Void(kShelter, Id(3), shelter, Manager("hospital")).ok())
      << "nobody names the shelter";
}

TEST_F(ReferencesTest, CorrectedFactNamesWhatItSaysNow) {
  const std::string mistaken = centre_.Given(Id(1), 0, kPersonFact);
  const std::string meant = centre_.Given(Id(2), 0, kPersonFact);
  centre_.Given(Id(3), 0, CaseFact());
  const std::string added = centre_.Given(Id(3), 1, Participant(1));
  ASSERT_TRUE(centre_.Correct(Id(3), added, Participant(2)).ok());

  ExpectNamedBy(centre_.Void(kPerson, Id(2), meant), {added});
  const auto voided = centre_.Void(kPerson, Id(1), mistaken);
  EXPECT_TRUE(voided.ok()) << voided.status();
}

TEST_F(ReferencesTest, VoidedRecordCannotBeNamed) {
  const std::string person = centre_.Given(Id(1), 0, kPersonFact);
  const std::string other = centre_.Given(Id(2), 0, kPersonFact);
  centre_.Given(Id(3), 0, CaseFact());
  ASSERT_TRUE(centre_.Void(kPerson, Id(1), person).ok());

  EXPECT_EQ(ReasonIdOf(centre_.Try(Id(3), 1, Participant(1))), "REFERENCE_UNKNOWN");
  const std::string added = centre_.Given(Id(3), 1, Participant(2));
  EXPECT_EQ(ReasonIdOf(centre_.Correct(Id(3), added, Participant(1))), "REFERENCE_UNKNOWN");
  centre_.Reopen();
  EXPECT_EQ(ReasonIdOf(centre_.Try(Id(3), 2, Participant(1))), "REFERENCE_UNKNOWN");

  // Registered again under the same id it is there again.
  centre_.Given(Id(1), 0, kPersonFact);
  EXPECT_TRUE(centre_.Try(Id(3), 2, Participant(1)).ok());
}

TEST_F(ReferencesTest, VoidedRecordIsForTheAgencyThatBeganItToBeginAgain) {
  struct Beginning {
    RecordKind kind;
    std::string ours;
    std::string theirs;  // the same by the hospital
    Caller (*caller)(const std::string& agency);
    std::string taken = "RECORD_UNKNOWN";  // what they hear while it is ours
  };
  const auto worker = [](const std::string& agency) { return Worker(agency); };
  const std::string theirs =
      "case_opened { case_type: 'gender_based_violence' owner_agency_id: 'hospital' }";
  const std::vector<Beginning> beginnings = {
      {kContact, kContactFact, kContactFact, worker},
      {kPerson, kPersonFact, kPersonFact, worker},
      {kCase, CaseFact(), theirs, worker},
      {kShelter, "shelter_registered { agency_id: 'hotline' beds: 2 }",
       "shelter_registered { agency_id: 'hospital' beds: 2 }", Manager, "ACCESS_DENIED"}};
  for (const auto& [kind, ours, others, caller, taken] : beginnings) {
    const Caller we = caller("hotline");
    const Caller they = caller("hospital");
    const std::string begun = centre_.Given(Id(1), 0, ours, we);
    EXPECT_EQ(ReasonIdOf(centre_.Try(Id(1), 0, others, they)), taken) << ours;
    ASSERT_TRUE(centre_.Void(kind, Id(1), begun, we).ok()) << ours;
    EXPECT_EQ(ReasonIdOf(centre_.Try(Id(1), 0, others, they)), "RECORD_UNKNOWN") << ours;
    EXPECT_EQ(ReasonIdOf(centre_.Try(Id(1), 0, ours, we)), "OK") << ours;
  }
}

TEST_F(ReferencesTest, ReferencesThatFollowInOtherRecordsCount) {
  centre_.RegisterPerson(1);
  centre_.RegisterPerson(2);
  centre_.Given(Id(1), 5, absl::StrCat("persons_merged { merged_person_id: '", Id(2), "' }"),
                Supervisor());
  const std::string mirrored = centre_.History(kPerson, Id(2)).in_order().back().event_id;
  const std::string registered = centre_.History(kPerson, Id(1)).in_order().front().event_id;
  // Its own later fact stands in the way already; named is what a void would break first.
  const auto voided = centre_.Void(kPerson, Id(1), registered);
  EXPECT_EQ(ReasonIdOf(voided), "LATER_FACT_WOULD_BREAK");
  const auto referrers =
      commands::ReferencesOf({static_cast<uint32_t>(kPerson), *Uuid::Parse(Id(2))},
                             *centre_.History(kPerson, Id(2)).Find(mirrored)->fact);
  ASSERT_EQ(referrers.size(), 1u) << "itself is left out";
  EXPECT_EQ(referrers[0].to.id.ToString(), Id(1));
}

TEST_F(ReferencesTest, AtMostTwentyFactsAreNamed) {
  const std::string person = centre_.Given(Id(1), 0, kPersonFact);
  for (int number = 100; number < 125; ++number) {
    centre_.Given(Id(number), 0, CaseFact());
    centre_.Given(Id(number), 1, Participant(1));
  }
  const auto voided = centre_.Void(kPerson, Id(1), person);
  EXPECT_EQ(ReasonIdOf(voided), "RECORD_REFERRED_TO");
  const std::string named = domain::ItemOf(voided.status());
  EXPECT_EQ(std::count(named.begin(), named.end(), ','), 19);
}

TEST_F(ReferencesTest, RecordThatTooManyHaveNamedStays) {
  const std::string person = centre_.Given(Id(1), 0, kPersonFact);
  for (int number = 2'000; number < 3'001; ++number) {
    centre_.Given(Id(number), 0, CaseFact());
    const std::string added = centre_.Given(Id(number), 1, Participant(1));
    ASSERT_TRUE(centre_.Void(kCase, Id(number), added).ok());
  }
  ExpectNamedBy(centre_.Void(kPerson, Id(1), person), {});
}

}  // namespace
}  // namespace caseledger::testing
