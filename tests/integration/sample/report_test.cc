// Figures and histories as of earlier points, through the program.
#include "gmock/gmock.h"
#include "nlohmann/json.hpp"
#include "tests/integration/sample/sample_fixture.h"

namespace caseledger::testing {
namespace {

using ::testing::HasSubstr;

using Reports = SampleTest;
using Histories = SampleTest;

// The figure of a row of the report printed as CSV.
std::string FigureOf(const std::string& csv, const std::string& row) {
  const size_t begin = csv.find("\n" + row + ",");
  if (begin == std::string::npos) return "no row " + row;
  return csv.substr(begin + 1, csv.find('\n', begin + 1) - begin - 1);
}

TEST_F(Reports, WhatIsRecordedLaterChangesTheFigureNowAndNotThen) {
  Use("late-entries");
  LoadDefinitionAndImport();
  const auto hotline = ClientOf({"tdv-3", "tong-dai", "hotline_operator"});
  const std::string published = Report();
  const auto all = auditor().Replay();
  uint64_t first_correction = 0;
  while (all.value.at(first_correction).fact_name() != "fact_corrected") ++first_correction;
  const std::string uncorrected = Report(std::to_string(first_correction - 1));
  EXPECT_NE(uncorrected, published);
  EXPECT_NE(FigureOf(uncorrected, "R2"), FigureOf(published, "R2"));
  EXPECT_EQ(FigureOf(uncorrected, "R1"), FigureOf(published, "R1"));

  const uint64_t before = auditor().EventCount() - 1;
  v1::Command late = CommandOf("", "contact_received { channel: 'phone' line: '18001769' }");
  *late.mutable_header()->mutable_occurred_time() = Seconds(1'709'258'400);  // March 2024
  const std::string contact = hotline->Record(late).record_id();
  v1::Command end = CommandOf(contact, "contact_ended { outcome: CONTACT_OUTCOME_COUNSELLED }");
  *end.mutable_header()->mutable_occurred_time() = Seconds(1'709'259'000);
  const v1::CommandResult ended = hotline->Record(end);
  const std::string with_late = Report();
  EXPECT_NE(FigureOf(with_late, "R1"), FigureOf(published, "R1"));
  EXPECT_EQ(Report(std::to_string(before)), published);

  v1::Command undo = CommandOf(contact, "event_voided { target_event_id: '" +
                                            ended.events(0).event_id() + "' reason: 'a test' }");
  undo.set_record_kind(options::v1::RECORD_KIND_CONTACT);
  hotline->Record(undo);
  EXPECT_EQ(Report(), published);
  EXPECT_EQ(Report(std::to_string(ended.events(0).position())), with_late);
  EXPECT_EQ(Report(std::to_string(before)), published);
}

TEST_F(Histories, ByReferenceAndByIdAndAsOfATime) {
  Use("histories");
  RunWell(kDataSteward, {"import", kSample});
  const std::string text = RunWell({"case", "history", "CASE-2024-0001"});
  EXPECT_THAT(text, HasSubstr("case_opened"));
  const std::string id = auditor().History("CASE-2024-0001").at(0).record_id();
  EXPECT_EQ(RunWell({"case", "history", id}), text);
  EXPECT_EQ(RunWell({"case", "history", "qn-csv/CASE-2024-0001"}), text);

  const auto history = auditor().History("CASE-2024-0001");
  ASSERT_GT(history.size(), 1u);
  const std::string early =
      RunWell({"case", "history", "CASE-2024-0001", "--as-of-occurred", "2023-01-01"});
  EXPECT_EQ(early.find("case_opened"), std::string::npos) << early;
  const std::string first_only =
      RunWell({"case", "history", "CASE-2024-0001", "--as-of",
               std::to_string(history[0].position()), "--format", "json"});
  EXPECT_THAT(first_only, HasSubstr("case_opened"));
  EXPECT_EQ(first_only.find(history[1].event_id()), std::string::npos);

  const auto cases =
      nlohmann::json::parse(RunWell({"case", "list", "--all", "--format", "json"}), nullptr, false);
  ASSERT_FALSE(cases.is_discarded());
  EXPECT_EQ(cases["cases"].size(), 95u);
}

TEST_F(Histories, WrongUseAndUnknownRecordsExitWithOne) {
  Use("histories");
  EXPECT_EQ(Run({"case", "history", "CASE-1900-0001"}).code, 1);
  EXPECT_EQ(Run({"case", "dance"}).code, 1);
  EXPECT_EQ(Run(kDataSteward, {"import", "/nowhere/at/all"}).code, 1);
  EXPECT_EQ(
      Run(kDataSteward, {"report", "no-such-report", "--from", "2024-01-01", "--to", "2024-07-01"})
          .code,
      1);
  const Finished nobody = RunToEnd({CASELEDGER_PATH, "--server", "127.0.0.1:1", "case", "list"});
  EXPECT_EQ(nobody.code, 1);
  EXPECT_THAT(nobody.err, HasSubstr("127.0.0.1:1"));
  EXPECT_EQ(Run({"--help"}).code, 0);
}

}  // namespace
}  // namespace caseledger::testing
