#include "services/app/cli/print/publication_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace caseledger::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

v1::GetPublishedReportResponse Restated() {
  v1::GetPublishedReportResponse report;
  v1::Publication& head = *report.mutable_publication();
  head.set_number(7);
  head.set_report_id("calls");
  head.set_version(2);
  head.set_restates(3);
  head.set_restated_by(9);
  head.set_reason("nhập muộn");
  head.set_smallest_shown(5);
  const auto add = [&](const char* row, const char* parent) -> v1::PublishedFigure& {
    v1::PublishedFigure& figure = *report.add_figures();
    figure.set_row(row);
    figure.set_parent(parent);
    figure.set_unit("contact");
    figure.set_label_vi("Nhãn, " + std::string(row));
    figure.add_group_fields("unit");
    return figure;
  };
  v1::PublishedFigure& all = add("A", "");
  all.set_value(22);
  all.set_value_before(21);
  v1::PublishedFigure& group = add("A", "");
  group.add_group("203@2024");
  group.set_value(12);
  group.set_value_before(14);
  v1::PublishedFigure& hidden = add("B", "A");
  hidden.set_withheld(true);
  v1::PublishedFigure& exact = add("C", "A");
  exact.set_withheld(true);
  exact.set_value(3);
  exact.set_value_before(3);
  return report;
}

TEST(PublicationText, TableTellsWhatIsWithheldAndWhatChanged) {
  const std::string text = PublicationAsTable(Restated());
  EXPECT_THAT(text, HasSubstr("restates no. 3: nhập muộn"));
  EXPECT_THAT(text, HasSubstr("RESTATED by no. 9"));
  EXPECT_THAT(text, ::testing::ContainsRegex("A +22 +21 +\\+1 "));
  EXPECT_THAT(text, ::testing::ContainsRegex("· +12 +14 +-2 "));
  EXPECT_THAT(text, ::testing::ContainsRegex("  B +\\* +\\* +\\* "));
  EXPECT_THAT(text, HasSubstr(" 3 * "));
}

TEST(PublicationText, TableOfTheFirstHasNoDifferences) {
  v1::GetPublishedReportResponse report = Restated();
  report.mutable_publication()->clear_restates();
  report.mutable_publication()->clear_restated_by();
  const std::string text = PublicationAsTable(report);
  EXPECT_THAT(text, Not(HasSubstr("change")));
  EXPECT_THAT(text, Not(HasSubstr("estate")));
}

TEST(PublicationText, CsvLeavesWithheldFiguresEmpty) {
  EXPECT_EQ(PublicationAsCsv(Restated()),
            "row,parent,value,unit,label_vi,label_en,group_field_1,group_1\n"
            "A,,22,contact,\"Nhãn, A\",,,\n"
            "A,,12,contact,\"Nhãn, A\",,unit,203@2024\n"
            "B,A,,contact,\"Nhãn, B\",,,\n"
            "C,A,3,contact,\"Nhãn, C\",,,\n");
}

}  // namespace
}  // namespace caseledger::cli
