// How far an erasure reaches: cases and contacts of one person and of several, companions, merged
// records, and the figures that must not move.
#include <filesystem>
#include <iterator>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "caseledger/v1/dashboard.pb.h"
#include "tests/integration/privacy/reach_fixture.h"

namespace caseledger::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(ReachOfAnErasure, TakesWhatIsAboutNobodyElseAndLeavesTheRest) {
  const std::string erased = Register("Vũ Thị Xóa");
  const std::string other = Register("Đỗ Văn Còn");
  CaseOf("alone", {{erased, "CLIENT"}}, ContactOf("Người Gọi Một"));
  CaseOf("shared", {{erased, "CLIENT"}, {other, "CLIENT"}}, ContactOf("Người Gọi Hai"));
  CaseOf("companion", {{other, "CLIENT"}, {erased, "COMPANION"}});
  Prepare(erased);
  Erase(erased);
  EXPECT_TRUE(Eventually([&] { return Everything().find("Vũ Thị Xóa") == std::string::npos; }));
  const std::string left = Everything();
  for (const char* gone :
       {"Người Gọi Một", "opening of alone", "plan of alone", "findings of alone",
        "findings of shared about 0", "findings of companion about 1"}) {
    EXPECT_THAT(left, Not(HasSubstr(gone)));
  }
  for (const char* kept :
       {"Đỗ Văn Còn", "Người Gọi Hai", "note of Người Gọi Hai", "opening of shared",
        "plan of shared", "findings of shared about 1", "opening of companion", "plan of companion",
        "findings of companion about 0"}) {
    EXPECT_THAT(left, HasSubstr(kept));
  }

  // The last one who was in them is erased, too.
  Prepare(other);
  Erase(other);
  EXPECT_TRUE(Eventually([&] { return Everything().find("Đỗ Văn Còn") == std::string::npos; }));
  const std::string nothing = Everything();
  for (const char* gone : {"Người Gọi", "opening of", "plan of", "findings of", "call of"}) {
    EXPECT_THAT(nothing, Not(HasSubstr(gone)));
  }
  Stop();
  Start();
  EXPECT_EQ(Everything(), nothing);
}

TEST_F(ReachOfAnErasure, TakesTheRecordsThatWereMergedIntoThePerson) {
  const std::string person = Register("Vũ Thị Xóa");
  const std::string twice = Register("Vũ Xóa Hai");
  const std::string kept = Register("Đỗ Văn Còn");
  CaseOf("twice", {{twice, "CLIENT"}}, ContactOf("Người Gọi Một"));
  Client client(cast_, kPrivacyLedger);
  client.Record(person, "persons_merged { merged_person_id: '" + twice + "' }");
  Prepare(person);
  Erase(person);
  EXPECT_TRUE(Eventually([&] {
    const std::string left = Everything();
    return left.find("Vũ Thị Xóa") == std::string::npos &&
           left.find("Vũ Xóa Hai") == std::string::npos;
  }));
  const std::string left = Everything();
  for (const char* gone : {"Người Gọi Một", "plan of twice", "findings of twice", "call of Vũ"}) {
    EXPECT_THAT(left, Not(HasSubstr(gone)));
  }
  EXPECT_THAT(left, HasSubstr("Đỗ Văn Còn"));
}

// The figures of every delivered report, for every period of the sample and as of many points.
class Figures {
 public:
  Figures(Cast& cast, const Who& viewer, const std::vector<std::string>& reports)
      : viewer_(cast, kPrivacyLedger, viewer), reports_(reports) {
    for (int month = 0; month < 12; ++month) Add({2023, 10 + month}, {2023, 11 + month});
    for (int quarter = 0; quarter < 4; ++quarter) {
      Add({2023, 10 + 3 * quarter}, {2023, 13 + 3 * quarter});
    }
    Add({2024, 1}, {2024, 7});
    Add({2024, 1}, {2025, 1});
  }

  // As of a position; nullopt: as of now, once the read model reflects the whole ledger.
  std::string AsOf(std::optional<uint64_t> position) const {
    std::string all;
    for (const std::string& report : reports_) AddReport(report, position, all);
    return all;
  }

 private:
  // Of the half-year report every period, of the others the two longest.
  void AddReport(const std::string& report, std::optional<uint64_t> position,
                 std::string& all) const {
    const size_t first = report == "qn-half-year" ? 0 : periods_.size() - 2;
    for (size_t i = first; i < periods_.size(); ++i) {
      const auto& [from, to] = periods_[i];
      v1::RunReportRequest request;
      request.set_report_id(report);
      *request.mutable_from_time() = Seconds(from);
      *request.mutable_to_time() = Seconds(to);
      if (position.has_value()) request.mutable_as_of()->set_position(*position);
      request.set_min_position(viewer_.EventCount() - 1);
      const auto answer =
          viewer_.Call<v1::RunReportResponse>("DashboardService/RunReport", request);
      EXPECT_TRUE(answer.ok()) << answer.status.error_message();
      for (const v1::ReportRow& row : answer.value.rows()) all += row.SerializeAsString();
      for (const std::string& broken : answer.value.broken_identities()) all += broken;
    }
  }

