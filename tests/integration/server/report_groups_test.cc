// Reports whose rows are split into groups, over gRPC: who is told the groups.
#include "caseledger/v1/dashboard.pb.h"
#include "gmock/gmock.h"
#include "tests/integration/support/server_fixture.h"

namespace caseledger::testing {
namespace {

using ::testing::ElementsAre;

constexpr char kDefinition[] = R"(
report_id: 'load' version: 1 time_zone: 'Asia/Ho_Chi_Minh' label_vi: 'Thử' label_en: 'Try'
indicators { row: 'A' unit: 'contact' label_vi: 'a' label_en: 'a' fact: 'contact_ended'
  count: 'contact' by { field: 'outcome' } by { field: 'contact.channel' } }
indicators { row: 'B' parent: 'A' unit: 'contact' label_vi: 'b' label_en: 'b'
  filters { field: 'contact.channel' any_of: 'sms' } }
ratios { ratio: 'C' label_vi: 'c' label_en: 'c' of: 'B' among: 'A' per: 1000 })";

class ReportGroups : public ServerTest {
 protected:
  v1::RunReportResponse Run(const Who& who) {
    Client asker(cast(), "", who);
    asker.Admit(who);
    v1::RunReportRequest request;
    request.set_report_id("load");
    request.mutable_from_time()->set_seconds(1);
    *request.mutable_to_time() = Seconds(now_seconds() + 86'400);
    request.set_min_position(asker.EventCount() - 1);
    const auto answer = asker.Call<v1::RunReportResponse>("DashboardService/RunReport", request);
    EXPECT_TRUE(answer.ok()) << answer.status.error_message();
    return answer.value;
  }
  static std::vector<std::string> RowsOf(const v1::RunReportResponse& report) {
    std::vector<std::string> rows;
    for (const v1::ReportRow& row : report.rows()) {
      std::string text = row.row();
      for (const std::string& value : row.group()) text += "|" + value;
      rows.push_back(text + "=" + std::to_string(row.value()));
    }
    return rows;
  }
};

TEST_F(ReportGroups, AreForWhoMaySeeExactFigures) {
  RegisterAgency("ctxh-qn");
  v1::Command definition = CommandOf("report/load", "report_definition_loaded {}");
  definition.mutable_fact()->mutable_report_definition_loaded()->set_text(kDefinition);
  client().Record(definition);
  for (const std::string channel : {"phone", "phone", "sms"}) {
    const std::string contact =
        client().Record("", "contact_received { channel: '" + channel + "' }").record_id();
    client().Record(contact, "contact_ended { outcome: CONTACT_OUTCOME_SILENT }");
  }
  const v1::RunReportResponse exact = Run({"nhap-lieu", "so-qn", "data_steward"});
  EXPECT_THAT(RowsOf(exact),
              ElementsAre("A=3", "A|silent|phone=2", "A|silent|sms=1", "B=1", "B|silent|sms=1"));
  ASSERT_EQ(exact.ratios_size(), 3);
  EXPECT_EQ(exact.ratios(0).value(), "333.3");
  EXPECT_EQ(exact.ratios(0).per(), 1000U);
  EXPECT_EQ(exact.ratios(1).value(), "0.0");
  EXPECT_THAT(exact.ratios(2).group(), ElementsAre("silent", "sms"));
  EXPECT_EQ(exact.ratios(2).value(), "1000.0");
  EXPECT_THAT(exact.rows(0).group_fields(), ElementsAre("outcome", "contact.channel"));

  const Who viewer{"xem", "so-qn", "dashboard_viewer"};
  Client asker(cast(), "", viewer);
  asker.Admit(viewer);
  v1::RunReportRequest request;
  request.set_report_id("load");
  request.mutable_from_time()->set_seconds(1);
  request.mutable_to_time()->set_seconds(2);
  const auto refused = asker.Call<v1::RunReportResponse>("DashboardService/RunReport", request);
  EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

}  // namespace
}  // namespace caseledger::testing
