// A published list of administrative units becomes facts; wrong lines are named.
#include "services/app/cli/import/unit_list.h"

#include <gmock/gmock.h>

#include "tests/services/cli/import_fixture.h"

namespace caseledger::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Of Quảng Ninh: a code that means another unit since July 2025.
constexpr char kBefore[] =
    "# level code full name parent code\n"
    "province\t22\tTỉnh Quảng Ninh\t\n"
    "\n"
    "commune\t06895\tThị trấn Đầm Hà\t200\r\n"
    "district\t200\tHuyện Đầm Hà\t22\n";
constexpr char kSince[] =
    "province\t22\tTỉnh Quảng Ninh\n"
    "commune\t06895\tXã Đầm Hà\t22";

Loaded LoadList(const std::string& content, const std::string& version) {
  Loaded loaded;
  const absl::Status status = AddUnitList(content, version, loaded.dataset, loaded.issues);
  EXPECT_TRUE(status.ok()) << status;
  Validate(loaded.dataset, loaded.issues);
  return loaded;
}

// In the order in which they are sent.
std::vector<std::string> UnitsOf(const Loaded& loaded) {
  std::vector<std::string> units;
  for (const PlannedFact& planned : FactsOfDataset(loaded.Context())) {
    const event::v1::AdminUnitRegistered& unit = planned.fact.admin_unit_registered();
    units.push_back(planned.record_id + ": " + unit.kind() + " " + unit.code() + " " + unit.name() +
                    " < " + unit.parent_code());
  }
  return units;
}

TEST(UnitList, EachVersionIsARecordAndWhatIsAboveComesFirst) {
  const Loaded before = LoadList(kBefore, "2024");
  EXPECT_THAT(before.IssueLines(), IsEmpty());
  EXPECT_THAT(UnitsOf(before), ElementsAre("2024: province 22 Tỉnh Quảng Ninh < ",
                                           "2024: district 200 Huyện Đầm Hà < 22",
                                           "2024: commune 06895 Thị trấn Đầm Hà < 200"));
  const Loaded since = LoadList(kSince, "2025-07");
  EXPECT_THAT(since.IssueLines(), IsEmpty());
  EXPECT_THAT(UnitsOf(since), ElementsAre("2025-07: province 22 Tỉnh Quảng Ninh < ",
                                          "2025-07: commune 06895 Xã Đầm Hà < 22"));
}

TEST(UnitList, WrongLinesAreNamedAndTheRestGoesOn) {
  const Loaded loaded = LoadList(
      "province\t22\tTỉnh Quảng Ninh\t\n"
      "district\t200\n"
      "district\t201\tHuyện\t22\textra\n"
      "commune\t1\tXã\t999\n"
      "province\t22\tAgain\t\n"
      "district\t203\tHuyện Vân Đồn\t22\n",
      "2024");
  std::vector<size_t> lines;
  for (const Issue& issue : loaded.issues) lines.push_back(issue.at.line);
  std::ranges::sort(lines);
  EXPECT_THAT(lines, ElementsAre(2, 3, 4, 5)) << ::testing::PrintToString(loaded.IssueLines());
  EXPECT_THAT(UnitsOf(loaded), ElementsAre("2024: province 22 Tỉnh Quảng Ninh < ",
                                           "2024: district 203 Huyện Vân Đồn < 22"));
}

TEST(UnitList, AListWithoutUnitsIsRefused) {
  for (const char* content : {"", "# nothing\n", "\n\n"}) {
    Loaded loaded;
    EXPECT_EQ(AddUnitList(content, "2024", loaded.dataset, loaded.issues).code(),
              absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace caseledger::cli
