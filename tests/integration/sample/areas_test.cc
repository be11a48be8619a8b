// A report asked in the units of another version than the one of its records, by the program.
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "nlohmann/json.hpp"
#include "tests/integration/sample/sample_fixture.h"

namespace caseledger::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kAreas[] = "tests/integration/sample/areas";

class Areas : public SampleTest {
 protected:
  static std::string FileOf(const std::string& name) { return std::string(kAreas) + "/" + name; }
  // Five cases of 2024, in that version's units, and the units of 2026.
  void ImportCases() {
    RunWell(kDataSteward, {"definition", "load", FileOf("areas.textproto")});
    RunWell(kDataSteward, {"definition", "load", FileOf("areas-split.textproto")});
    RunWell(kDataSteward, {"import", kAreas});
    RunWell(kDataSteward,
            {"directory", "import-units", FileOf("units-2026.tsv"), "--version-name", "2026"});
  }
  Finished ImportPredecessors(const std::string& file) const {
    return Run(kDataSteward, {"directory", "import-predecessors", file, "--format", "json"});
  }
  std::string Ask(const std::vector<std::string>& more) const {
    std::vector<std::string> arguments = {"report",     "areas", "--from",
                                          "2024-01-01", "--to",  "2024-07-01"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunWell(kDataSteward, arguments);
  }
};

TEST_F(Areas, AreToldInTheUnitsOfAnotherVersionOncePredecessorsAreRecorded) {
  Use("areas");
  ImportCases();
  const std::string head = "row,parent,value,unit,label_vi,label_en,group_field_1,group_1,";
  const std::string nothing_known = head +
                                    "not_attributable\n"
                                    "A1,,5,case,Vụ việc,cases,,,0\n"
                                    "A1,,5,case,Vụ việc,cases,case.unit,not_attributable,\n"
                                    "A2,,0,case,Tại Đặc khu Vân Đồn,in Van Don,,,5\n";
  EXPECT_EQ(Ask({"--format", "csv"}), nothing_known) << "nothing is dropped";
  const std::string before = std::to_string(auditor().EventCount() - 1);

  const Finished imported = ImportPredecessors(FileOf("predecessors.tsv"));
  EXPECT_EQ(imported.code, 0) << imported.out << imported.err;
  EXPECT_EQ(json::parse(imported.out, nullptr, false)["files"][0]["recorded"], 4);
  const Finished again = ImportPredecessors(FileOf("predecessors.tsv"));
  EXPECT_EQ(again.code, 0) << again.out << again.err;
  EXPECT_EQ(json::parse(again.out, nullptr, false)["files"][0]["recorded"], 0);
  EXPECT_EQ(json::parse(again.out, nullptr, false)["files"][0]["already_recorded"], 4);

  EXPECT_EQ(Ask({"--format", "csv"}), head +
                                          "not_attributable\n"
                                          "A1,,5,case,Vụ việc,cases,,,0\n"
                                          "A1,,1,case,Vụ việc,cases,case.unit,06895@2026,\n"
                                          "A1,,2,case,Vụ việc,cases,case.unit,06994@2026,\n"
                                          "A1,,2,case,Vụ việc,cases,case.unit,not_attributable,\n"
                                          "A2,,2,case,Tại Đặc khu Vân Đồn,in Van Don,,,1\n");
  EXPECT_EQ(Ask({"--format", "csv", "--as-of", before}), nothing_known) << "as it was known then";
  EXPECT_THAT(Ask({}), AllOf(HasSubstr("không quy được"), HasSubstr("not attributable")));
  const json report = json::parse(Ask({"--format", "json"}), nullptr, false);
  EXPECT_THAT(report.dump(), HasSubstr("not_attributable")) << report.dump();
  EXPECT_THAT(RunWell({"record", "history", "admin_units", "2026"}), HasSubstr("test/2025"));
}

TEST_F(Areas, WrongPredecessorsAreNamedAndTheRestGoesOn) {
  Use("wrong-areas");
  ImportCases();
  const std::string file = scratch_ / "wrong.tsv";
  WriteWholeFile(file,
                 "2024\t06895\t2026\t06895\t1\ttest\n"
                 "2024\t06916\t2026\t06895\tmost\ttest\n"
                 "2024\t06916\t2026\t99999\t1\ttest\n"
                 "2026\t06922\t2026\t06895\t1\ttest\n"
                 "2024\t06895\t2026\t06922\t0.1\ttest\n"
                 "2024\t203\t2026\t06994\t1\ttest\n");
  const Finished finished = ImportPredecessors(file);
  EXPECT_EQ(finished.code, 2) << finished.out << finished.err;
  const json answer = json::parse(finished.out, nullptr, false);
  EXPECT_EQ(answer["files"][0]["recorded"], 2);
  std::vector<std::string> issues;
  for (const json& issue : answer["issues"]) {
    issues.push_back(issue["file"].get<std::string>() + ":" + issue["line"].dump() + ":" +
                     issue["column"].dump() + " " + issue["reason"].get<std::string>());
  }
  EXPECT_THAT(issues,
              ::testing::ElementsAre(
                  HasSubstr("wrong.tsv:2:23 not a share"),
                  AllOf(HasSubstr("wrong.tsv:3:1 "), HasSubstr("SUCCESSOR_UNKNOWN")),
                  AllOf(HasSubstr("wrong.tsv:4:1 "), HasSubstr("PREDECESSOR_OF_SAME_VERSION")),
                  AllOf(HasSubstr("wrong.tsv:5:1 "), HasSubstr("SHARES_ABOVE_WHOLE"))));
}

TEST_F(Areas, AFigureThatCouldBeMoreIsNotPublished) {
  Use("published-areas");
  ImportCases();
  EXPECT_EQ(ImportPredecessors(FileOf("predecessors.tsv")).code, 0);
  const auto publish = [&](const std::string& report) {
    return Run(kDataSteward,
               {"publication", "publish", report, "--from", "2024-01-01", "--to", "2024-07-01"});
  };
  const Finished refused = publish("areas");
  EXPECT_EQ(refused.code, 1) << refused.out;
  EXPECT_THAT(refused.err, AllOf(HasSubstr("NOT_ATTRIBUTABLE"), HasSubstr("record what became")));
  // As a group it is one figure more, here too small to be shown.
  const Finished published = publish("areas-split");
  EXPECT_EQ(published.code, 0) << published.err;
  const std::string shown =
      RunWell(kDashboardViewer, {"publication", "show", "1", "--format", "csv"});
  EXPECT_THAT(shown, AllOf(HasSubstr("A1"), Not(HasSubstr("not_attributable"))));
  const std::string exact = RunWell(kDataSteward, {"publication", "show", "1", "--format", "csv"});
  EXPECT_THAT(exact, HasSubstr("case.unit,not_attributable"));
}

}  // namespace
}  // namespace caseledger::testing
