// What counts and what does not, by hand-made facts. The period is the first half of 2024, UTC+7.
#include <string>

#include "gtest/gtest.h"
#include "tests/projections/report_facts/ledger.h"

namespace caseledger::projections {
namespace {

using options::v1::RECORD_KIND_CASE_RECORD;
using options::v1::RECORD_KIND_CONTACT;
using options::v1::RECORD_KIND_PERSON;

constexpr char kOpenCases[] = "fact: 'case_open' count: 'case'";
constexpr char kClients[] =
    "fact: 'participation' persons: 'person_id' count: 'person' "
    "filters { field: 'role' any_of: 'client' }";
constexpr char kCounselled[] =
    "fact: 'contact_ended' filters { field: 'outcome' any_of: 'counselled' }";
constexpr char kCounsellingPersons[] =
    "fact: 'service_delivered' persons: 'beneficiary_person_ids' count: 'person' ";

TEST(Period, FactExactlyAtFromCountsAndExactlyAtToDoesNot) {
  Ledger ledger;
  EndContact(ledger, "before", "2023-12-31T23:59:59+07:00");
  EXPECT_EQ(Figure(ledger, kCounselled), 0);
  EndContact(ledger, "first", "2024-01-01T00:00:00+07:00");
  EXPECT_EQ(Figure(ledger, kCounselled), 1);
  EndContact(ledger, "last", "2024-06-30T23:59:59+07:00");
  EXPECT_EQ(Figure(ledger, kCounselled), 2);
  EndContact(ledger, "at-to", "2024-07-01T00:00:00+07:00");
  EXPECT_EQ(Figure(ledger, kCounselled), 2);
}

TEST(Period, CaseClosedOneSecondBeforeOrExactlyAtFromWasNotOpenInIt) {
  Ledger ledger;
  OpenCase(ledger, "c1", "2023-05-01");
  ledger.Record(RECORD_KIND_CASE_RECORD, "c1", "2023-12-31T23:59:59+07:00", "case_closed { }");
  OpenCase(ledger, "c2", "2023-05-01");
  ledger.Record(RECORD_KIND_CASE_RECORD, "c2", "2024-01-01T00:00:00+07:00", "case_closed { }");
  EXPECT_EQ(Figure(ledger, kOpenCases), 0);
  OpenCase(ledger, "c3", "2023-05-01");
  ledger.Record(RECORD_KIND_CASE_RECORD, "c3", "2024-01-01T00:00:01+07:00", "case_closed { }");
  OpenCase(ledger, "c4", "2024-06-30T23:59:59+07:00");
  EXPECT_EQ(Figure(ledger, kOpenCases), 2);
  OpenCase(ledger, "c5", "2024-07-01");
  EXPECT_EQ(Figure(ledger, kOpenCases), 2);
}

TEST(Period, SpanOfZeroLengthCountsAsAPoint) {
  Ledger ledger;
  OpenCase(ledger, "at-from", "2024-01-01");
  ledger.Record(RECORD_KIND_CASE_RECORD, "at-from", "2024-01-01", "case_closed { }");
  OpenCase(ledger, "at-to", "2024-07-01");
  ledger.Record(RECORD_KIND_CASE_RECORD, "at-to", "2024-07-01", "case_closed { }");
  EXPECT_EQ(Figure(ledger, kOpenCases), 1);
}

TEST(Period, RulesForSpansTellBeginEndAndEndOfPeriodApart) {
  Ledger ledger;
  OpenCase(ledger, "old", "2023-05-01");
  OpenCase(ledger, "old-closed-in", "2023-05-01");
  ledger.Record(RECORD_KIND_CASE_RECORD, "old-closed-in", "2024-03-01", "case_closed { }");
  OpenCase(ledger, "new", "2024-02-01");
  OpenCase(ledger, "new-closed-at-to", "2024-02-01");
  ledger.Record(RECORD_KIND_CASE_RECORD, "new-closed-at-to", "2024-07-01", "case_closed { }");
  const std::string rule = std::string(kOpenCases) + " period: PERIOD_RULE_";
  EXPECT_EQ(Figure(ledger, rule + "OVERLAPS_PERIOD"), 4);
  EXPECT_EQ(Figure(ledger, rule + "STARTED_IN_PERIOD"), 2);
  EXPECT_EQ(Figure(ledger, rule + "ENDED_IN_PERIOD"), 1);
  EXPECT_EQ(Figure(ledger, rule + "IN_FORCE_AT_PERIOD_END"), 3);
}

TEST(Cases, EveryCycleIsKeptAndLateEntriesFindTheirPlace) {
  Ledger ledger;
  OpenCase(ledger, "c", "2023-01-01");
  ledger.Record(RECORD_KIND_CASE_RECORD, "c", "2023-06-01", "case_closed { }");
  ledger.Record(RECORD_KIND_CASE_RECORD, "c", "2024-08-01", "case_reopened { }");
  EXPECT_EQ(Figure(ledger, kOpenCases), 0);
  // Learned late: it had been reopened and closed in between.
  const uint64_t before = ledger.size();
  ledger.Record(RECORD_KIND_CASE_RECORD, "c", "2024-03-01", "case_reopened { }");
  ledger.Record(RECORD_KIND_CASE_RECORD, "c", "2024-04-01", "case_closed { }");
  EXPECT_EQ(Figure(ledger, kOpenCases), 1);
  EXPECT_EQ(Figure(ledger, kOpenCases, before), 0);
}

TEST(Cases, AnotherProvinceTakingOverEndsTheCycle) {
  Ledger ledger;
  OpenCase(ledger, "c", "2023-01-01");
  ledger.Record(RECORD_KIND_CASE_RECORD, "c", "2023-12-01", "transfer_accepted { }");
  EXPECT_EQ(Figure(ledger, kOpenCases), 0);
}

TEST(Clients, OnlyTheRoleHeldWhileTheCaseWasOpenInThePeriodCounts) {
  Ledger ledger;
  OpenCase(ledger, "c", "2023-01-01");
  AddParticipant(ledger, "c", "child", "CLIENT", "2023-01-01");
  AddParticipant(ledger, "c", "mother", "GUARDIAN", "2023-01-01");
  AddParticipant(ledger, "c", "later", "CLIENT", "2024-07-02");
  AddParticipant(ledger, "c", "left", "CLIENT", "2023-01-01");
  ledger.Record(RECORD_KIND_CASE_RECORD, "c", "2023-10-01",
                "participant_removed { person_id: \"$left\" }");
  EXPECT_EQ(Figure(ledger, kClients), 1);
  ledger.Record(
      RECORD_KIND_CASE_RECORD, "c", "2024-03-01",
      "participant_role_changed { person_id: \"$mother\" role: PARTICIPANT_ROLE_CLIENT }");
  EXPECT_EQ(Figure(ledger, kClients), 2);
}

TEST(Clients, AParticipantOfAClosedCaseDoesNotCountUntilItIsReopened) {
  Ledger ledger;
  OpenCase(ledger, "c", "2023-01-01");
  ledger.Record(RECORD_KIND_CASE_RECORD, "c", "2023-12-01", "case_closed { }");
  AddParticipant(ledger, "c", "child", "CLIENT", "2024-02-01");
  EXPECT_EQ(Figure(ledger, kClients), 0);
  ledger.Record(RECORD_KIND_CASE_RECORD, "c", "2024-06-01", "case_reopened { }");
  EXPECT_EQ(Figure(ledger, kClients), 1);
}

TEST(Clients, ARoleReplacedInTheMomentItBeganWasNeverHeld) {
  Ledger ledger;
  OpenCase(ledger, "c", "2024-02-01");
  AddParticipant(ledger, "c", "aunt", "CLIENT", "2024-02-01");
  ledger.Record(
      RECORD_KIND_CASE_RECORD, "c", "2024-02-01",
      "participant_role_changed { person_id: \"$aunt\" role: PARTICIPANT_ROLE_COMPANION }");
  EXPECT_EQ(Figure(ledger, kClients), 0);
}

TEST(Corrections, CanMoveAFactOutOfThePeriodAndInAgain) {
  Ledger ledger;
  const std::string event = EndContact(ledger, "k", "2024-02-01");
  const uint64_t first = ledger.size();
  const std::string counselled = "contact_ended { outcome: CONTACT_OUTCOME_COUNSELLED }";
  ledger.Correct(RECORD_KIND_CONTACT, "k", event, counselled, "2023-12-31");
  EXPECT_EQ(Figure(ledger, kCounselled), 0);
  const uint64_t second = ledger.size();
  ledger.Correct(RECORD_KIND_CONTACT, "k", event, counselled, "2024-06-01");
  EXPECT_EQ(Figure(ledger, kCounselled), 1);
  EXPECT_EQ(Figure(ledger, kCounselled, first - 1), 0);
  EXPECT_EQ(Figure(ledger, kCounselled, first), 1);
  EXPECT_EQ(Figure(ledger, kCounselled, second), 0);
}

TEST(Corrections, WithoutATimeOfItsOwnTheReplacementKeepsTheTargets) {
  Ledger ledger;
  const std::string event = EndContact(ledger, "k", "2024-02-01");
  ledger.Correct(RECORD_KIND_CONTACT, "k", event,
                 "contact_ended { outcome: CONTACT_OUTCOME_SILENT }");
  EXPECT_EQ(Figure(ledger, kCounselled), 0);
  EXPECT_EQ(Figure(ledger, "fact: 'contact_ended' filters { field: 'outcome' any_of: 'silent' }"),
            1);
}

TEST(Corrections, VoidedFactsDoNotCountAndCannotBeCorrectedBack) {
  Ledger ledger;
  const std::string event = EndContact(ledger, "k", "2024-02-01");
  ledger.Void(RECORD_KIND_CONTACT, "k", event);
  EXPECT_EQ(Figure(ledger, kCounselled), 0);
  EXPECT_EQ(Figure(ledger, kCounselled, 1), 1);
  ledger.Correct(RECORD_KIND_CONTACT, "k", event,
                 "contact_ended { outcome: CONTACT_OUTCOME_COUNSELLED }");
  EXPECT_EQ(Figure(ledger, kCounselled), 0);
}

TEST(Corrections, AClosingVoidedLeavesTheCaseOpen) {
  Ledger ledger;
  OpenCase(ledger, "c", "2023-01-01");
  const std::string closing =
      ledger.Record(RECORD_KIND_CASE_RECORD, "c", "2023-06-01", "case_closed { }");
  EXPECT_EQ(Figure(ledger, kOpenCases), 0);
  ledger.Void(RECORD_KIND_CASE_RECORD, "c", closing);
  EXPECT_EQ(Figure(ledger, kOpenCases), 1);
}

TEST(LateEntries, CountAsOfThePointTheyWereRecordedAt) {
  Ledger ledger;
  EndContact(ledger, "next-year", "2025-02-01");
  const uint64_t published = ledger.size();
  EndContact(ledger, "late", "2024-02-01");
  EXPECT_EQ(Figure(ledger, kCounselled, published), 0);
  EXPECT_EQ(Figure(ledger, kCounselled), 1);
}

TEST(Contacts, MainTopicIsTheNewestInTimeWhateverTheOrderOfRecording) {
  Ledger ledger;
  EndContact(ledger, "k", "2024-02-01");
  ledger.Record(RECORD_KIND_CONTACT, "k", "2024-08-01",
                "contact_classified { main_topic: 'child' }");
  ledger.Record(RECORD_KIND_CONTACT, "k", "2024-02-01",
                "contact_classified { main_topic: 'health' }");
  const std::string child =
      std::string(kCounselled) + " filters { field: 'contact.main_topic' any_of: 'child' }";
  EXPECT_EQ(Figure(ledger, child), 1);
}

TEST(Codes, UnknownOnesCountUnderTheirOwnCodeAndUnknownValuesOnlyWhenAskedFor) {
  Ledger ledger;
  ledger.Record(RECORD_KIND_CONTACT, "a", "2024-02-01", "contact_received { channel: 'pigeon' }");
  ledger.Record(RECORD_KIND_CONTACT, "b", "2024-02-01", "contact_received { channel: 'phone' }");
  ledger.Record(RECORD_KIND_CONTACT, "c", "2024-02-01", "contact_received { }");
  const auto with = [&](const std::string& filter) {
    return Figure(ledger, "fact: 'contact_received' filters { field: 'channel' " + filter + " }");
  };
  EXPECT_EQ(with("any_of: 'pigeon'"), 1);
  EXPECT_EQ(with("none_of: 'phone'"), 1);
  EXPECT_EQ(with("none_of: 'phone' or_unknown: true"), 2);
  EXPECT_EQ(with("any_of: 'sms'"), 0);
}

TEST(Persons, AreCountedOnceAndMergedOnesTogetherUntilTheMergeIsReversed) {
  Ledger ledger;
  OpenCase(ledger, "c", "2024-01-01");
  Serve(ledger, "c", "2024-02-01", "medical_care", "ann");
  Serve(ledger, "c", "2024-02-02", "medical_care", "ann");
  Serve(ledger, "c", "2024-02-03", "medical_care", "anna");
  EXPECT_EQ(Figure(ledger, kCounsellingPersons), 2);
  const uint64_t before = ledger.size();
  const std::string ids = "{ survivor_person_id: \"$ann\" merged_person_id: \"$anna\" }";
  ledger.Record(RECORD_KIND_PERSON, "ann", "2024-09-01", "persons_merged " + ids);
  ledger.Record(RECORD_KIND_PERSON, "anna", "2024-09-01", "persons_merged " + ids);
  EXPECT_EQ(Figure(ledger, kCounsellingPersons), 1);
  EXPECT_EQ(Figure(ledger, kCounsellingPersons, before), 2);
  ledger.Record(RECORD_KIND_PERSON, "ann", "2024-10-01", "merge_reversed " + ids);
  ledger.Record(RECORD_KIND_PERSON, "anna", "2024-10-01", "merge_reversed " + ids);
  EXPECT_EQ(Figure(ledger, kCounsellingPersons), 2);
}

TEST(Persons, MergesAreFollowedToTheLastSurvivor) {
  Ledger ledger;
  OpenCase(ledger, "c", "2024-01-01");
  for (const char* person : {"a", "b", "d"})
    Serve(ledger, "c", "2024-02-01", "medical_care", person);
  ledger.Record(RECORD_KIND_PERSON, "a", "2024-09-01",
                "persons_merged { survivor_person_id: \"$b\" merged_person_id: \"$a\" }");
  ledger.Record(RECORD_KIND_PERSON, "b", "2024-09-02",
                "persons_merged { survivor_person_id: \"$d\" merged_person_id: \"$b\" }");
  EXPECT_EQ(Figure(ledger, kCounsellingPersons), 1);
}

TEST(Persons, AttributesCountAsTheyWereAtTheFactOrElseAsFirstKnown) {
  Ledger ledger;
  OpenCase(ledger, "c", "2024-01-01");
  Register(ledger, "child", "2024-03-01", "school_status: 'never_enrolled'");
  ledger.Record(RECORD_KIND_PERSON, "child", "2024-05-01",
                "person_amended { attributes { school_status: 'enrolled' } }");
  const std::string never = std::string(kCounsellingPersons) +
                            " filters { field: 'person.school_status' any_of: 'never_enrolled' }";
  Serve(ledger, "c", "2024-05-01", "medical_care", "child");  // amended by then
  EXPECT_EQ(Figure(ledger, never), 0);
  Serve(ledger, "c", "2024-04-30", "medical_care", "child");
  EXPECT_EQ(Figure(ledger, never), 1);

  Ledger early;
  OpenCase(early, "c", "2024-01-01");
  Register(early, "child", "2024-03-01", "school_status: 'never_enrolled'");
  Serve(early, "c", "2024-02-01", "medical_care", "child");
  EXPECT_EQ(Figure(early, never), 1);
}

TEST(Persons, AMergedRecordSpeaksForTheTimeBeforeTheSurvivorDid) {
  Ledger ledger;
  OpenCase(ledger, "c", "2024-01-01");
  Register(ledger, "old", "2024-01-01", "school_status: 'never_enrolled'");
  Register(ledger, "new", "2024-05-01", "school_status: 'enrolled'");
  ledger.Record(RECORD_KIND_PERSON, "old", "2024-06-01",
                "persons_merged { survivor_person_id: \"$new\" merged_person_id: \"$old\" }");
  Serve(ledger, "c", "2024-02-01", "medical_care", "old");
  Serve(ledger, "c", "2024-06-02", "medical_care", "old");
  const std::string with =
      std::string(kCounsellingPersons) + " filters { field: 'person.school_status' any_of: '";
  EXPECT_EQ(Figure(ledger, with + "never_enrolled' }"), 1);
  EXPECT_EQ(Figure(ledger, with + "enrolled' }"), 1);
}

TEST(Persons, AgeIsTheYearOfTheFactLessTheYearOfBirthAndUnknownNeverMatches) {
  Ledger ledger;
  OpenCase(ledger, "c", "2024-01-01");
  Register(ledger, "fifteen", "2020-01-01", "birth_year: 2009");
  Register(ledger, "sixteen", "2020-01-01", "birth_year: 2008");
  Register(ledger, "unknown", "2020-01-01", "sex: 'female'");
  for (const char* person : {"fifteen", "sixteen", "unknown"}) {
    Serve(ledger, "c", "2024-01-01", "medical_care", person);  // still 2023 in UTC
  }
  const std::string age = std::string(kCounsellingPersons) + " filters { field: 'person.age' ";
  EXPECT_EQ(Figure(ledger, age + "max: 15 }"), 1);
  EXPECT_EQ(Figure(ledger, age + "min: 15 max: 16 }"), 2);
  EXPECT_EQ(Figure(ledger, age + "max: 15 or_unknown: true }"), 2);
}

TEST(Persons, RoleInTheCaseIsTheOneAtTheFact) {
  Ledger ledger;
  OpenCase(ledger, "c", "2024-01-01");
  AddParticipant(ledger, "c", "child", "CLIENT", "2024-01-01");
  AddParticipant(ledger, "c", "mother", "PARENT", "2024-01-01");
  Serve(ledger, "c", "2024-02-01", "medical_care", "child");
  Serve(ledger, "c", "2024-02-01", "medical_care", "mother");
  EXPECT_EQ(Figure(ledger, std::string(kCounsellingPersons) +
                               " filters { field: 'person.role' any_of: 'parent' }"),
            1);
}

}  // namespace
}  // namespace caseledger::projections
