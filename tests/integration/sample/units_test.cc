// Lists of administrative units of both versions, by the program.
#include "gmock/gmock.h"
#include "nlohmann/json.hpp"
#include "tests/integration/sample/sample_fixture.h"

namespace caseledger::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class ImportUnits : public SampleTest {
 protected:
  // Some units of Quảng Ninh. A code that was a township's is a commune's since July 2025.
  static constexpr char kBefore[] =
      "# level code full name parent code\n"
      "province\t22\tTỉnh Quảng Ninh\t\n"
      "district\t200\tHuyện Đầm Hà\t22\n"
      "commune\t06895\tThị trấn Đầm Hà\t200\n";
  static constexpr char kSince[] =
      "province\t22\tTỉnh Quảng Ninh\t\n"
      "commune\t06895\tXã Đầm Hà\t22\n"
      "commune\t06896\tXã ở đâu\t999\n";

  Finished Import(const std::string& list, const std::string& version) {
    const std::string file = scratch_ / "units.tsv";
    WriteWholeFile(file, list);
    return Run(kDataSteward,
               {"directory", "import-units", file, "--version-name", version, "--format", "json"});
  }
  static json FileOf(const Finished& finished) {
    return json::parse(finished.out, nullptr, false)["files"][0];
  }
};

TEST_F(ImportUnits, RecordsEachVersionOnceAndNamesWrongLines) {
  Use("units");
  const Finished before = Import(kBefore, "2024");
  EXPECT_EQ(before.code, 0) << before.out << before.err;
  EXPECT_EQ(FileOf(before)["recorded"], 3);
  const Finished again = Import(kBefore, "2024");
  EXPECT_EQ(again.code, 0) << again.out << again.err;
  EXPECT_EQ(FileOf(again)["recorded"], 0);
  EXPECT_EQ(FileOf(again)["already_recorded"], 3);

  const Finished since = Import(kSince, "2025-07");
  EXPECT_EQ(since.code, 2) << since.out;
  EXPECT_EQ(FileOf(since)["recorded"], 2);
  const json issue = json::parse(since.out, nullptr, false)["issues"][0];
  EXPECT_EQ(issue["file"], "units.tsv");
  EXPECT_EQ(issue["line"], 3);
  EXPECT_THAT(RunWell({"record", "history", "admin_units", "2024"}), HasSubstr("Thị trấn Đầm Hà"));
  EXPECT_THAT(RunWell({"record", "history", "admin_units", "2025-07"}), HasSubstr("Xã Đầm Hà"));

  const Finished none = Import("# nothing\n", "2026");
  EXPECT_EQ(none.code, 1);
  EXPECT_THAT(none.err, HasSubstr("there is no unit in the list"));
}

}  // namespace
}  // namespace caseledger::testing
