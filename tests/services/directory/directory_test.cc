#include "services/domain/directory/admin_units.h"
#include "services/domain/directory/agency.h"
#include "services/domain/directory/definition.h"
#include "services/domain/directory/programme.h"
#include "tests/services/support/property.h"
#include "tests/services/support/record.h"

namespace caseledger::domain {
namespace {

using testing::At;
using testing::Record;
using testing::Row;
using testing::Step;
using testing::Time;

Record<AgencyState> Agency() { return {"uuid", DecideAgency, "ctxh-qn"}; }
Record<AdminUnitsState> Units() { return {"uuid", DecideAdminUnits, "2024"}; }
Record<DefinitionState> ReportRecord() { return {"uuid", DecideDefinition, "report/qn-half-year"}; }
Record<DefinitionState> DeadlinesRecord() {
  return {"uuid", DecideDefinition, "deadlines/default"};
}
Record<DefinitionState> RetentionRecord() {
  return {"uuid", DecideDefinition, "retention/default"};
}
Record<ProgrammeState> Programme() { return {"uuid", DecideProgramme}; }

const Step kAgency{0, "agency_registered { kind: 'social_work' name_vi: 'Trung tâm' }"};
const Step kRetired{5, "agency_retired {}"};
Step Granted(double hours, const std::string& rest = "") {
  return {hours,
          "role_granted { grant_id: 'g1' person_name: 'an' role: 'supervisor' " + rest + " }"};
}
Step Ended(double hours) { return {hours, "role_ended { grant_id: 'g1' }"}; }

std::vector<Row> AgencyRows() {
  return {
      {"registered twice", {kAgency}, kAgency, Reason::kRecordExists},
      {"changed before it joined",
       {kAgency},
       {-1, "agency_changed { kind: 'hospital' }"},
       Reason::kBeforeRecordBegan},
      {"end of no grant", {kAgency}, Ended(2), Reason::kGrantUnknown, "g1"},
      {"end before the grant", {kAgency, Granted(3)}, Ended(2), Reason::kGrantUnknown, "g1"},
      {"grant ended twice", {kAgency, Granted(1), Ended(2)}, Ended(3), Reason::kGrantEnded, "g1"},
      {"retired twice", {kAgency, kRetired}, {6, "agency_retired {}"}, Reason::kAgencyRetired},
      {"changed after it retired",
       {kAgency, kRetired},
       {6, "agency_changed { kind: 'hospital' }"},
       Reason::kAgencyRetired},
      {"role granted after it retired", {kAgency, kRetired}, Granted(6), Reason::kAgencyRetired},
      {"role ended after it retired", {kAgency, Granted(1), kRetired}, Ended(6), std::nullopt},
      {"grant key used", {kAgency, Granted(1)}, Granted(2), Reason::kGrantKeyUsed, "g1"},
      {"grant that expires when it begins",
       {kAgency},
       Granted(2, "expire_time" + Time(2)),
       Reason::kGrantExpiresBeforeItBegins,
       "g1"},
      {"late retirement before a recorded grant",
       {kAgency, Granted(9)},
       kRetired,
       Reason::kLaterFactWouldBreak,
       "e2"},
  };
}

Step Unit(const std::string& code, const std::string& kind, const std::string& parent) {
  return {0, "admin_unit_registered { code: '" + code + "' kind: '" + kind + "' name: 'x' " +
                 (parent.empty() ? "" : "parent_code: '" + parent + "'") + " }"};
}
const Step kProvince = Unit("22", "province", "");
const Step kDistrict = Unit("193", "district", "22");
const Step kCommune = Unit("06691", "commune", "193");

Step Succession(const std::string& code, const std::string& before, int share,
                const std::string& version = "2018") {
  return {
      0, absl::StrCat("unit_succession_recorded { code: '", code, "' predecessor { code: '", before,
                      "' version: '", version, "' } share_millionths: ", share, " source: 'x' }")};
}

std::vector<Row> UnitRows() {
  return {
      {"succession of a unit that is not there",
       {kProvince},
       Succession("193", "193", 1'000'000),
       Reason::kSuccessorUnknown,
       "193"},
      {"succession within a version",
       {kProvince},
       Succession("22", "21", 1'000'000, "2024"),
       Reason::kPredecessorOfSameVersion,
       "21@2024"},
      {"succession of the same two units again",
       {kProvince, Succession("22", "21", 300'000)},
       Succession("22", "21", 300'000),
       Reason::kSuccessionRecorded,
       "21@2018"},
      {"shares above the whole",
       {kProvince, kDistrict, Succession("22", "21", 700'000)},
       Succession("193", "21", 302'001),
       Reason::kSharesAboveWhole,
       "21@2018"},
      {"shares of the whole as far as they are rounded",
       {kProvince, kDistrict, Succession("22", "21", 700'000)},
       Succession("193", "21", 302'000),
       std::nullopt},
      {"the same code of two versions",
       {kProvince, kDistrict, Succession("22", "21", 1'000'000)},
       Succession("193", "21", 1'000'000, "2021"),
       std::nullopt},
      {"all of two units",
       {kProvince, Succession("22", "21", 1'000'000)},
       Succession("22", "20", 1'000'000),
       std::nullopt},
      {"code used", {kProvince}, Unit("22", "district", "22"), Reason::kUnitCodeUsed, "22"},
      {"province under a province",
       {kProvince},
       Unit("31", "province", "22"),
       Reason::kUnitParentOfWrongKind,
       "31"},
      {"district before its province", {}, kDistrict, Reason::kUnitParentUnknown, "22"},
      {"district of no province", {}, Unit("193", "district", ""), Reason::kUnitParentUnknown},
      {"district under a district",
       {kProvince, kDistrict},
       Unit("194", "district", "193"),
       Reason::kUnitParentOfWrongKind,
       "194"},
      {"commune under a commune",
       {kProvince, kDistrict, kCommune},
       Unit("06692", "commune", "06691"),
       Reason::kUnitParentOfWrongKind,
       "06692"},
      {"three levels", {kProvince, kDistrict}, kCommune, std::nullopt},
      {"two levels", {kProvince}, Unit("06895", "commune", "22"), std::nullopt},
      {"kind nobody knows yet", {kProvince}, Unit("9", "special_zone", "22"), std::nullopt},
  };
}

Step Report(double hours, int version, const std::string& text) {
  return {hours,
          absl::StrCat("report_definition_loaded { version: ", version, " text: '", text, "' }")};
}
Step Deadline(double hours, const std::string& text) {
  return {hours, "deadlines_loaded { text: '" + text + "' }"};
}

std::vector<Row> ReportRows() {
  return {
      {"deadlines in a report's record", {}, Deadline(1, "a"), Reason::kDefinitionOfOtherKind},
      {"same text again", {Report(1, 1, "a")}, Report(2, 1, "a"), Reason::kDefinitionUnchanged},
      {"other text, same version",
       {Report(1, 1, "a")},
       Report(2, 1, "b"),
       Reason::kDefinitionVersionNotHigher},
      {"late version that is not below the next",
       {Report(1, 1, "a"), Report(9, 2, "b")},
       Report(5, 2, "c"),
       Reason::kLaterFactWouldBreak,
       "e2"},
      {"higher version", {Report(1, 1, "a")}, Report(2, 2, "b"), std::nullopt},
  };
}

std::vector<Row> DeadlineRows() {
  return {
      {"report in the deadlines' record", {}, Report(1, 1, "a"), Reason::kDefinitionOfOtherKind},
      {"same text again", {Deadline(1, "a")}, Deadline(2, "a"), Reason::kDefinitionUnchanged},
      {"back to an earlier text",
       {Deadline(1, "a"), Deadline(2, "b")},
       Deadline(3, "a"),
       std::nullopt},
  };
}

Step Retention(double hours, const std::string& text) {
  return {hours, "retention_rules_loaded { text: '" + text + "' }"};
}

std::vector<Row> RetentionRows() {
  return {
      {"deadlines in the rules' record", {}, Deadline(1, "a"), Reason::kDefinitionOfOtherKind},
      {"same text again", {Retention(1, "a")}, Retention(2, "a"), Reason::kDefinitionUnchanged},
      {"back to an earlier text",
       {Retention(1, "a"), Retention(2, "b")},
       Retention(3, "a"),
       std::nullopt},
  };
}

Step Recorded(double from, const std::string& rest = "") {
  return {0, "programme_recorded { kind: 'safe_city' name: 'x' valid_from_time" + Time(from) +
                 rest + " }"};
}
Step ProgrammeEnd(double hours) { return {hours, "programme_ended {}"}; }
const Step kOutreach{0, "outreach_held { kind: 'training' }"};

std::vector<Row> ProgrammeRows() {
  return {
      {"recorded twice", {Recorded(2)}, Recorded(2), Reason::kRecordExists},
      {"outreach in a programme's record", {Recorded(2)}, kOutreach, Reason::kRecordExists},
      {"valid until it begins",
       {},
       Recorded(2, "valid_to_time" + Time(2)),
       Reason::kProgrammeEndsBeforeItBegins},
      {"ended before it was recorded",
       {Recorded(-5)},
       ProgrammeEnd(-1),
       Reason::kBeforeRecordBegan},
      {"outreach takes no end", {kOutreach}, ProgrammeEnd(3), Reason::kOutreachStandsAlone},
      {"ended twice", {Recorded(2), ProgrammeEnd(3)}, ProgrammeEnd(4), Reason::kProgrammeEnded},
      {"ended before it begins",
       {Recorded(2)},
       ProgrammeEnd(1),
       Reason::kProgrammeEndsBeforeItBegins},
      {"ended while it runs", {Recorded(2)}, ProgrammeEnd(3), std::nullopt},
  };
}

template <typename State>
void PlayAll(const std::vector<Row>& rows, const Record<State>& record) {
  for (const Row& row : rows) testing::Play(row, record);
}

TEST(Agency, RefusesInPrecedenceOrder) { PlayAll(AgencyRows(), Agency()); }
TEST(AdminUnits, RefusesInPrecedenceOrder) { PlayAll(UnitRows(), Units()); }
TEST(Definition, RefusesReportsInPrecedenceOrder) { PlayAll(ReportRows(), ReportRecord()); }
TEST(Definition, RefusesDeadlinesInPrecedenceOrder) { PlayAll(DeadlineRows(), DeadlinesRecord()); }
TEST(Definition, RefusesRetentionRulesInPrecedenceOrder) {
  PlayAll(RetentionRows(), RetentionRecord());
}
TEST(Programme, RefusesInPrecedenceOrder) { PlayAll(ProgrammeRows(), Programme()); }

TEST(Directory, EveryReasonIsProduced) {
  testing::ExpectEveryReasonIsProduced(
      {
#define CASELEDGER_REASON(name, ...) Reason::name,
#include "services/domain/reasons/directory.inc"
#undef CASELEDGER_REASON
      },
      {AgencyRows(), UnitRows(), ReportRows(), DeadlineRows(), ProgrammeRows()});
}

TEST(Directory, FactsSayTheNameOfTheirRecord) {
  EXPECT_EQ(Agency().Try(kAgency)->fact.agency_registered().agency_id(), "ctxh-qn");
  EXPECT_EQ(Units().Try(kProvince)->fact.admin_unit_registered().version(), "2024");
  Record<AdminUnitsState> units = Units();
  ASSERT_TRUE(units.Try(kProvince).ok());
  EXPECT_EQ(units.Try(Succession("22", "21", 5))->fact.unit_succession_recorded().version(),
            "2024");
  const auto report = ReportRecord().Try(Report(1, 3, "a"));
  EXPECT_EQ(report->fact.report_definition_loaded().report_id(), "qn-half-year");
  EXPECT_EQ(report->fact.report_definition_loaded().version(), 3u);
  EXPECT_EQ(DeadlinesRecord().Try(Deadline(1, "a"))->fact.deadlines_loaded().agency_id(),
            "default");
  EXPECT_EQ(RetentionRecord().Try(Retention(1, "a"))->fact.retention_rules_loaded().agency_id(),
            "default");
  EXPECT_FALSE(DeadlinesRecord().Try(Retention(1, "a")).ok());
}

TEST(Agency, RolesHoldFromTheirGrantToTheirEndOrExpiry) {
  Record<AgencyState> record = Agency();
  ASSERT_TRUE(record.Try(kAgency).ok());
  ASSERT_TRUE(record.Try(Granted(1)).ok());
  ASSERT_TRUE(record
                  .Try({1,
                        "role_granted { grant_id: 'g2' person_name: 'an' role: 'auditor' "
                        "expire_time" +
                            Time(3) + "}"})
                  .ok());
  ASSERT_TRUE(record.Try(Ended(5)).ok());
  const auto roles = [&](double hours, const char* who) {
    return RolesOf(record.StateAt(hours), who, At(hours));
  };
  using Roles = std::set<std::string>;
  EXPECT_EQ(roles(0.5, "an"), Roles{});
  EXPECT_EQ(roles(2, "an"), (Roles{"auditor", "supervisor"}));
  EXPECT_EQ(roles(2, "binh"), Roles{});
  EXPECT_EQ(roles(3, "an"), Roles{"supervisor"});
  EXPECT_EQ(roles(5, "an"), Roles{});
}

TEST(Agency, RetirementEndsNewWorkAndLeavesRoles) {
  Record<AgencyState> record = Agency();
  for (const Step& step : {kAgency, Granted(1), kRetired}) ASSERT_TRUE(record.Try(step).ok());
  EXPECT_FALSE(record.StateAt(-1).IsActive());
  EXPECT_TRUE(record.StateAt(4).IsActive());
  EXPECT_FALSE(record.StateAt(5).IsActive());
  EXPECT_EQ(RolesOf(record.StateAt(6), "an", At(6)), std::set<std::string>{"supervisor"});
}

// Plays random facts at random times and takes the bytes of what comes out.
template <typename State>
void ExpectRoundTripAfterRandom(Record<State> record, const std::vector<Step>& steps) {
  const int commands = *rc::gen::inRange(0, 20);
  for (int i = 0; i < commands; ++i) {
    Step step = steps[*rc::gen::inRange<size_t>(0, steps.size())];
    step.hours = *rc::gen::inRange(0, 50);
    (void)record.Try(step);
  }
  testing::ExpectRoundTrip(record.StateAt(50));
}

RC_GTEST_PROP(DirectoryProperty, StatesSurviveTheirBytes, ()) {
  ExpectRoundTripAfterRandom(Agency(), {kAgency, Granted(1), Ended(1)});
  ExpectRoundTripAfterRandom(Units(), {kProvince, kDistrict, kCommune});
  ExpectRoundTripAfterRandom(ReportRecord(),
                             {Report(1, 1, "a"), Report(1, 2, "b"), Report(1, 3, "c")});
  ExpectRoundTripAfterRandom(DeadlinesRecord(),
                             {Deadline(1, "a"), Deadline(1, "b"), Deadline(1, "c")});
  ExpectRoundTripAfterRandom(RetentionRecord(), {Retention(1, "a"), Retention(1, "b")});
  ExpectRoundTripAfterRandom(Programme(), {Recorded(1), ProgrammeEnd(1), kOutreach});
}

}  // namespace
}  // namespace caseledger::domain
