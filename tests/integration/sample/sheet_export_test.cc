// Lists and reports as files for spreadsheets, read by a foreign program, and what the access trail
// says of them; and answers that are followed, as a process.
#include <signal.h>

#include <fstream>
#include <sstream>

#include "caseledger/v1/access.pb.h"
#include "gmock/gmock.h"
#include "nlohmann/json.hpp"
#include "tests/integration/support/child_process.h"
#include "tests/integration/support/server_fixture.h"

namespace caseledger::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

// Prints the first sheet's cells: [[value, type], ...] row by row, types as ECMA-376 has them.
constexpr char kReader[] = R"(
import json, sys, openpyxl
sheet = openpyxl.load_workbook(sys.argv[1]).worksheets[0]
print(json.dumps([[[str(c.value) if c.is_date else c.value, c.data_type] for c in row] for row in sheet.iter_rows()]))
)";

class SheetExport : public ServerTest {
 protected:
  Finished Run(const std::vector<std::string>& options, const Who& who = {}) {
    return RunToEnd(Words(options, who));
  }
  std::vector<std::string> Words(const std::vector<std::string>& options, const Who& who = {}) {
    client().Admit(who);
    std::vector<std::string> words = cast().ProgramFlags(who);
    words.insert(words.begin(), CASELEDGER_PATH);
    words.insert(words.end(), options.begin(), options.end());
    return words;
  }
  // Of an XLSX file, as Debian's openpyxl reads it.
  static json CellsOf(const std::string& path) {
    const Finished read = RunToEnd({"/usr/bin/python3", "-c", kReader, path});
    EXPECT_EQ(read.code, 0) << read.err;
    return json::parse(read.out, nullptr, false);
  }
  static std::string TextOf(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
  // Disclosures that name the record, by what was asked.
  std::vector<std::string> DisclosuresOf(const std::string& case_id) {
    v1::ListAccessRequest request;
    request.set_record_kind(options::v1::RECORD_KIND_CASE_RECORD);
    request.set_record_id(case_id);
    request.set_min_position(Client(cast(), "quang-ninh.access").EventCount() - 1);
    const auto answer = client().Call<v1::ListAccessResponse>("AccessService/ListAccess", request);
    EXPECT_TRUE(answer.ok()) << answer.status.error_message();
    std::vector<std::string> queries;
    for (const v1::TrailEntry& entry : answer.value.entries()) {
      if (!entry.has_disclosed()) continue;
      EXPECT_EQ(entry.disclosed().recipient_agency_id(), "ctxh-qn");
      queries.push_back(entry.disclosed().access().action() + " " +
                        entry.disclosed().access().query());
    }
    return queries;
  }

  ScratchDirectory scratch_;
};

TEST_F(SheetExport, AllCasesOfAListLeaveAsTheyAreAndTheTrailSaysSo) {
  std::vector<std::string> opened;
  for (int i = 0; i < 3; ++i) {
    AdvanceSeconds(60);
    opened.push_back(OpenCase());
  }
  const std::string path = scratch_ / "cases.xlsx";
  const Finished done =
      Run({"case", "list", "--page-size", "1", "--output", path, "--language", "vi"});
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.err, HasSubstr("3 rows in " + path + "; on the access trail as a disclosure"));
  const json cells = CellsOf(path);
  ASSERT_EQ(cells.size(), 4U);
  EXPECT_EQ(cells[0][0][0], "Hồ sơ vụ việc");
  std::vector<std::string> ids;
  for (size_t row = 1; row < cells.size(); ++row) {
    ids.push_back(cells[row][0][0].get<std::string>());
    ASSERT_EQ(cells[row].size(), cells[0].size());
  }
  EXPECT_THAT(ids, ::testing::ElementsAreArray(opened.rbegin(), opened.rend()));
  for (size_t column = 0; column < cells[0].size(); ++column) {
    if (cells[0][column][0] != "Mở lúc") continue;
    EXPECT_EQ(cells[1][column][1], "d") << "a time is a time";
  }
  EXPECT_THAT(DisclosuresOf(opened[0]),
              ::testing::ElementsAre(HasSubstr("ListCases export=xlsx owner_agency=")));

