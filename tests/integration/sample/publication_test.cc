// The sample published as a centre would: months, quarters and the half-year, of several reports,
// and the half-year again after a late entry; then everything a viewer can read is attacked.
#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "caseledger/v1/publication.pb.h"
#include "caseledger/v1/report_definition.pb.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "nlohmann/json.hpp"
#include "tests/integration/sample/sample_fixture.h"
#include "tests/services/disclosure/attacker.h"

namespace caseledger::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr uint64_t kSmallest = 5;

class PublishedSample : public SampleTest {
 protected:
  Finished Publish(const std::string& report, const std::string& from, const std::string& to,
                   const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = {"publication", "publish", report, "--from",
                                          from,          "--to",    to};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Run(kDataSteward, arguments);
  }
  void PublishAll(const std::string& report) const {
    const std::vector<std::string> begins = {"2024-01-01", "2024-02-01", "2024-03-01", "2024-04-01",
                                             "2024-05-01", "2024-06-01", "2024-07-01"};
    const std::vector<std::pair<size_t, size_t>> periods = {{0, 1}, {1, 2}, {2, 3}, {0, 3}, {3, 4},
                                                            {4, 5}, {5, 6}, {3, 6}, {0, 6}};
    for (const auto& [from, to] : periods) {
      const Finished done = Publish(report, begins[from], begins[to]);
      EXPECT_EQ(done.code, 0) << done.err;
      EXPECT_EQ(done.err, "") << report << " from " << begins[from] << " to " << begins[to];
    }
  }

  static v1::GetPublishedReportResponse Get(const Client& asker, uint32_t number) {
    v1::GetPublishedReportRequest request;
    request.set_number(number);
    auto answer = asker.Call<v1::GetPublishedReportResponse>(
        "PublicationService/GetPublishedReport", request);
    EXPECT_TRUE(answer.ok()) << answer.status.error_message();
    return answer.value;
  }
  static std::string NameOf(const v1::PublishedFigure& figure) {
    std::string name = figure.row();
    for (const std::string& value : figure.group()) name += "|" + value;
    return name;
  }

  // What a viewer sees of a publication, with the truth beside it.
  AttackedTable Attacked(uint32_t number, const v1::ReportDefinition& definition) const {
    const v1::GetPublishedReportResponse exact = Get(*steward_, number);
    const v1::GetPublishedReportResponse seen = Get(*viewer_, number);
    std::map<std::string, bool> shown;
    for (const v1::PublishedFigure& figure : seen.figures()) {
      // Of what is withheld nothing is said.
      EXPECT_NE(figure.has_value(), figure.withheld()) << NameOf(figure);
      shown[NameOf(figure)] = figure.has_value();
    }
    AttackedTable table{
        exact.publication().from_time().seconds(), exact.publication().to_time().seconds(), {}, {}};
    int row = -1;
    for (const v1::PublishedFigure& figure : exact.figures()) {
      const bool is_group = figure.group_size() > 0;
      if (!is_group) ++row;
      const v1::Indicator& indicator = definition.indicators(row);
      AttackedFigure& attacked = table.figures.emplace_back();
      attacked.name = NameOf(figure);
      attacked.part_of = is_group ? figure.row() : indicator.fact().empty() ? figure.parent() : "";
      attacked.truth = figure.value();
      attacked.shown = shown[attacked.name];
      attacked.guarded = !attacked.shown && figure.value() < kSmallest;
      attacked.at_end = indicator.period() == v1::PERIOD_RULE_IN_FORCE_AT_PERIOD_END;
      // Where two periods have nothing in common the attacker tries whether figures add up.
      attacked.adds_up = !attacked.at_end;
      if (!attacked.shown) ++withheld_;
      ++figures_;
      if (!is_group) {
        table.sums.push_back({attacked.name});
      } else {
        table.sums.back().push_back(attacked.name);
      }
    }
    std::erase_if(table.sums, [](const auto& sum) { return sum.size() < 2; });
    for (const v1::Identity& identity : definition.identities()) {
      auto& sum = table.sums.emplace_back(std::vector<std::string>{identity.row()});
      sum.insert(sum.end(), identity.sum_of().begin(), identity.sum_of().end());
    }
    return table;
  }

  // A group that a row had once may be in any of its tables: those that have none do not say so.
  static void NameAllGroups(std::vector<AttackedTable>& tables) {
    std::map<std::string, std::set<std::string>> groups;  // by row
    for (const AttackedTable& table : tables) {
      for (const AttackedFigure& figure : table.figures) {
        if (figure.name.find('|') != std::string::npos) groups[figure.part_of].insert(figure.name);
      }
    }
    for (AttackedTable& table : tables) {
      for (const auto& [row, names] : groups) {
        std::set<std::string> missing = names;
        for (const AttackedFigure& figure : table.figures) missing.erase(figure.name);
        auto sum = std::find_if(table.sums.begin(), table.sums.end(),
                                [&row = row](const auto& one) { return one[0] == row; });
        if (sum == table.sums.end()) sum = table.sums.insert(sum, {row});
        for (const std::string& name : missing) {
          AttackedFigure figure;
          figure.name = name;
          figure.part_of = row;
          figure.adds_up = true;
          table.figures.push_back(figure);
          sum->push_back(name);
        }
      }
    }
  }

