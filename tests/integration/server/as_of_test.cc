// What was known at an earlier point, before and after corrections.
#include "caseledger/v1/dashboard.pb.h"
#include "caseledger/v1/shelter.pb.h"
#include "gmock/gmock.h"
#include "tests/integration/support/server_fixture.h"

namespace caseledger::testing {
namespace {

constexpr char kDefinition[] = R"(
report_id: 'tiny' version: 1 time_zone: 'Asia/Ho_Chi_Minh' label_vi: 'Thử' label_en: 'Try'
indicators { row: 'A' unit: 'contact' label_vi: 'a' label_en: 'a' fact: 'contact_ended'
  count: 'contact' filters { field: 'outcome' any_of: 'counselled' } })";

class AsOf : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    RegisterAgency("ctxh-qn");
  }
  v1::AsOf Position(uint64_t position) {
    v1::AsOf as_of;
    as_of.set_position(position);
    return as_of;
  }
  v1::AsOf Now() {
    v1::AsOf as_of;
    *as_of.mutable_recorded_time() = Seconds(now_seconds());
    return as_of;
  }
  template <typename Request>
  void UpToDate(Request& request) {
    request.set_min_position(client().EventCount() - 1);
  }
  std::vector<std::string> PhasesAsOf(const v1::AsOf& as_of) {
    v1::ListCasesRequest request;
    *request.mutable_as_of() = as_of;
    UpToDate(request);
    const auto answer = client().Call<v1::ListCasesResponse>("DashboardService/ListCases", request);
    EXPECT_TRUE(answer.ok()) << answer.status.error_message();
    std::vector<std::string> phases;
    for (const v1::CaseRow& row : answer.value.cases()) phases.push_back(row.phase());
    return phases;
  }
  uint64_t FigureAsOf(const std::optional<v1::AsOf>& as_of) {
    v1::RunReportRequest request;
    request.set_report_id("tiny");
    *request.mutable_from_time() = Seconds(0);
    request.mutable_from_time()->set_nanos(1);
    *request.mutable_to_time() = Seconds(now_seconds() + 86'400);
    if (as_of.has_value()) *request.mutable_as_of() = *as_of;
    UpToDate(request);
    const auto answer = client().Call<v1::RunReportResponse>("DashboardService/RunReport", request);
    EXPECT_TRUE(answer.ok()) << answer.status.error_message();
    return answer.ok() ? answer.value.rows(0).value() : 999;
  }
  uint32_t OccupiedAsOf(const std::string& shelter, const std::optional<v1::AsOf>& as_of) {
    v1::GetOccupancyRequest request;
    request.set_shelter_id(shelter);
    if (as_of.has_value()) *request.mutable_as_of() = *as_of;
    UpToDate(request);
    const auto answer =
        client().Call<v1::GetOccupancyResponse>("ShelterService/GetOccupancy", request);
    EXPECT_TRUE(answer.ok()) << answer.status.error_message();
    return answer.value.occupied();
  }
};

TEST_F(AsOf, TheCaseListShowsWhatWasKnownThen) {
  const uint64_t before = client().EventCount() - 1;
  const v1::AsOf at_start = Now();
  AdvanceSeconds(60);
  const std::string case_id = OpenCase();
  const uint64_t opened = client().EventCount() - 1;
  const v1::AsOf at_open = Now();
  AdvanceSeconds(60);
  client().Record(case_id, "case_closed { reason: 'goals_met' }");
  using ::testing::ElementsAre;
  using ::testing::IsEmpty;
  EXPECT_THAT(PhasesAsOf(Position(before)), IsEmpty());
  EXPECT_THAT(PhasesAsOf(at_start), IsEmpty());
  EXPECT_THAT(PhasesAsOf(Position(opened)), ElementsAre("open"));
  EXPECT_THAT(PhasesAsOf(at_open), ElementsAre("open"));
  EXPECT_THAT(PhasesAsOf(Position(opened + 1)), ElementsAre("closed"));
  EXPECT_THAT(PhasesAsOf(Now()), ElementsAre("closed"));
}

