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

Loaded LoadPredecessors(const std::string& content) {
  Loaded loaded;
  const absl::Status status = AddPredecessorList(content, loaded.dataset, loaded.issues);
  EXPECT_TRUE(status.ok()) << status;
  Validate(loaded.dataset, loaded.issues);
  return loaded;
}

TEST(PredecessorList, EachRowIsASuccessionInTheRecordOfTheLaterVersion) {
  const Loaded loaded = LoadPredecessors(
      "# from_version from_code to_version to_code share source\n"
      "2024\t06895\t2025-07\t06895\t1\t1679/NQ-UBTVQH15\r\n"
      "\n"
      "2024\t06898\t2025-07\t06895\t0.25\tNghị quyết, \"số 1\"");
  EXPECT_THAT(loaded.IssueLines(), IsEmpty());
  std::vector<std::string> told;
  for (const PlannedFact& planned : FactsOfDataset(loaded.Context())) {
    const event::v1::UnitSuccessionRecorded& one = planned.fact.unit_succession_recorded();
    told.push_back(planned.record_id + ": " + one.predecessor().code() + "@" +
                   one.predecessor().version() + " " + std::to_string(one.share_millionths()) +
                   " > " + one.code() + ", " + one.source());
  }
  EXPECT_THAT(told, ElementsAre("2025-07: 06895@2024 1000000 > 06895, 1679/NQ-UBTVQH15",
                                "2025-07: 06898@2024 250000 > 06895, Nghị quyết, \"số 1\""));
}

TEST(PredecessorList, WrongRowsAreNamedWithLineAndColumn) {
  const Loaded loaded = LoadPredecessors(
      "2024\t1\t2026\t2\t0\tx\n"
      "2024\t1\t2026\t3\t1.0000001\tx\n"
      "2024\t1\t2026\t4\t0,5\tx\n"
      "2024\txã\t2026\t5\t1\tx\n"
      "2024\t1\t2026\t6\t1\t\n"
      "2024\t1\t2026\t7\t1\n"
      "2024\t1\t2026\t8\t1\tx\textra\n"
      "2024\t1\t2026\t9\t0.5\tx\n"
      "2024\t1\t2026\t9\t0.5\tx\n");
  std::vector<std::string> places;
  for (const Issue& issue : loaded.issues) {
    places.push_back(std::to_string(issue.at.line) + ":" + std::to_string(issue.at.column));
  }
  std::ranges::sort(places);
  EXPECT_THAT(places, ElementsAre("1:15", "2:15", "3:15", "4:6", "5:17", "6:1", "7:1", "9:1"))
      << ::testing::PrintToString(loaded.IssueLines());
  EXPECT_EQ(FactsOfDataset(loaded.Context()).size(), 1u);
}

TEST(PredecessorList, SharesAreDecimalsAboveNoughtUpToOne) {
  const auto millionths = [](const std::string& share) {
    const Loaded loaded = LoadPredecessors("2024\t1\t2026\t2\t" + share + "\tx\n");
    const auto facts = FactsOfDataset(loaded.Context());
    return facts.empty() ? 0 : facts[0].fact.unit_succession_recorded().share_millionths();
  };
  for (const auto& [share, expected] : {std::pair("1", 1'000'000u),
                                        {"1.000000", 1'000'000u},
                                        {"0.333333", 333'333u},
                                        {"0.000001", 1u},
                                        {"0.5", 500'000u},
                                        {"0", 0u},
                                        {"0.0000001", 0u},
                                        {"1.1", 0u},
                                        {"-0.5", 0u},
                                        {"0.5.5", 0u},
                                        {".5", 0u},
                                        {"1.", 0u},
                                        {"half", 0u},
                                        {"50%", 0u},
                                        {"99999999999", 0u}}) {
    EXPECT_EQ(millionths(share), expected) << share;
  }
}

TEST(PredecessorList, AListWithoutRowsIsRefused) {
  Loaded loaded;
  EXPECT_EQ(AddPredecessorList("# nothing\n", loaded.dataset, loaded.issues).code(),
            absl::StatusCode::kInvalidArgument);
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
