#include "services/app/cli/print/report_text.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "services/app/cli/text/csv.h"

namespace caseledger::cli {
namespace {

constexpr char kExpected[] = "deploy/sample/quang-ninh-2024-h1/expected_report.csv";

TEST(ReportText, CsvIsWhatTheExpectedFileHasByteForByte) {
  std::ifstream stream(kExpected, std::ios::binary);
  std::stringstream content;
  content << stream.rdbuf();
  v1::RunReportResponse report;
  const CsvFile file = ReadCsv(content.str());
  ASSERT_EQ(file.records.size(), 26u);
  for (size_t i = 1; i < file.records.size(); ++i) {
    const auto& fields = file.records[i].fields;
    v1::ReportRow& row = *report.add_rows();
    row.set_row(fields[0].text);
    row.set_parent(fields[1].text);
    row.set_value(std::stoull(fields[2].text));
    row.set_unit(fields[3].text);
    row.set_label_vi(fields[4].text);
    row.set_label_en(fields[5].text);
  }
  EXPECT_EQ(ReportAsCsv(report), content.str());
}

TEST(ReportText, TheTableShowsPartsUnderTheirWhole) {
  v1::RunReportResponse report;
  report.set_report_id("r");
  for (const auto& [row, parent] : {std::pair("R1", ""), std::pair("R2", "R1")}) {
    v1::ReportRow& added = *report.add_rows();
    added.set_row(row);
    added.set_parent(parent);
    added.set_value(5);
    added.set_label_vi("Tổng đài");
  }
  const std::string table = ReportAsTable(report);
  EXPECT_NE(table.find("\nR1 "), std::string::npos) << table;
  EXPECT_NE(table.find("\n  R2 "), std::string::npos) << table;
}

}  // namespace
}  // namespace caseledger::cli