  // The same as CSV; what is there is not written over.
  const std::string csv = scratch_ / "cases.csv";
  ASSERT_EQ(Run({"case", "list", "--output", csv}).code, 0);
  EXPECT_THAT(TextOf(csv), HasSubstr(opened[1]));
  const Finished again = Run({"case", "list", "--output", csv});
  EXPECT_EQ(again.code, 1);
  EXPECT_THAT(again.err, HasSubstr("is there already"));
  EXPECT_EQ(Run({"case", "list", "--output", scratch_ / "cases.pdf"}).code, 1);
  const Finished told = Run({"access", "who-saw", opened[0]});
  EXPECT_THAT(told.out, HasSubstr("ListCases, to ctxh-qn, exported as xlsx"));
  EXPECT_EQ(DisclosuresOf(opened[0]).size(), 2U) << "what was not written did not leave";
  // A list that is only looked at is no disclosure.
  const size_t before = DisclosuresOf(opened[0]).size();
  ASSERT_EQ(Run({"case", "list"}).code, 0);
  EXPECT_EQ(DisclosuresOf(opened[0]).size(), before);
}

TEST_F(SheetExport, ATrailLeavesWithAllItsRecords) {
  const std::string first = OpenCase();
  const std::string second = OpenCase();
  ASSERT_EQ(Run({"case", "list"}).code, 0);
  const std::string path = scratch_ / "trail.xlsx";
  const Finished done = Run(
      {"access", "seen-by", Who{}.actor, "--page-size", "1", "--output", path, "--language", "vi"});
  ASSERT_EQ(done.code, 0) << done.err;
  const json cells = CellsOf(path);
  ASSERT_GT(cells.size(), 1U);
  EXPECT_EQ(cells[0][3][0], "Người thực hiện");
  const auto row = std::find_if(cells.begin(), cells.end(),
                                [](const json& cells_of) { return cells_of[5][0] == "ListCases"; });
  ASSERT_NE(row, cells.end());
  EXPECT_EQ((*row)[1][1], "d") << "a time is a time";
  EXPECT_EQ((*row)[3][0], Who{}.actor);
  EXPECT_EQ((*row)[10][0],
            "case_record " + std::min(first, second) + ", case_record " + std::max(first, second))
      << "all of them, whatever a table says in short";
  EXPECT_THAT(Run({"access", "seen-by", Who{}.actor}).out,
              HasSubstr("ListAccess, to ctxh-qn, exported as xlsx"));

  const std::string uses = scratch_ / "uses.csv";
  ASSERT_EQ(Run({"access", "break-glass", "use", first, "--reason", "=1+1; không chờ được"}).code,
            0);
  ASSERT_EQ(Run({"access", "break-glass", "list", "--output", uses}).code, 0);
  EXPECT_THAT(TextOf(uses), HasSubstr(first));
  EXPECT_THAT(TextOf(uses), HasSubstr("'=1+1; không chờ được")) << "text, and no formula";
  for (const std::vector<std::string>& list : std::vector<std::vector<std::string>>{
           {"access", "who-saw", first}, {"access", "denials"}, {"publication", "list"}}) {
    std::vector<std::string> words = list;
    words.insert(words.end(), {"--output", scratch_ / (list[1] + ".csv")});
    EXPECT_EQ(Run(words, Cast::Auditor()).code, 0) << list[1];
    EXPECT_NE(TextOf(scratch_ / (list[1] + ".csv")), "") << list[1];
  }
}

