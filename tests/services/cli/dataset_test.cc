// Wrong rows are reported with file, line and column, and the rest goes on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/services/cli/import_fixture.h"

namespace caseledger::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

TEST(Dataset, EveryWrongCellIsReportedAndGoodRowsGoOn) {
  const Loaded loaded = LoadFiles(
      {{"contacts",
        std::string(kContactHeader) +
            "C-1,phone,1,2024-01-01T00:00:00+07:00,2024-01-01T00:10:00+07:00,counselled,,,,,\n"
            "C-2,phone,1,yesterday,,happy,,,,,\n"
            "C-3,,1,2024-01-01T00:00:00+07:00,2023-12-31T00:00:00+07:00,silent,,,,,\n"
            "C-1,phone,1,2024-01-01T00:00:00+07:00,,,,,,,\n"
            "C-5,phone,1,2024-01-01T00:00:00+07:00,2024-01-01T00:10:00+07:00,,,,,,\n"
            "C-6,phone,1,2024-01-01T00:00:00+07:00,,,,,,,\n"}});
  EXPECT_THAT(
      loaded.IssueLines(),
      UnorderedElementsAre(
          "contacts.csv:3:13: started_at: not a time with its offset, such as "
          "2024-01-31T09:24:39+07:00",
          "contacts.csv:3:24: outcome: not one of counselled, information_only, silent, prank, "
          "dropped, wrong_number, abusive",
          "contacts.csv:4:5: channel: must not be empty",
          "contacts.csv:4:34: ended_at: before started_at",
          "contacts.csv:5:1: the same key stands in line 2 already",
          "contacts.csv:6:66: outcome: must not be empty when there is ended_at"));
  std::vector<std::string> good;
  for (const Row& row : loaded.dataset.Get("contacts").rows) {
    if (row.good) good.push_back(row.key);
  }
  EXPECT_THAT(good, ElementsAre("C-1", "C-6"));
}

TEST(Dataset, WrongNumberOfColumnsIsReportedAtTheFirstTooMany) {
  const Loaded loaded =
      LoadFiles({{"persons", std::string(kPersonHeader) + "P-1,A,male,,,,,,extra\n"
                                                          "P-2,B\n"
                                                          "P-3,C,female,,,,,\n"}});
  EXPECT_THAT(loaded.IssueLines(), ElementsAre("persons.csv:2:17: 9 columns, the header has 8",
                                               "persons.csv:3:5: 2 columns, the header has 8"));
}

TEST(Dataset, InvalidUtf8IsReportedWithItsPlace) {
  const Loaded loaded =
      LoadFiles({{"persons", std::string(kPersonHeader) + "P-1,Ng\xFFuyen,,,,,,\nP-2,B,,,,,,\n"}});
  EXPECT_THAT(loaded.IssueLines(), ElementsAre("persons.csv:2:7: bytes that are not UTF-8"));
  EXPECT_EQ(loaded.dataset.Get("persons").row_count, 2u);
  EXPECT_TRUE(loaded.dataset.Get("persons").FindById("P-2")->good);
}

TEST(Dataset, NoReasonRepeatsWhatACellHolds) {
  const Loaded loaded =
      LoadFiles({{"persons", std::string(kPersonHeader) + "P 1,Secret Name,,born in May,,,,\n"}});
  ASSERT_FALSE(loaded.issues.empty());
  for (const std::string& line : loaded.IssueLines()) {
    EXPECT_THAT(line, testing::Not(HasSubstr("Secret")));
    EXPECT_THAT(line, testing::Not(HasSubstr("May")));
  }
}

TEST(Dataset, RowsThatReferToNothingOrToBadRowsAreLeftOut) {
  const Loaded loaded =
      LoadFiles({{"agencies", "agency_id,kind,name_vi,name_en,unit_code\na-1,hospital,A,,\n"},
                 {"persons", std::string(kPersonHeader) + "P-1,A,,,,,,\nP-2,B,,not a birth,,,,\n"},
                 {"cases", std::string(kCaseHeader) +
                               "K-1,trafficking,,2024-01-01T00:00:00+07:00,a-1,,,,,,\n"
                               "K-2,trafficking,,2024-01-01T00:00:00+07:00,a-9,,,,,,\n"},
                 {"participants",
                  "case_id,person_id,role\nK-1,P-1,client\nK-1,P-2,client\nK-2,P-1,client\n"
                  "K-1,P-9,client\n"}});
  EXPECT_THAT(loaded.IssueLines(),
              UnorderedElementsAre(
                  "persons.csv:3:8: birth: not a birth date: 2014, 2014-09 or 2014-09-30",
                  "cases.csv:3:46: owner_agency_id: no readable row of agencies.csv has this id",
                  "participants.csv:5:5: person_id: no readable row of persons.csv has this id",
                  "participants.csv:3:5: person_id: refers to persons.csv:3, which is not imported",
                  "participants.csv:4:1: case_id: refers to cases.csv:3, which is not imported"));
}

TEST(Dataset, AContactWhoseCaseIsBadIsImportedWithoutItsLink) {
  const Loaded loaded =
      LoadFiles({{"contacts", std::string(kContactHeader) +
                                  "C-1,phone,1,2024-01-01T00:00:00+07:00,,,child,,,,K-1\n"},
                 {"cases", std::string(kCaseHeader) + "K-1,trafficking,,never,a-1,,,,,,\n"}});
  const auto facts = FactsOfDataset(loaded.Context());
  EXPECT_THAT(NamesOf(FactsOf(facts, "contacts.csv", "C-1")),
              ElementsAre("contact_received", "contact_classified"));
  EXPECT_THAT(loaded.IssueLines(), testing::Contains(HasSubstr("without its link")));
}

TEST(Dataset, AFileThatIsNotThereLeavesReferencesToTheServer) {
  const Loaded loaded =
      LoadFiles({{"cases", std::string(kCaseHeader) +
                               "K-1,trafficking,,2024-01-01T00:00:00+07:00,a-1,22,,,,,\n"}});
  EXPECT_THAT(loaded.IssueLines(), IsEmpty());
}

TEST(Dataset, SessionsNeedTheirEpisodesFile) {
  const Loaded loaded = LoadFiles(
      {{"therapy_sessions",
        "session_id,episode_id,held_at,minutes\nTS-1,T-1,2024-01-01T00:00:00+07:00,45\n"}});
  EXPECT_THAT(loaded.IssueLines(),
              ElementsAre("therapy_sessions.csv:2:6: episode_id: therapy_episodes.csv must be "
                          "imported together with this file"));
}

TEST(Dataset, AMissingColumnStopsTheImportAndAnUnknownOneIsSaid) {
  Dataset dataset;
  Issues issues;
  EXPECT_EQ(dataset.Add(*FindTable("participants"), "case_id,role\n", issues).message(),
            "participants.csv:1:1: column person_id is missing");
  EXPECT_TRUE(
      dataset.Add(*FindTable("participants"), "case_id,person_id,role,hobby\n", issues).ok());
  ASSERT_EQ(issues.size(), 1u);
  EXPECT_EQ(issues[0].kind, IssueKind::kUnknownColumn);
}

TEST(Dataset, ADirectoryWithoutFilesIsRefused) {
  Issues issues;
  const auto empty = std::filesystem::path(testing::TempDir()) / "caseledger-no-files";
  std::filesystem::create_directories(empty);
  EXPECT_EQ(Dataset::Load(empty.string(), issues).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Dataset::Load("/does/not/exist", issues).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace caseledger::cli