  std::unique_ptr<Client> steward_;
  std::unique_ptr<Client> viewer_;
  mutable size_t figures_ = 0;
  mutable size_t withheld_ = 0;
};

TEST_F(PublishedSample, GivesNothingAway) {
  Use("published");
  steward_ = ClientOf(kDataSteward);
  viewer_ = ClientOf(kDashboardViewer);
  LoadDefinitionAndImport();
  const std::vector<std::string> reports = {"qn-half-year", "referral-turnaround", "case-load"};
  for (const std::string& report : reports) {
    if (report != "qn-half-year") {
      RunWell(kDataSteward, {"definition", "load", "deploy/reports/" + report + ".textproto"});
    }
    PublishAll(report);
  }
  // How often cases are reopened, beside the figures that say it.
  const auto load =
      nlohmann::json::parse(RunWell(kDataSteward, {"report", "case-load", "--from", "2024-01-01",
                                                   "--to", "2024-07-01", "--format", "json"}),
                            nullptr, false);
  std::map<std::string, uint64_t> values;
  for (const auto& row : load["rows"]) {
    const auto group = row.find("group");
    if (group != row.end() && !group->empty()) continue;
    values[row["row"]] = row["value"].get<uint64_t>();
  }
  ASSERT_GT(values["L10"], 0U);
  EXPECT_EQ(values["L10"], values["L8"]);
  ASSERT_FALSE(load["ratios"].empty());
  EXPECT_NEAR(std::stod(load["ratios"][0]["value"].get<std::string>()),
              100.0 * static_cast<double>(values["L9"]) / static_cast<double>(values["L10"]),
              0.051);
  // The exact figures of the half-year are those of the report.
  const std::string csv = RunWell(kDataSteward, {"publication", "show", "9", "--format", "csv"});
  EXPECT_EQ(csv, Report());
  // Late, and published again.
  const auto hotline = ClientOf({"tdv-3", "tong-dai", "hotline_operator"});
  v1::Command late = CommandOf("", "contact_received { channel: 'phone' line: '18001769' }");
  *late.mutable_header()->mutable_occurred_time() = Seconds(1'709'258'400);  // March 2024
  v1::Command end = CommandOf(hotline->Record(late).record_id(),
                              "contact_ended { outcome: CONTACT_OUTCOME_COUNSELLED }");
  *end.mutable_header()->mutable_occurred_time() = Seconds(1'709'259'000);
  hotline->Record(end);
  EXPECT_EQ(Publish("qn-half-year", "2024-01-01", "2024-07-01").code, 1);
  EXPECT_EQ(Publish("qn-half-year", "2024-01-01", "2024-07-01", {"--reason", "nhập muộn"}).code, 0);
  EXPECT_EQ(RunWell(kDataSteward, {"publication", "show", "9", "--format", "csv"}), csv);

  // What a viewer reads.
  EXPECT_EQ(Run(kDashboardViewer,
                {"report", "qn-half-year", "--from", "2024-01-01", "--to", "2024-07-01"})
                .code,
            1);
  const std::string list = RunWell(kDashboardViewer, {"publication", "list"});
  EXPECT_THAT(list, HasSubstr("referral-turnaround@1"));
  EXPECT_THAT(list, HasSubstr("nhập muộn"));
  const std::string shown = RunWell(kDashboardViewer, {"publication", "show", "28"});
  EXPECT_THAT(shown, HasSubstr("restates no. 9: nhập muộn"));
  EXPECT_THAT(shown, HasSubstr("+1"));

  for (const std::string& report : reports) {
    SCOPED_TRACE(report);
    v1::ReportDefinition definition;
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
        ReadWholeFile("deploy/reports/" + report + ".textproto"), &definition));
    figures_ = withheld_ = 0;
    std::vector<AttackedTable> tables;
    for (uint32_t number = 1; number <= 28; ++number) {
      if (Get(*viewer_, number).publication().report_id() != report) continue;
      tables.push_back(Attacked(number, definition));
    }
    NameAllGroups(tables);
    const Attacker attacker(tables);
    EXPECT_THAT(attacker.Broken(kSmallest), IsEmpty());
    std::printf("%s: %zu tables, %zu figures, %zu withheld, %zu attacked\n", report.c_str(),
                tables.size(), figures_, withheld_, attacker.attacked());
    EXPECT_GT(attacker.attacked(), 0u);
  }
}

}  // namespace
}  // namespace caseledger::testing