TEST_F(AsOf, AReportGivesTheFigureOfThenAndTheCorrectedOneNow) {
  v1::Command definition = CommandOf("report/tiny", "report_definition_loaded {}");
  definition.mutable_fact()->mutable_report_definition_loaded()->set_text(kDefinition);
  client().Record(definition);
  const std::string contact =
      client().Record("", "contact_received { channel: 'phone' }").record_id();
  AdvanceSeconds(60);
  const v1::CommandResult ended =
      client().Record(contact, "contact_ended { outcome: CONTACT_OUTCOME_COUNSELLED }");
  const uint64_t position = ended.events(0).position();
  const v1::AsOf then = Now();
  EXPECT_EQ(FigureAsOf(std::nullopt), 1u);
  AdvanceSeconds(60);

  v1::Command correction =
      CommandOf(contact, "fact_corrected { target_event_id: '" + ended.events(0).event_id() +
                             "' reason: 'wrong key' replacement { contact_ended { outcome: "
                             "CONTACT_OUTCOME_PRANK } } }");
  correction.set_record_kind(options::v1::RECORD_KIND_CONTACT);
  const v1::CommandResult corrected = client().Record(correction);
  EXPECT_EQ(FigureAsOf(std::nullopt), 0u);
  EXPECT_EQ(FigureAsOf(Position(position)), 1u);
  EXPECT_EQ(FigureAsOf(Position(position - 1)), 0u);
  EXPECT_EQ(FigureAsOf(then), 1u);
  EXPECT_EQ(FigureAsOf(Position(corrected.events(0).position())), 0u);
  Restart();
  EXPECT_EQ(FigureAsOf(Position(position)), 1u);
  EXPECT_EQ(FigureAsOf(std::nullopt), 0u);
}

TEST_F(AsOf, AVoidedStayIsTakenBackNowButNotThen) {
  const std::string person = RegisterPerson();
  const std::string case_id = OpenCaseFor(person);
  const std::string shelter =
      client().Record("", "shelter_registered { agency_id: 'ctxh-qn' beds: 2 }").record_id();
  client().Record(shelter, "placement_requested { placement_id: 'pl1' case_id: '" + case_id +
                               "' person_id: '" + person + "' }");
  const v1::CommandResult admitted =
      client().Record(shelter, "resident_admitted { placement_id: 'pl1' }");
  const uint64_t position = admitted.events(admitted.events_size() - 1).position();
  EXPECT_EQ(OccupiedAsOf(shelter, std::nullopt), 1u);
  AdvanceSeconds(3600);
  v1::Command undo =
      CommandOf(shelter, "event_voided { target_event_id: '" + admitted.events(0).event_id() +
                             "' reason: 'never came' }");
  undo.set_record_kind(options::v1::RECORD_KIND_SHELTER);
  client().Record(undo);
  EXPECT_EQ(OccupiedAsOf(shelter, std::nullopt), 0u);
  EXPECT_EQ(OccupiedAsOf(shelter, Position(position)), 1u);
  EXPECT_EQ(OccupiedAsOf(shelter, Position(admitted.events(0).position() - 1)), 0u);
}

TEST_F(AsOf, AReplayShowsTheCaseOfThen) {
  const std::string case_id = OpenCase();
  AdvanceSeconds(3600);
  const v1::CommandResult risk = client().Record(case_id, "risk_assessed { risk: RISK_HIGH }");
  v1::Command late = CommandOf(case_id, "risk_assessed { risk: RISK_LOW }");
  *late.mutable_header()->mutable_occurred_time() = Seconds(now_seconds() - 1800);
  client().Record(late);
  v1::ReplayCaseRequest request;
  request.set_case_id(case_id);
  request.mutable_as_of()->set_position(risk.events(0).position());
  EXPECT_EQ(client().ReplayCase(request).value.size(), 2u);
  request.clear_as_of();
  *request.mutable_as_of_occurred_time() = Seconds(now_seconds() - 60);
  const auto occurred = client().ReplayCase(request);
  ASSERT_EQ(occurred.value.size(), 2u) << "the late entry, not the one after it";
  EXPECT_EQ(occurred.value[1].fact().risk_assessed().risk(), event::v1::RISK_LOW);
}

}  // namespace
}  // namespace caseledger::testing