  // Months are counted on beyond a year's end; begins of months in UTC+7.
  void Add(std::pair<int, int> from, std::pair<int, int> to) {
    const auto begin = [](const std::pair<int, int>& month) {
      return absl::ToUnixSeconds(absl::FromCivil(absl::CivilMonth(month.first, month.second),
                                                 absl::FixedTimeZone(7 * 3600)));
    };
    periods_.emplace_back(begin(from), begin(to));
  }

  const Client viewer_;
  const std::vector<std::string> reports_;
  std::vector<std::pair<int64_t, int64_t>> periods_;
};

// The figures of the sample, before and after several of its people, with all their cases and calls
// that are about nobody else, are erased.
TEST_F(ReachOfAnErasure, MovesNoFigureOfAReport) {
  constexpr int kErasures = 5;
  const Who steward{"nhap-lieu", "so-qn", "data_steward"};
  for (const Who& who : {steward, kOfficer, kSecondOfficer}) {
    cast_.Admit(kPrivacyLedger, who);
  }
  std::vector<std::string> reports;
  for (const auto& file : std::filesystem::directory_iterator("deploy/reports")) {
    ProgramWell(steward, {"definition", "load", file.path().string()});
    reports.push_back(file.path().stem().string());
  }
  ProgramWell(steward, {"import", "deploy/sample/quang-ninh-2024-h1"});
  const std::vector<std::string> report = {"report", "qn-half-year", "--from",   "2024-01-01",
                                           "--to",   "2024-07-01",   "--format", "csv"};
  const std::string before = ProgramWell(steward, report);
  EXPECT_GT(before.size(), 500U);
  const Figures figures(cast_, steward, reports);
  Client reader(cast_, kPrivacyLedger, Cast::Auditor());
  const uint64_t head = reader.EventCount();
  const auto seed = static_cast<unsigned>(std::random_device()());
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  std::map<uint64_t, std::string> known;  // by position, before anybody is erased
  for (int i = 0; i < 12; ++i) known[random() % head] = "";
  known[head - 1] = "";
  for (auto& [position, of] : known) of = figures.AsOf(position);
  EXPECT_NE(known.begin()->second, known.rbegin()->second) << "the points tell nothing apart";

  Client officer(cast_, kPrivacyLedger, kOfficer);
  int erased = 0;
  int cases = 0;
  for (int number = 1; number <= 175 && erased < kErasures; ++number) {
    const std::string digits = std::to_string(number);
    const std::string person = "qn-csv/P-2024-" + std::string(4 - digits.size(), '0') + digits;
    officer.Record(person,
                   "data_request_received { request_id: 'r' request_kind: 'erasure' asked_by: "
                   "'self' channel: 'letter' }");
    // Many have a case that is open.
    if (!officer.Send(CommandOf(person, "erasure_decided { request_id: 'r' }")).ok()) continue;
    As(kSecondOfficer, person, "erasure_approved { request_id: 'r' }");
    const auto done = officer.Send(CommandOf(person, "person_erased { request_id: 'r' }"));
    ASSERT_TRUE(done.ok()) << done.status.error_message();
    ++erased;
  }
  EXPECT_EQ(erased, kErasures);
  const auto events = reader.Replay();
  ASSERT_TRUE(events.ok());
  std::vector<uint64_t> around;  // before, at and after each erasure
  for (const v1::RecordedEvent& event : events.value) {
    cases += event.fact().person_erased().case_ids_size();
    if (!event.fact().has_person_erased()) continue;
    for (const uint64_t position : {event.position() - 1, event.position()}) {
      around.push_back(position);
    }
  }
  EXPECT_GT(cases, 0) << "no case went with anybody: the figures were not put to the test";
  EXPECT_EQ(ProgramWell(steward, report), before);
  const auto expect_same = [&](const Figures& now) {
    for (const auto& [position, of] : known) {
      EXPECT_TRUE(now.AsOf(position) == of) << "as of " << position;
    }
    for (const uint64_t position : around) {
      EXPECT_TRUE(now.AsOf(position) == known[head - 1]) << "as of " << position;
    }
    EXPECT_TRUE(now.AsOf(std::nullopt) == known[head - 1]);
  };
  expect_same(figures);
  ProgramWell(Cast::Administrator(), {"projection", "rebuild", "report-facts"});
  EXPECT_TRUE(Eventually([&] {
    return ProgramWell(Cast::Administrator(), {"projection", "status"}).find("rebuilding") ==
           std::string::npos;
  }));
  expect_same(figures);
  Stop();
  Start();
  EXPECT_EQ(ProgramWell(steward, report), before) << "also after a start";
  expect_same(Figures(cast_, steward, reports));
  const Finished verified = [&] {
    Stop();
    return RunToEnd({CASELEDGER_PATH, "log", "verify", "--data-dir", data_dir_});
  }();
  EXPECT_EQ(verified.code, 0) << verified.out << verified.err;
}

}  // namespace
}  // namespace caseledger::testing
