// Figures split into groups, by hand-made facts. The period is the first half of 2024, UTC+7.
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "projections/report_facts/definition.h"
#include "tests/projections/report_facts/ledger.h"

namespace caseledger::projections {
namespace {

using options::v1::RECORD_KIND_ADMIN_UNITS;
using options::v1::RECORD_KIND_CASE_RECORD;
using options::v1::RECORD_KIND_CONTACT;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(Groups, HoursWeekdaysDatesAndMonthsAreToldInTheReportsZone) {
  Ledger ledger;
  EndContact(ledger, "a", "2024-01-31T23:59:59+07:00");  // a Wednesday
  EndContact(ledger, "b", "2024-01-31T17:00:00Z");       // the next midnight
  EndContact(ledger, "c", "2024-02-04T05:00:00+07:00");  // a Sunday
  const auto by = [&](const std::string& field) {
    return GroupsOf(ledger, "fact: 'contact_ended' by { field: 'at." + field + "' }");
  };
  EXPECT_THAT(by("hour"), ElementsAre(Pair("0", 1), Pair("5", 1), Pair("23", 1)));
  EXPECT_THAT(by("weekday"), ElementsAre(Pair("3", 1), Pair("4", 1), Pair("7", 1)));
  EXPECT_THAT(by("date"),
              ElementsAre(Pair("2024-01-31", 1), Pair("2024-02-01", 1), Pair("2024-02-04", 1)));
  EXPECT_THAT(by("month"), ElementsAre(Pair("2024-01", 1), Pair("2024-02", 2)));
}

TEST(Groups, NumbersFallBetweenEdgesAndWhatIsNotKnownComesLast) {
  Ledger ledger;
  Register(ledger, "baby", "2024-01-01", "birth_year: 2024");
  Register(ledger, "child", "2024-01-01", "birth_year: 2012");
  Register(ledger, "adult", "2024-01-01", "birth_year: 2006");
  Register(ledger, "somebody", "2024-01-01", "sex: 'female'");
  OpenCase(ledger, "c", "2024-01-01");
  for (const char* person : {"baby", "child", "adult", "somebody", "child"}) {
    Serve(ledger, "c", "2024-02-01", "medical_care", person);
  }
  const std::string body =
      "fact: 'service_delivered' persons: 'beneficiary_person_ids' count: 'person' "
      "by { field: 'person.age' edges: [1, 6, 12, 13, 18] }";
  EXPECT_THAT(GroupsOf(ledger, body),
              ElementsAre(Pair("<1", 1), Pair("12", 1), Pair("18+", 1), Pair("", 1)));
  EXPECT_EQ(Figure(ledger, body), 4) << "the row itself";
}

TEST(Groups, AFactCountsInTheGroupOfEachOfItsValues) {
  Ledger ledger;
  OpenCase(ledger, "both", "2024-01-01",
           "case_type: 'child_protection' concerns: 'neglect' concerns: 'trafficked'");
  OpenCase(ledger, "one", "2024-01-01", "case_type: 'child_protection' concerns: 'neglect'");
  OpenCase(ledger, "none", "2024-01-01", "case_type: 'trafficking'");
  const std::string body =
      "fact: 'case_open' count: 'case' by { field: 'case.case_type' } "
      "by { field: 'case.concerns' }";
  EXPECT_THAT(GroupsOf(ledger, body),
              ElementsAre(Pair("child_protection|neglect", 2),
                          Pair("child_protection|trafficked", 1), Pair("trafficking|", 1)));
  EXPECT_EQ(Figure(ledger, body), 3);
}

TEST(Groups, UnitsRollUpWithinTheirVersion) {
  Ledger ledger;
  const auto unit = [&](const std::string& code, const std::string& version,
                        const std::string& kind, const std::string& parent) {
    ledger.Record(RECORD_KIND_ADMIN_UNITS, version, "2020-01-01",
                  "admin_unit_registered { code: '" + code + "' version: '" + version +
                      "' kind: '" + kind + "' name: 'x' parent_code: '" + parent + "' }");
  };
  unit("22", "2024", "province", "");
  unit("203", "2024", "district", "22");
  unit("06895", "2024", "township", "203");
  unit("06895", "2026", "commune", "22");
  const auto open = [&](const std::string& name, const std::string& where) {
    OpenCase(ledger, name, "2024-01-01",
             "case_type: 'child_protection'" + (where.empty() ? "" : " unit { " + where + " }"));
  };
  open("township", "code: '06895' version: '2024'");
  open("district", "code: '203' version: '2024'");
  open("province", "code: '22' version: '2024'");
  open("commune", "code: '06895' version: '2026'");
  open("nowhere", "");
  const std::string body = "fact: 'case_open' count: 'case' by { field: 'case.unit' ";
  EXPECT_THAT(GroupsOf(ledger, body + "unit_kinds: 'district' }"),
              ElementsAre(Pair("203@2024", 2), Pair("", 3)));
  EXPECT_THAT(GroupsOf(ledger, body + "unit_kinds: 'district' unit_kinds: 'commune' }"),
              ElementsAre(Pair("06895@2026", 1), Pair("203@2024", 2), Pair("", 2)));
  EXPECT_THAT(GroupsOf(ledger, body + "}"),
              ElementsAre(Pair("06895@2024", 1), Pair("06895@2026", 1), Pair("203@2024", 1),
                          Pair("22@2024", 1), Pair("", 1)));
}

TEST(Groups, SpansAreSplitByHowLongTheyLastedAndWhatEndedThem) {
  Ledger ledger;
  OpenCase(ledger, "a", "2024-01-01");
  ledger.Record(RECORD_KIND_CASE_RECORD, "a", "2024-01-30T23:59:59+07:00", "case_closed { }");
  ledger.Record(RECORD_KIND_CASE_RECORD, "a", "2024-02-01", "case_reopened { }");
  ledger.Record(RECORD_KIND_CASE_RECORD, "a", "2024-03-02", "case_closed { }");
  OpenCase(ledger, "open", "2024-01-01");
  ledger.Record(RECORD_KIND_CASE_RECORD, "open", "2024-01-02",
                "contact_ban_issued { measure_id: 'm' from_time { seconds: 1704128400 } "
                "to_time { seconds: 1704387600 } }");
  EXPECT_THAT(GroupsOf(ledger,
                       "fact: 'case_open' period: PERIOD_RULE_ENDED_IN_PERIOD by { field: "
                       "'span.days' edges: [0, 30, 90] } by { field: 'span.ended_by' }"),
              ElementsAre(Pair("0-29|case_closed", 1), Pair("30-89|case_closed", 1)));
  EXPECT_THAT(GroupsOf(ledger, "fact: 'case_open' by { field: 'span.days' }"),
              ElementsAre(Pair("29", 1), Pair("30", 1), Pair("", 1)));
  EXPECT_THAT(GroupsOf(ledger, "fact: 'contact_ban' by { field: 'span.ended_by' }"),
              ElementsAre(Pair("date", 1)));
  EXPECT_EQ(
      Figure(ledger, "fact: 'case_open' period: PERIOD_RULE_ENDED_IN_PERIOD sum: 'span.days'"), 59);
}

TEST(Groups, OffersOfReferralsEndWithTheirAnswerAndGoOnWhenForwarded) {
  Ledger ledger;
  OpenCase(ledger, "c", "2024-01-01");
  const auto record = [&](const std::string& time, const std::string& fact) {
    return ledger.Record(RECORD_KIND_CASE_RECORD, "c", time, fact);
  };
  record("2024-02-01T08:00:00+07:00",
         "referral_sent { referral_id: 'r' from_agency_id: 'a' to_agency_id: 'b' }");
  record("2024-02-01T09:59:00+07:00", "referral_accepted { referral_id: 'r' }");
  record("2024-02-03T09:59:00+07:00",
         "referral_forwarded { referral_id: 'r' new_referral_id: 's' to_agency_id: 'c' }");
  record("2024-02-03T10:59:00+07:00", "referral_declined { referral_id: 's' }");
  record("2024-03-01", "referral_sent { referral_id: 't' from_agency_id: 'a' to_agency_id: 'b' }");
  record("2024-03-01",
         "referral_sent { referral_id: 'u' from_agency_id: 'a' to_agency_id: 'b' "
         "expire_time { seconds: 1709398800 } }");  // 2024-03-03
  const std::string answers =
      "fact: 'referral_answer' by { field: 'to_agency_id' } by { field: 'span.ended_by' } "
      "by { field: 'span.hours' }";
  EXPECT_THAT(GroupsOf(ledger, answers),
              ElementsAre(Pair("b|date|48", 1), Pair("b|referral_accepted|1", 1), Pair("b||", 1),
                          Pair("c|referral_declined|1", 1)));
  EXPECT_THAT(GroupsOf(ledger,
                       "fact: 'referral_service' by { field: 'start.to_agency_id' } "
                       "by { field: 'span.ended_by' } by { field: 'span.hours' }"),
              ElementsAre(Pair("b|referral_forwarded|48", 1)));
  // The answer to 't' comes, and an earlier one was about 'u'.
  const uint64_t before = ledger.size();
  const std::string answer = record("2024-03-02", "referral_accepted { referral_id: 't' }");
  EXPECT_THAT(GroupsOf(ledger, answers),
              ElementsAre(Pair("b|date|48", 1), Pair("b|referral_accepted|1", 1),
                          Pair("b|referral_accepted|24", 1), Pair("c|referral_declined|1", 1)));
  ledger.Correct(RECORD_KIND_CASE_RECORD, "c", answer, "referral_accepted { referral_id: 'u' }");
  EXPECT_THAT(GroupsOf(ledger, answers),
              ElementsAre(Pair("b|referral_accepted|1", 1), Pair("b|referral_accepted|24", 1),
                          Pair("b||", 1), Pair("c|referral_declined|1", 1)));
  EXPECT_THAT(GroupsOf(ledger, answers, before),
              ElementsAre(Pair("b|date|48", 1), Pair("b|referral_accepted|1", 1), Pair("b||", 1),
                          Pair("c|referral_declined|1", 1)))
      << "as it was known before";
}

TEST(Groups, DelayIsFromWhatHappenedToItsFirstRecord) {
  Ledger ledger;
  ledger.set_recorded_at(At("2024-02-04T23:59:59+07:00"));
  const std::string late = EndContact(ledger, "late", "2024-02-01");
  ledger.set_recorded_at(At("2024-02-06"));
  EndContact(ledger, "later", "2024-02-01");
  EndContact(ledger, "by a clock that is ahead", "2024-02-07");
  ledger.set_recorded_at(At("2024-06-01"));
  ledger.Correct(RECORD_KIND_CONTACT, "late", late, "contact_ended { outcome: 2 }");
  const std::string body =
      "fact: 'contact_ended' by { field: 'event.delay_days' edges: [0, 4, 6, 15, 31] }";
  EXPECT_THAT(GroupsOf(ledger, body), ElementsAre(Pair("0-3", 2), Pair("4-5", 1)));
}

TEST(Groups, ARowThatNarrowsAnotherIsSplitLikeItUnlessItSaysHow) {
  Ledger ledger;
  EndContact(ledger, "a", "2024-02-01T08:00:00+07:00");
  const auto definition = ParseReportDefinition(Definition(
      "indicators { row: 'A' unit: 'x' label_vi: 'A' fact: 'contact_ended' by { field: 'at.hour' } "
      "} indicators { row: 'B' parent: 'A' unit: 'x' label_vi: 'B' } "
      "indicators { row: 'C' parent: 'A' unit: 'x' label_vi: 'C' by { field: 'at.month' } } "
      "identities { row: 'A' sum_of: 'B' }"));
  ASSERT_TRUE(definition.ok()) << definition.status();
  const auto result =
      RunReport(*ledger.Snapshot(), *definition, At("2024-01-01"), At("2024-07-01"), ledger.size());
  ASSERT_TRUE(result.ok()) << result.status();
  std::vector<std::string> told;
  for (const ReportFigure& row : result->rows) {
    told.push_back(row.row + " " + row.group_fields.at(0) +
                   (row.group.empty() ? "" : "=" + row.group[0]));
  }
  EXPECT_THAT(told, ElementsAre("A at.hour", "A at.hour=8", "B at.hour", "B at.hour=8",
                                "C at.month", "C at.month=2024-02"));
  EXPECT_THAT(result->broken_identities, IsEmpty());
}

TEST(Groups, TooManyAreRefused) {
  Ledger ledger;
  constexpr Micros kMinute = 60 * kMicrosPerSecond;
  const event::v1::Fact ended = ParseFact("contact_ended { outcome: 1 }");
  for (size_t i = 0; i <= kMostGroups; ++i) {
    ledger.set_agency("a" + std::to_string(i));
    ledger.Record(RECORD_KIND_CONTACT, "c" + std::to_string(i),
                  At("2024-01-01") + static_cast<Micros>(i) * kMinute, ended);
  }
  const auto definition = ParseReportDefinition(
      Definition("indicators { row: 'A' unit: 'x' label_vi: 'A' fact: 'contact_ended' "
                 "by { field: 'event.agency_id' } }"));
  ASSERT_TRUE(definition.ok()) << definition.status();
  const auto run = [&](Micros to) {
    return RunReport(*ledger.Snapshot(), *definition, At("2024-01-01"), to, ledger.size());
  };
  EXPECT_EQ(run(At("2024-07-01")).status().code(), absl::StatusCode::kResourceExhausted);
  const auto fewer = run(At("2024-01-01") + static_cast<Micros>(kMostGroups) * kMinute);
  ASSERT_TRUE(fewer.ok()) << fewer.status();
  EXPECT_EQ(fewer->rows.size(), kMostGroups + 1);
}

}  // namespace
}  // namespace caseledger::projections