TEST_F(SheetExport, AReportLeavesWithoutFormulas) {
  const std::string definition = scratch_ / "evil.textproto";
  std::ofstream(definition) << "report_id: 'evil' version: 1 label_vi: 'x' label_en: 'x' "
                               "time_zone: 'Asia/Ho_Chi_Minh' indicators { row: 'R1' fact: "
                               "'case_opened' unit: 'case' label_vi: '=HYPERLINK(\"//a\")' "
                               "label_en: '@SUM(1+1)' } "
                               "indicators { row: 'R2' fact: 'case_closed' unit: 'case' label_vi: "
                               "'x' label_en: 'x' } "
                               "ratios { ratio: 'R3' label_vi: '=x' label_en: '+x' of: 'R1' among: "
                               "'R1' per: 8 } "
                               "ratios { ratio: 'R4' label_vi: 'x' label_en: 'x' of: 'R1' among: "
                               "'R2' }";
  const Finished loaded = Run({"definition", "load", definition, "--id", "report/evil"});
  ASSERT_EQ(loaded.code, 0) << loaded.err;
  OpenCase();
  OpenCase();
  const std::vector<std::string> report{"report",     "evil", "--from",
                                        "2020-01-01", "--to", "2099-01-01"};
  const auto with = [&](const std::vector<std::string>& more) {
    std::vector<std::string> all = report;
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  const std::string path = scratch_ / "evil.xlsx";
  const Finished done = Run(with({"--output", path, "--language", "vi"}));
  ASSERT_EQ(done.code, 0) << done.err;
  const json cells = CellsOf(path);
  ASSERT_EQ(cells.size(), 5U);
  EXPECT_EQ(cells[3][0], json::array({"R3", "s"}));
  EXPECT_EQ(cells[3][2], json::array({"=x", "s"}));
  EXPECT_EQ(cells[3][3], json::array({8, "n"})) << "a number";
  EXPECT_EQ(cells[3][4], json::array({"per 8", "s"}));
  EXPECT_EQ(cells[4][3][0], nullptr) << "there is nothing that it could be related to";
  EXPECT_EQ(cells[4][4][0], "%");
  EXPECT_EQ(cells[1][2], json::array({"=HYPERLINK(\"//a\")", "s"})) << "text, and no formula";
  EXPECT_EQ(cells[1][3], json::array({2, "n"}));
  const std::string csv = scratch_ / "evil.csv";
  ASSERT_EQ(Run(with({"--output", csv, "--language", "en"})).code, 0);
  EXPECT_THAT(TextOf(csv), HasSubstr("R1,,'@SUM(1+1),2,case,evil,1,2020-01-01T00:00:00+07:00,"));
  const Finished printed = Run(with({"--format", "csv"}));
  EXPECT_THAT(printed.out, HasSubstr(",'@SUM(1+1)\n"));
  EXPECT_THAT(printed.out, HasSubstr("\nR3,,8.0,per 8,'=x,'+x\nR4,,,%,x,x\n"));
  EXPECT_THAT(Run(report).out, HasSubstr("8.0  per 8"));
  // Who may not see exact figures takes none along.
  const Finished refused =
      Run(with({"--output", scratch_ / "none.xlsx"}), {"bao-cao", "so-qn", "dashboard_viewer"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_FALSE(std::filesystem::exists(scratch_ / "none.xlsx"));
}

TEST_F(SheetExport, WhatNeedsASecondLookIsListedAndLeavesAsTheRestDoes) {
  client().Record("", "case_opened { case_type: 'a_new_kind' owner_agency_id: 'ctxh-qn' }");
  const Finished listed = Run({"quality", "list", "--of", "ctxh-qn"});
  ASSERT_EQ(listed.code, 0) << listed.err;
  EXPECT_THAT(listed.out, HasSubstr("UNKNOWN_CODE:case_type"));
  EXPECT_THAT(Run({"quality", "list", "--of", "ctxh-hl"}).out,
              ::testing::Not(HasSubstr("UNKNOWN_CODE")));
  const std::string path = scratch_ / "quality.xlsx";
  ASSERT_EQ(Run({"quality", "list", "--output", path, "--language", "vi"}).code, 0);
  const json cells = CellsOf(path);
  ASSERT_EQ(cells.size(), 2U);
  EXPECT_EQ(cells[0][4][0], "Điều cần xem lại");
  EXPECT_EQ(cells[1][4][0], "UNKNOWN_CODE:case_type");
}

TEST_F(SheetExport, AnAnswerIsFollowedUntilInterrupted) {
  OpenCase();
  for (const char* format : {"table", "json"}) {
    ChildProcess process(Words({"case", "list", "--follow", "--format", format}));
    ASSERT_TRUE(process.WaitForOutput("ctxh-qn")) << process.err();
    const std::string opened = OpenCase();
    EXPECT_TRUE(process.WaitForOutput(opened)) << process.err();
    process.Signal(SIGINT);
    EXPECT_EQ(process.Wait(), 0) << process.err();
  }
  const Finished refused =
      Run({"case", "work", "--follow"}, {"bao-cao", "so-qn", "dashboard_viewer"});
  EXPECT_EQ(refused.code, 1) << "and not tried again";
  EXPECT_EQ(Run({"case", "list", "--follow", "--as-of", "1"}).code, 1);
}

}  // namespace
}  // namespace caseledger::testing
