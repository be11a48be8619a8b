#include "services/app/cli/print/report_text.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

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

TEST(ReportText, WhatCannotBeAttributedIsToldBesideTheFigureAndAsAGroup) {
  v1::RunReportResponse report;
  const auto add = [&](const std::string& row, uint64_t value, uint64_t beside) -> v1::ReportRow& {
    v1::ReportRow& added = *report.add_rows();
    added.set_row(row);
    added.set_value(value);
    added.set_not_attributable(beside);
    added.add_group_fields("place");
    return added;
  };
  add("R1", 4, 0);
  add("R1", 3, 0).add_group("not_attributable");
  EXPECT_EQ(ReportAsCsv(report),
            "row,parent,value,unit,label_vi,label_en,group_field_1,group_1\n"
            "R1,,4,,,,,\n"
            "R1,,3,,,,place,not_attributable\n");
  add("R2", 7, 12);
  EXPECT_EQ(ReportAsCsv(report),
            "row,parent,value,unit,label_vi,label_en,group_field_1,group_1,not_attributable\n"
            "R1,,4,,,,,,0\n"
            "R1,,3,,,,place,not_attributable,\n"
            "R2,,7,,,,,,12\n");
  const std::string table = ReportAsTable(report);
  EXPECT_NE(table.find("không quy được"), std::string::npos) << table;
  EXPECT_NE(table.find("not attributable"), std::string::npos) << table;
  EXPECT_NE(table.find("12"), std::string::npos) << table;
}

TEST(ReportText, GroupsStandUnderTheirRow) {
  v1::RunReportResponse report;
  const auto add = [&](const std::string& value, const std::vector<std::string>& group) {
    v1::ReportRow& row = *report.add_rows();
    row.set_row("H1");
    row.set_value(std::stoull(value));
    row.set_unit("contact");
    row.set_label_vi("Tổng số");
    row.set_label_en("All");
    row.add_group_fields("at.hour");
    row.add_group_fields("outcome");
    for (const std::string& each : group) row.add_group(each);
  };
  add("12", {});
  add("11", {"8", "counselled"});
  add("1", {"9", ""});
  EXPECT_EQ(ReportAsCsv(report),
            "row,parent,value,unit,label_vi,label_en,group_field_1,group_1,group_field_2,group_2\n"
            "H1,,12,contact,Tổng số,All,,,,\n"
            "H1,,11,contact,Tổng số,All,at.hour,8,outcome,counselled\n"
            "H1,,1,contact,Tổng số,All,at.hour,9,outcome,\n");
  const std::string table = ReportAsTable(report);
  EXPECT_NE(table.find("8 · counselled"), std::string::npos) << table;
  EXPECT_NE(table.find("9 · không rõ"), std::string::npos) << table;
  EXPECT_NE(table.find("9 · unknown"), std::string::npos) << table;
}

}  // namespace
}  // namespace caseledger::cli
