// One command, several records: admissions, discharges and merges, and what corrections do to them.
#include "tests/services/commands/centre.h"

namespace caseledger::testing {
namespace {

using commands::RecordKind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int kCase = 100;
constexpr int kOtherCase = 101;
constexpr int kShelter = 200;
constexpr int kOtherShelter = 201;
constexpr RecordKind kCaseKind = RecordKind::RECORD_KIND_CASE_RECORD;
constexpr RecordKind kPersonKind = RecordKind::RECORD_KIND_PERSON;
constexpr RecordKind kShelterKind = RecordKind::RECORD_KIND_SHELTER;

class PlacementTest : public ::testing::Test {
 protected:
  PlacementTest() {
    centre_.RegisterAgencies();
    for (const int person : {1, 2, 3}) centre_.RegisterPerson(person);
    centre_.OpenCase(kCase, {1, 2, 3});
    centre_.RegisterShelter(kShelter, 2);
    centre_.RegisterShelter(kOtherShelter, 2);
  }

  std::string Request(const std::string& key, int person, const std::vector<int>& companions = {},
                      int shelter = kShelter, int case_record = kCase) {
    return centre_.Given(Id(shelter), 3, RequestText(key, person, companions, case_record));
  }
  static std::string RequestText(const std::string& key, int person,
                                 const std::vector<int>& companions, int case_record = kCase) {
    std::string text = absl::StrCat("placement_requested { placement_id: '", key, "' case_id: '",
                                    Id(case_record), "' person_id: '", Id(person), "' ");
    for (const int companion : companions) {
      absl::StrAppend(&text, "companion_person_ids: '", Id(companion), "' ");
    }
    return text + "}";
  }
  static std::string Admit(const std::string& key) {
    return absl::StrCat("resident_admitted { placement_id: '", key, "' }");
  }
  static std::string Discharge(const std::string& key) {
    return absl::StrCat("resident_discharged { placement_id: '", key,
                        "' destination: 'relatives' }");
  }
  std::vector<std::string> Person(int number) { return centre_.Effective(kPersonKind, Id(number)); }

