#include "services/domain/shelter/shelter.h"

#include "tests/services/support/record.h"

namespace caseledger::domain {
namespace {

using testing::At;
using testing::Record;
using testing::Row;
using testing::Step;
using testing::Time;

using ShelterRecord = Record<ShelterState>;

ShelterRecord Shelter() {
  ShelterRecord record("shelter", DecideShelter);
  record.related.closed_cases = {"closed"};
  record.related.strangers = {"stranger"};
  record.related.merged_away = {"gone"};
  return record;
}

Step Opened(int beds) {
  return {0, absl::StrCat("shelter_registered { agency_id: 'ctxh-qn' beds: ", beds, " }")};
}
const Step kTwoBeds = Opened(2);

Step Requested(double hours, const std::string& key, const std::string& person,
               const std::string& rest = "") {
  return {hours, "placement_requested { placement_id: '" + key + "' case_id: 'k1' person_id: '" +
                     person + "' " + rest + " }"};
}

Step Held(double hours, const std::string& key, double until) {
  return {hours, "placement_held { placement_id: '" + key + "' expire_time" + Time(until) + " }"};
}

// resident_admitted, placement_cancelled, hold_expired and the like.
Step Simple(double hours, const std::string& kind, const std::string& key) {
  return {hours, kind + " { placement_id: '" + key + "' }"};
}
Step Admitted(double hours, const std::string& key) {
  return Simple(hours, "resident_admitted", key);
}
Step Discharged(double hours, const std::string& key) {
  return {hours, "resident_discharged { placement_id: '" + key + "' destination: 'relatives' }"};
}
Step Beds(double hours, int beds) {
  return {hours, absl::StrCat("beds_changed { beds: ", beds, " }")};
}
Step Extended(double hours, const std::string& key, double until) {
  return {hours,
          "stay_extended { placement_id: '" + key + "' planned_end_time" + Time(until) + " }"};
}

Step ByHospital(Step step) {
  step.agency = "bv";
  return step;
}
Step Imported(Step step) {
  step.agency = "importer";
  step.imported = true;
  return step;
}

const Step kMother = Requested(1, "p1", "mother", "companion_person_ids: 'child'");  // two beds
const Step kSister = Requested(1, "p2", "sister");                                   // one bed

std::vector<Row> RejectionsOfTheShelter() {
  return {
      {"registered twice", {kTwoBeds}, kTwoBeds, Reason::kRecordExists},
      {"requested before it opened",
       {kTwoBeds},
       Requested(-1, "p1", "mother"),
       Reason::kBeforeRecordBegan},
      {"beds changed by another agency",
       {kTwoBeds},
       ByHospital(Beds(1, 50)),
       Reason::kShelterNotYours},
      {"fewer beds than are taken",
       {kTwoBeds, kMother, Admitted(2, "p1")},
       Beds(3, 1),
       Reason::kBedsBelowOccupancy,
       "2"},
      {"fewer beds than are held",
       {kTwoBeds, kMother, Held(2, "p1", 10)},
       Beds(9, 1),
       Reason::kBedsBelowOccupancy,
       "2"},
      {"fewer beds than a later stay needs",
       {kTwoBeds, kMother, Admitted(5, "p1")},
       Beds(3, 1),
       Reason::kLaterFactWouldBreak,
       "e3"},
  };
}

std::vector<Row> RejectionsOfRequests() {
  return {
      {"case was closed",
       {kTwoBeds},
       {1, "placement_requested { placement_id: 'p1' case_id: 'closed' person_id: 'mother' }"},
       Reason::kPlacementNeedsOpenCase,
       "closed"},
      {"person was merged away",
       {kTwoBeds},
       Requested(1, "p1", "gone"),
       Reason::kMergedAway,
       "gone"},
      {"person takes no part in the case",
       {kTwoBeds},
       Requested(1, "p1", "stranger"),
       Reason::kPlacementNeedsParticipant,
       "stranger"},
      {"companion takes no part in the case",
       {kTwoBeds},
       Requested(1, "p1", "mother", "companion_person_ids: 'stranger'"),
       Reason::kPlacementNeedsParticipant,
       "stranger"},
      {"key used",
       {kTwoBeds, kMother},
       Requested(2, "p1", "sister"),
       Reason::kPlacementKeyUsed,
       "p1"},
      {"key of a past placement used",
       {kTwoBeds, kMother, Simple(2, "placement_cancelled", "p1")},
       Requested(3, "p1", "sister"),
       Reason::kPlacementKeyUsed,
       "p1"},
      {"accompanies herself",
       {kTwoBeds},
       Requested(1, "p1", "mother", "companion_person_ids: 'mother'"),
       Reason::kPlacementNamesPersonTwice,
       "mother"},
      {"companion named twice",
       {kTwoBeds},
       Requested(1, "p1", "mother", "companion_person_ids: ['child', 'child']"),
       Reason::kPlacementNamesPersonTwice,
       "child"},
  };
}

std::vector<Row> RejectionsOfHolds() {
  return {
      {"not your shelter, whatever the placement",
       {kTwoBeds},
       ByHospital(Held(2, "p9", 10)),
       Reason::kShelterNotYours},
      {"hold for no placement", {kTwoBeds}, Held(2, "p9", 10), Reason::kPlacementUnknown, "p9"},
      {"hold before the request",
       {kTwoBeds, kMother},
       Held(0.5, "p1", 10),
       Reason::kPlacementUnknown,
       "p1"},
      {"hold after the placement was declined",
       {kTwoBeds, kMother, Simple(2, "placement_declined", "p1")},
       Held(3, "p1", 10),
       Reason::kPlacementEnded,
       "p1"},
      {"hold after admission",
       {kTwoBeds, kMother, Admitted(2, "p1")},
       Held(3, "p1", 10),
       Reason::kPlacementAdmitted,
       "p1"},
      {"hold while held",
       {kTwoBeds, kMother, Held(2, "p1", 10)},
       Held(9, "p1", 20),
       Reason::kPlacementHeld,
       "p1"},
      {"hold that expires when it begins",
       {kTwoBeds, kMother},
       Held(2, "p1", 2),
       Reason::kHoldExpiresBeforeItBegins,
       "p1"},
      {"hold without a free bed",
       {kTwoBeds, kMother, kSister, Held(2, "p1", 10)},
       Held(3, "p2", 10),
       Reason::kNoFreeBed,
       "p2"},
      {"hold recorded late that a later stay leaves no bed for",
       {kTwoBeds, kMother, kSister, Admitted(5, "p1")},
       Held(3, "p2", 10),
       Reason::kLaterFactWouldBreak,
       "e4"},
      {"expiry of no placement",
       {kTwoBeds},
       Simple(2, "hold_expired", "p9"),
       Reason::kPlacementUnknown,
       "p9"},
      {"expiry of a placement that was never held",
       {kTwoBeds, kMother},
       Simple(2, "hold_expired", "p1"),
       Reason::kPlacementNotHeld,
       "p1"},
      {"expiry after admission",
       {kTwoBeds, kMother, Held(2, "p1", 10), Admitted(9, "p1")},
       Simple(10, "hold_expired", "p1"),
       Reason::kPlacementNotHeld,
       "p1"},
      {"expiry recorded twice",
       {kTwoBeds, kMother, Held(2, "p1", 10), Simple(10, "hold_expired", "p1")},
       Simple(11, "hold_expired", "p1"),
       Reason::kPlacementNotHeld,
       "p1"},
      {"expiry before its time",
       {kTwoBeds, kMother, Held(2, "p1", 10)},
       Simple(9, "hold_expired", "p1"),
       Reason::kHoldNotExpired,
       "p1"},
  };
}

std::vector<Row> RejectionsOfStays() {
  return {
      {"admitted by another agency",
       {kTwoBeds, kMother},
       ByHospital(Admitted(2, "p1")),
       Reason::kShelterNotYours},
      {"declined by another agency",
       {kTwoBeds, kMother},
       ByHospital(Simple(2, "placement_declined", "p1")),
       Reason::kShelterNotYours},
      {"extended by another agency",
       {kTwoBeds, kMother, Admitted(2, "p1")},
       ByHospital(Extended(3, "p1", 90)),
       Reason::kShelterNotYours},
      {"discharged by another agency",
       {kTwoBeds, kMother, Admitted(2, "p1")},
       ByHospital(Discharged(3, "p1")),
       Reason::kShelterNotYours},
      {"admission of no placement", {kTwoBeds}, Admitted(2, "p9"), Reason::kPlacementUnknown, "p9"},
      {"admission after cancelling",
       {kTwoBeds, kMother, Simple(2, "placement_cancelled", "p1")},
       Admitted(3, "p1"),
       Reason::kPlacementEnded,
       "p1"},
      {"admitted twice",
       {kTwoBeds, kMother, Admitted(2, "p1")},
       Admitted(3, "p1"),
       Reason::kPlacementAdmitted,
       "p1"},
      {"admission when the hold is over and its beds are taken",
       {kTwoBeds, kMother, kSister, Held(2, "p1", 10), Admitted(10, "p2")},
       Admitted(11, "p1"),
       Reason::kHoldExpired,
       "p1"},
      {"admission into beds held for another",
       {kTwoBeds, kMother, kSister, Held(2, "p1", 10)},
       Admitted(9, "p2"),
       Reason::kNoFreeBed,
       "p2"},
      {"last bed, second caller at the same moment",
       {Opened(1), Requested(1, "p1", "mother"), kSister, Admitted(2, "p1")},
       Admitted(2, "p2"),
       Reason::kNoFreeBed,
       "p2"},
      {"late stay on a past night that was full",
       {kTwoBeds, kMother, kSister, Admitted(2, "p1"), Discharged(20, "p1")},
       Admitted(10, "p2"),
       Reason::kNoFreeBed,
       "p2"},
      {"late stay that would last into a full night",
       {kTwoBeds, kMother, kSister, Admitted(10, "p1"), Discharged(20, "p1")},
       Admitted(5, "p2"),
       Reason::kLaterFactWouldBreak,
       "e4"},
      {"extension without a stay",
       {kTwoBeds, kMother},
       Extended(3, "p1", 90),
       Reason::kPlacementNotAdmitted,
       "p1"},
      {"extension into the past",
       {kTwoBeds, kMother, Admitted(2, "p1")},
       Extended(3, "p1", 3),
       Reason::kPlannedEndNotAhead,
       "p1"},
      {"discharge before admission",
       {kTwoBeds, kMother, Admitted(5, "p1")},
       Discharged(4, "p1"),
       Reason::kPlacementNotAdmitted,
       "p1"},
      {"discharged twice",
       {kTwoBeds, kMother, Admitted(2, "p1"), Discharged(3, "p1")},
       Discharged(4, "p1"),
       Reason::kPlacementEnded,
       "p1"},
      {"declined after admission",
       {kTwoBeds, kMother, Admitted(2, "p1")},
       Simple(3, "placement_declined", "p1"),
       Reason::kPlacementAdmitted,
       "p1"},
      {"cancelled after admission",
       {kTwoBeds, kMother, Admitted(2, "p1")},
       Simple(3, "placement_cancelled", "p1"),
       Reason::kPlacementAdmitted,
       "p1"},
  };
}

std::vector<Row> Acceptances() {
  return {
      {"requested by anyone", {kTwoBeds}, ByHospital(kMother), std::nullopt},
      {"cancelled by anyone",
       {kTwoBeds, kMother},
       ByHospital(Simple(2, "placement_cancelled", "p1")),
       std::nullopt},
      {"imported admission",
       {kTwoBeds, kMother},
       Imported(Admitted(2, "p1")),
       std::nullopt,
       "",
       {Reason::kShelterNotYours}},
      {"admission into one's own hold",
       {kTwoBeds, kMother, Held(2, "p1", 10)},
       Admitted(9, "p1"),
       std::nullopt},
      {"admission after the hold expired, beds free",
       {kTwoBeds, kMother, Held(2, "p1", 10), Simple(10, "hold_expired", "p1")},
       Admitted(12, "p1"),
       std::nullopt},
      {"beds are free from the expiry on, recorded or not",
       {kTwoBeds, kMother, kSister, Held(2, "p1", 10)},
       Admitted(10, "p2"),
       std::nullopt},
      {"held again after the expiry",
       {kTwoBeds, kMother, Held(2, "p1", 10)},
       Held(10, "p1", 20),
       std::nullopt},
      {"late admission within a hold whose expiry was recorded",
       {kTwoBeds, kMother, Held(2, "p1", 10), Simple(10, "hold_expired", "p1")},
       Admitted(8, "p1"),
       std::nullopt},
      {"late stay that ended before the full night",
       {kTwoBeds, kMother, kSister, Admitted(2, "p2"), Discharged(9, "p2"), Admitted(9, "p1")},
       Discharged(10, "p1"),
       std::nullopt},
      {"fewer beds once the hold is over",
       {kTwoBeds, kMother, Held(2, "p1", 10)},
       Beds(10, 0),
       std::nullopt},
  };
}

void PlayAll(const std::vector<Row>& rows) {
  for (const Row& row : rows) testing::Play(row, Shelter());
}

TEST(Shelter, RefusesBedsInPrecedenceOrder) { PlayAll(RejectionsOfTheShelter()); }
TEST(Shelter, RefusesRequestsInPrecedenceOrder) { PlayAll(RejectionsOfRequests()); }
TEST(Shelter, RefusesHoldsInPrecedenceOrder) { PlayAll(RejectionsOfHolds()); }
TEST(Shelter, RefusesStaysInPrecedenceOrder) { PlayAll(RejectionsOfStays()); }
TEST(Shelter, AcceptsAndFlagsForASecondLook) { PlayAll(Acceptances()); }

TEST(Shelter, EveryReasonIsProduced) {
  testing::ExpectEveryReasonIsProduced(
      {
#define CASELEDGER_REASON(name, ...) Reason::name,
#include "services/domain/reasons/shelter.inc"
#undef CASELEDGER_REASON
      },
      {RejectionsOfTheShelter(), RejectionsOfRequests(), RejectionsOfHolds(), RejectionsOfStays(),
       Acceptances()});
}

TEST(Shelter, RetiredAgencyTakesNoRequestsAndAnImportedOneIsFlagged) {
  ShelterRecord record = Shelter();
  ASSERT_TRUE(record.Try(kTwoBeds).ok());
  record.related.retired_agencies = {"ctxh-qn"};
  EXPECT_EQ(testing::IdOf(record.Try(kMother).status()), "AGENCY_RETIRED");
  const auto imported = record.Try(Imported(kMother));
  ASSERT_TRUE(imported.ok());
  EXPECT_EQ(imported->data_quality, std::vector<std::string>{"AGENCY_RETIRED"});
}

TEST(Shelter, AdmissionAndDischargeAreWrittenToTheCaseAndToEveryPerson) {
  ShelterRecord record = Shelter();
  ASSERT_TRUE(record.Try(kTwoBeds).ok());
  ASSERT_TRUE(record.Try(kMother).ok());
  const auto admitted = record.Try(Admitted(2, "p1"));
  ASSERT_TRUE(admitted.ok());
  const event::v1::ResidentAdmitted& fact = admitted->fact.resident_admitted();
  EXPECT_EQ(fact.case_id(), "k1");
  EXPECT_EQ(fact.person_id(), "mother");
  ASSERT_EQ(fact.companion_person_ids_size(), 1);
  EXPECT_EQ(fact.companion_person_ids(0), "child");

  ASSERT_EQ(admitted->consequences.size(), 3u);
  const auto& [on_case, on_mother, on_child] =
      std::tie(admitted->consequences[0], admitted->consequences[1], admitted->consequences[2]);
  EXPECT_EQ(on_case.kind, RecordKind::RECORD_KIND_CASE_RECORD);
  EXPECT_EQ(on_case.record_id, "k1");
  EXPECT_EQ(on_case.fact.shelter_stay_opened().shelter_id(), "shelter");
  EXPECT_EQ(on_case.fact.shelter_stay_opened().companion_person_ids(0), "child");
  EXPECT_EQ(on_mother.record_id, "mother");
  EXPECT_FALSE(on_mother.fact.stay_began().companion());
  EXPECT_EQ(on_mother.fact.stay_began().case_id(), "k1");
  EXPECT_EQ(on_child.record_id, "child");
  EXPECT_TRUE(on_child.fact.stay_began().companion());

  const auto discharged = record.Try(Discharged(3, "p1"));
  ASSERT_TRUE(discharged.ok());
  ASSERT_EQ(discharged->consequences.size(), 3u);
  EXPECT_EQ(discharged->consequences[0].fact.shelter_stay_closed().placement_id(), "p1");
  EXPECT_EQ(discharged->consequences[1].fact.stay_finished().shelter_id(), "shelter");
  EXPECT_EQ(discharged->consequences[2].record_id, "child");
}

TEST(Shelter, BedsTakenCountCompanionsAndHoldsUntilTheyExpire) {
  ShelterRecord record = Shelter();
  for (const Step& step : {Opened(4), kMother, kSister, Admitted(2, "p1"), Held(2, "p2", 10)}) {
    ASSERT_TRUE(record.Try(step).ok());
  }
  EXPECT_EQ(record.StateAt(9).BedsTaken(At(9)), 3u);
  EXPECT_EQ(record.StateAt(10).BedsTaken(At(10)), 2u);
}

}  // namespace
}  // namespace caseledger::domain