  Centre centre_;
};

TEST_F(PlacementTest, AdmissionWritesShelterCasePersonAndCompanionsAtOnce) {
  Request("p1", 1, {2});
  const auto result = centre_.Try(Id(kShelter), 5, Admit("p1"), Manager());

  ASSERT_TRUE(result.ok()) << result.status();
  std::vector<std::string> names;
  for (const auto& event : result->events()) names.push_back(event.fact_name());
  EXPECT_THAT(names,
              ElementsAre("resident_admitted", "shelter_stay_opened", "stay_began", "stay_began"));
  EXPECT_EQ(result->events(1).position(), result->events(0).position() + 1);
  EXPECT_THAT(Person(1), ElementsAre("person_registered@0", "stay_began@5"));
  EXPECT_THAT(Person(2), ElementsAre("person_registered@0", "stay_began@5"));
}

TEST_F(PlacementTest, RejectionInAnyRecordWritesNothing) {
  Request("p1", 1);
  Request("p2", 2, {1}, kOtherShelter);
  centre_.Given(Id(kShelter), 5, Admit("p1"), Manager());
  const uint64_t size = centre_.size();

  EXPECT_EQ(ReasonIdOf(centre_.Try(Id(kOtherShelter), 6, Admit("p2"), Manager())),
            "CASE_STAY_OPEN");
  EXPECT_EQ(centre_.size(), size);
}

TEST_F(PlacementTest, OnePersonHasOneOpenStayAcrossCasesAndShelters) {
  centre_.OpenCase(kOtherCase, {1});
  Request("p1", 1);
  Request("p2", 1, {}, kOtherShelter, kOtherCase);
  centre_.Given(Id(kShelter), 5, Admit("p1"), Manager());

  EXPECT_EQ(ReasonIdOf(centre_.Try(Id(kOtherShelter), 6, Admit("p2"), Manager())),
            "PERSON_HAS_OPEN_STAY");
  centre_.Given(Id(kShelter), 7, Discharge("p1"), Manager());
  EXPECT_TRUE(centre_.Try(Id(kOtherShelter), 8, Admit("p2"), Manager()).ok());
}

TEST_F(PlacementTest, OfTwoCallersForTheLastBedOneGetsIt) {
  Request("p1", 1);
  Request("p2", 2);
  Request("p3", 3);
  centre_.Given(Id(kShelter), 4, Admit("p1"), Manager());
  auto first = centre_.Start(centre_.Command(Id(kShelter), 5, Admit("p2")), Manager());
  auto second = centre_.Start(centre_.Command(Id(kShelter), 5, Admit("p3")), Manager());

  EXPECT_TRUE(first.get().ok());
  EXPECT_EQ(ReasonIdOf(second.get()), "NO_FREE_BED");
}

TEST_F(PlacementTest, CorrectedTimeOfAnAdmissionIsMirrored) {
  Request("p1", 1, {2});
  const std::string admission = centre_.Given(Id(kShelter), 5, Admit("p1"), Manager());

  ASSERT_TRUE(centre_.Correct(Id(kShelter), admission, Admit("p1"), Manager(), 4).ok());
  EXPECT_THAT(Person(1), ElementsAre("person_registered@0", "stay_began@4"));
  EXPECT_THAT(Person(2), ElementsAre("person_registered@0", "stay_began@4"));
  EXPECT_THAT(centre_.Effective(kCaseKind, Id(kCase)),
              ::testing::Contains("shelter_stay_opened@4"));
  ASSERT_TRUE(centre_.Correct(Id(kShelter), admission, Admit("p1"), Manager(), 6).ok());
  EXPECT_THAT(Person(2), ElementsAre("person_registered@0", "stay_began@6"));
}

TEST_F(PlacementTest, VoidedAdmissionLeavesNoStayAnywhere) {
  Request("p1", 1, {2});
  const std::string admission = centre_.Given(Id(kShelter), 5, Admit("p1"), Manager());

  ASSERT_TRUE(centre_.Void(kShelterKind, Id(kShelter), admission, Manager()).ok());
  EXPECT_THAT(Person(1), ElementsAre("person_registered@0"));
  EXPECT_THAT(Person(2), ElementsAre("person_registered@0"));
  EXPECT_THAT(centre_.Effective(kCaseKind, Id(kCase)),
              ::testing::Not(::testing::Contains("shelter_stay_opened@5")));
  EXPECT_EQ(ReasonIdOf(centre_.Void(kShelterKind, Id(kShelter), admission, Manager())),
            "TARGET_VOIDED");
}

TEST_F(PlacementTest, AdmissionThatADischargeDependsOnStays) {
  Request("p1", 1);
  const std::string admission = centre_.Given(Id(kShelter), 5, Admit("p1"), Manager());
  const std::string discharge = centre_.Given(Id(kShelter), 7, Discharge("p1"), Manager());
  const uint64_t size = centre_.size();

  const auto voided = centre_.Void(kShelterKind, Id(kShelter), admission, Manager());
  EXPECT_EQ(ReasonIdOf(voided), "LATER_FACT_WOULD_BREAK");
  EXPECT_EQ(domain::ItemOf(voided.status()), discharge);
  EXPECT_EQ(ReasonIdOf(centre_.Correct(Id(kShelter), admission, Admit("p1"), Manager(), 8)),
            "PLACEMENT_ENDED");
  EXPECT_EQ(centre_.size(), size);
}

TEST_F(PlacementTest, AdmissionCorrectedToOtherPlacementMovesTheStaysOfOthers) {
  Request("p1", 1, {2});
  Request("p2", 1, {3});
  const std::string admission = centre_.Given(Id(kShelter), 5, Admit("p1"), Manager());

  const auto corrected = centre_.Correct(Id(kShelter), admission, Admit("p2"), Manager(), 6);
  ASSERT_TRUE(corrected.ok()) << corrected.status();
  EXPECT_THAT(Person(1), ElementsAre("person_registered@0", "stay_began@6"));
  EXPECT_THAT(Person(2), ElementsAre("person_registered@0"));
  EXPECT_THAT(Person(3), ElementsAre("person_registered@0", "stay_began@6"));
  // What the correction brought goes when the admission goes.
  ASSERT_TRUE(centre_.Void(kShelterKind, Id(kShelter), admission, Manager()).ok());
  EXPECT_THAT(Person(3), ElementsAre("person_registered@0"));
  EXPECT_THAT(Person(1), ElementsAre("person_registered@0"));
}

TEST_F(PlacementTest, RequestCannotNameOtherCompanionsAfterTheAdmission) {
  const std::string request = Request("p1", 1, {2});
  const std::string admission = centre_.Given(Id(kShelter), 5, Admit("p1"), Manager());

  const auto refused =
      centre_.Correct(Id(kShelter), request, RequestText("p1", 1, {3}), Supervisor());
  EXPECT_EQ(ReasonIdOf(refused), "LATER_FACT_WOULD_BREAK");
  EXPECT_EQ(domain::ItemOf(refused.status()), admission);
  // Void, correct, admit again is the way.
  ASSERT_TRUE(centre_.Void(kShelterKind, Id(kShelter), admission, Manager()).ok());
  ASSERT_TRUE(centre_.Correct(Id(kShelter), request, RequestText("p1", 1, {3}), Supervisor()).ok());
  ASSERT_TRUE(centre_.Try(Id(kShelter), 5, Admit("p1"), Manager()).ok());
  EXPECT_THAT(Person(2), ElementsAre("person_registered@0"));
  EXPECT_THAT(Person(3), ElementsAre("person_registered@0", "stay_began@5"));
}

TEST_F(PlacementTest, WhatFollowsFromAnotherRecordIsCorrectedThereOnly) {
  Request("p1", 1);
  centre_.Given(Id(kShelter), 5, Admit("p1"), Manager());
  const std::string stay = centre_.History(kPersonKind, Id(1)).in_order().back().event_id;

  EXPECT_EQ(ReasonIdOf(centre_.Void(kPersonKind, Id(1), stay)), "FOLLOWS_FROM_OTHER_RECORD");
  EXPECT_EQ(ReasonIdOf(centre_.Void(kPersonKind, Id(1), stay, Supervisor())),
            "FOLLOWS_FROM_OTHER_RECORD");
}

TEST_F(PlacementTest, MergeAndReversalStandInBothRecords) {
  const std::string merge = absl::StrCat("persons_merged { merged_person_id: '", Id(2), "' }");
  const auto merged = centre_.Try(Id(1), 5, merge, Supervisor());
  ASSERT_TRUE(merged.ok()) << merged.status();
  EXPECT_THAT(Person(1), ElementsAre("person_registered@0", "persons_merged@5"));
  EXPECT_THAT(Person(2), ElementsAre("person_registered@0", "persons_merged@5"));
  EXPECT_EQ(ReasonIdOf(centre_.Try(Id(2), 6, "safe_contact_rule_set {}")), "MERGED_AWAY");
  EXPECT_EQ(ReasonIdOf(centre_.Try(Id(3), 6, merge, Supervisor())), "MERGED_AWAY");

  ASSERT_TRUE(centre_
                  .Try(Id(1), 7, absl::StrCat("merge_reversed { merged_person_id: '", Id(2), "' }"),
                       Supervisor())
                  .ok());
  EXPECT_THAT(Person(2),
              ElementsAre("person_registered@0", "persons_merged@5", "merge_reversed@7"));
  EXPECT_TRUE(centre_.Try(Id(3), 8, merge, Supervisor()).ok());
}

TEST_F(PlacementTest, VoidedMergeIsVoidedInBothRecords) {
  const std::string merge = centre_.Given(
      Id(1), 5, absl::StrCat("persons_merged { merged_person_id: '", Id(2), "' }"), Supervisor());
  const std::string mirrored = centre_.History(kPersonKind, Id(2)).in_order().back().event_id;
  EXPECT_EQ(ReasonIdOf(centre_.Void(kPersonKind, Id(2), mirrored, Supervisor())),
            "FOLLOWS_FROM_OTHER_RECORD");

  ASSERT_TRUE(centre_.Void(kPersonKind, Id(1), merge, Supervisor()).ok());
  EXPECT_THAT(Person(1), ElementsAre("person_registered@0"));
  EXPECT_THAT(Person(2), ElementsAre("person_registered@0"));
}

TEST_F(PlacementTest, CorrectedMergeNamesTheOtherPersonInTheRightRecords) {
  const std::string merge = centre_.Given(
      Id(1), 5, absl::StrCat("persons_merged { merged_person_id: '", Id(2), "' }"), Supervisor());

  const auto corrected = centre_.Correct(
      Id(1), merge, absl::StrCat("persons_merged { merged_person_id: '", Id(3), "' }"),
      Supervisor());
  ASSERT_TRUE(corrected.ok()) << corrected.status();
  EXPECT_THAT(Person(2), ElementsAre("person_registered@0"));
  EXPECT_THAT(Person(3), ElementsAre("person_registered@0", "persons_merged@5"));
}

TEST_F(PlacementTest, CompanionNamedTwiceIsRefusedAndNothingWritten) {
  EXPECT_EQ(ReasonIdOf(centre_.Try(Id(kShelter), 3, RequestText("p1", 1, {2, 2}))),
            "PLACEMENT_NAMES_PERSON_TWICE");
}

TEST_F(PlacementTest, ServerFactsComeFromTheServerOnlyAndOnce) {
  Request("p1", 1);
  centre_.Given(
      Id(kShelter), 4,
      absl::StrCat("placement_held { placement_id: 'p1' ", TimeField("expire_time", 6), "}"),
      Manager());
  const v1::Command expiry =
      centre_.Command(Id(kShelter), 6, "hold_expired { placement_id: 'p1' }");

  EXPECT_EQ(ReasonIdOf(centre_.Send(expiry)), "SERVER_FACT_ONLY");
  const auto first = centre_.SendFromServer(expiry);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_FALSE(first->already_recorded());
  const auto again = centre_.SendFromServer(expiry);
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->already_recorded());
  EXPECT_EQ(ReasonIdOf(centre_.Correct(Id(1), first->events(0).event_id(),
                                       "stay_finished { shelter_id: 's' placement_id: 'p1' }")),
            "SERVER_FACT_ONLY");
}

}  // namespace
}  // namespace caseledger::testing
