// Tables that leave the system.
#include "services/app/cli/print/sheet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "caseledger/v1/dashboard.pb.h"
#include "caseledger/v1/person.pb.h"
#include "caseledger/v1/privacy.pb.h"
#include "caseledger/v1/publication.pb.h"
#include "caseledger/v1/referral.pb.h"
#include "caseledger/v1/shelter.pb.h"
#include "services/app/cli/print/figure_sheet.h"
#include "services/app/cli/print/row_columns.h"
#include "services/app/cli/text/csv.h"

namespace caseledger::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

SheetCell Text(const char* text) { return std::string(text); }

class Sheet : public ::testing::Test {
 protected:
  ~Sheet() override { std::filesystem::remove_all(folder_); }
  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  static std::string TextOf(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
  size_t Files() const {
    return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(folder_), {}));
  }

  std::string pattern_ = std::filesystem::temp_directory_path() / "caseledger-sheet-XXXXXX";
  std::string folder_ = ::mkdtemp(pattern_.data());
};

TEST_F(Sheet, ACsvFileIsWhatSpreadsheetsOpenWithoutHarm) {
  auto sheet = SheetFile::Create(Path("a.csv"), "t", {"Tên, có dấu", "=1+1"});
  ASSERT_TRUE(sheet.ok()) << sheet.status();
  ASSERT_TRUE((*sheet)->Add({std::string("=cmd|'/c calc'!A1"), uint64_t{42}}).ok());
  ASSERT_TRUE((*sheet)->Add({std::string("Nguyễn \"Hoa\"\nhai dòng"), std::monostate()}).ok());
  ASSERT_TRUE((*sheet)->Add({SheetTime{1'706'668'200'000'000}, std::string("@SUM(1)")}).ok());
  ASSERT_TRUE((*sheet)->Add({std::string("a;=1"), std::string("a\tb")}).ok());
  EXPECT_FALSE(std::filesystem::exists(Path("a.csv"))) << "not before it is whole";
  ASSERT_TRUE((*sheet)->Finish().ok());
  sheet->reset();
  EXPECT_EQ(TextOf(Path("a.csv")),
            "\xEF\xBB\xBF\"Tên, có dấu\",'=1+1\r\n"
            "'=cmd|'/c calc'!A1,42\r\n"
            "\"Nguyễn \"\"Hoa\"\"\nhai dòng\",\r\n"
            "2024-01-31T09:30:00+07:00,'@SUM(1)\r\n"
            "\"a;'=1\",\"a\tb\"\r\n");
  struct stat info {};
  ASSERT_EQ(stat(Path("a.csv").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  EXPECT_EQ(Files(), 1U);
  // It can be read back by our own reader.
  EXPECT_EQ(ReadCsv(TextOf(Path("a.csv"))).records.size(), 5U);
}

TEST_F(Sheet, WhatStartsAFormulaDoesNot) {
  for (const char* start :
       {"=1", "+1", "-1", "@A", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠1"}) {
    EXPECT_THAT(CsvSafe(start), ::testing::StartsWith("'"));
  }
  EXPECT_EQ(CsvSafe("a;=1\t@b\n+c"), "a;'=1\t'@b\n'+c");
  for (const char* plain : {"a;b", "", "1-2", "a=b", "60+", "'=1", "Đặng", "≠"}) {
    EXPECT_EQ(CsvSafe(plain), plain);
  }
}

TEST_F(Sheet, WhatIsThereIsNotTouchedAndWhatIsNotFinishedIsNotLeft) {
  std::ofstream(Path("b.csv")) << "mine";
  const absl::Status there = SheetFile::Create(Path("b.csv"), "t", {"a"}).status();
  EXPECT_EQ(there.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(there.message(), HasSubstr(Path("b.csv") + ": is there already"));
  for (const char* name : {"c.csv", "c.xlsx"}) {
    auto sheet = SheetFile::Create(Path(name), "t", {"a"});
    ASSERT_TRUE(sheet.ok()) << sheet.status();
    ASSERT_TRUE((*sheet)->Add({std::string("x")}).ok());
    sheet->reset();
    EXPECT_EQ(Files(), 1U) << name;
    // Nor what comes there while it is written.
    sheet = SheetFile::Create(Path(name), "t", {"a"});
    ASSERT_TRUE(sheet.ok()) << sheet.status();
    std::ofstream(Path(name)) << "mine, too";
    EXPECT_EQ((*sheet)->Finish().code(), absl::StatusCode::kUnavailable);
    sheet->reset();
    EXPECT_EQ(TextOf(Path(name)), "mine, too");
    std::filesystem::remove(Path(name));
  }
  EXPECT_EQ(TextOf(Path("b.csv")), "mine");
  EXPECT_EQ(SheetFile::Create(Path("no/c.csv"), "t", {"a"}).status().code(),
            absl::StatusCode::kUnavailable);
  for (const char* name : {"c.xls", "csv", ".csv", "c", ""}) {
    const absl::Status status = SheetFile::Create(name, "t", {"a"}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << name;
    EXPECT_THAT(status.message(), HasSubstr(".csv or .xlsx"));
  }
}

TEST_F(Sheet, AnXlsxFileSaysWhatItCannotHold) {
  auto sheet = SheetFile::Create(Path("d.xlsx"), "tờ", {"a", "b"});
  ASSERT_TRUE(sheet.ok()) << sheet.status();
  ASSERT_TRUE((*sheet)->Add({std::string("=1+1"), SheetTime{-9'000'000'000'000'000}}).ok());
  const absl::Status long_text = (*sheet)->Add({std::string(40'000, 'x'), std::monostate()});
  EXPECT_EQ(long_text.code(), absl::StatusCode::kResourceExhausted) << long_text;
  EXPECT_THAT(long_text.message(), HasSubstr("export to .csv"));
  ASSERT_TRUE((*sheet)->Finish().ok());
  EXPECT_EQ(TextOf(Path("d.xlsx")).substr(0, 2), "PK");
}

// Whoever writes to one name at a time: each file is whole, and only one of them is there.
TEST_F(Sheet, TwoThatWriteToOneNameDoNotMix) {
  for (const char* name : {"e.csv", "e.xlsx"}) {
    auto first = SheetFile::Create(Path(name), "t", {"a"});
    auto second = SheetFile::Create(Path(name), "t", {"b"});
    ASSERT_TRUE(first.ok() && second.ok());
    ASSERT_TRUE((*first)->Add({std::string("x")}).ok());
    ASSERT_TRUE((*second)->Add({std::string("y")}).ok());
    EXPECT_TRUE((*second)->Finish().ok());
    EXPECT_FALSE((*first)->Finish().ok());
    first->reset();
    second->reset();
    EXPECT_EQ(Files(), 1U);
    if (name == std::string("e.csv")) {
      EXPECT_THAT(TextOf(Path(name)), HasSubstr("b\r\ny\r\n"));
    }
    std::filesystem::remove(Path(name));
  }
}

TEST_F(Sheet, AnyTitleIsOneForAWorksheet) {
  auto sheet =
      SheetFile::Create(Path("f.xlsx"), "district-referral-turnaround-2024h1/[a]:*?", {"a"});
  ASSERT_TRUE(sheet.ok()) << sheet.status();
  ASSERT_TRUE((*sheet)->Finish().ok());
}

TEST(RowColumns, TellWhatIsInsideARow) {
  v1::RetentionRow row;
  v1::RetentionPerson& person = *row.add_persons();
  person.set_person_id("p-1");
  person.set_kept_by("legal_hold");
  row.add_persons()->set_person_id("p-2");
  EXPECT_THAT(RowColumns(*v1::RetentionRow::descriptor(), false).CellsOf(row),
              ::testing::Contains(Text("p-1 legal_hold; p-2")));
}

TEST(RowColumns, AreTheFieldsOfARowAsTheyAre) {
  v1::WorkItemRow row;
  row.set_record_kind(options::v1::RECORD_KIND_CASE_RECORD);
  row.set_deadline_id("plan_draft");
  row.set_label_vi("Lập kế hoạch");
  row.set_label_en("Plan drafted");
  row.mutable_due_time()->set_seconds(1'706'668'200);
  const RowColumns vi(*v1::WorkItemRow::descriptor(), true);
  const RowColumns en(*v1::WorkItemRow::descriptor(), false);
  ASSERT_EQ(vi.Titles().size(), en.Titles().size());
  EXPECT_EQ(vi.Titles()[3], "Nội dung");
  EXPECT_EQ(en.Titles()[3], "Label");
  EXPECT_EQ(vi.CellsOf(row)[0], Text("case_record"));
  EXPECT_EQ(vi.CellsOf(row)[3], Text("Lập kế hoạch"));
  EXPECT_EQ(en.CellsOf(row)[3], Text("Plan drafted"));
  const std::vector<std::string> titles = en.Titles();
  const auto at = std::find(titles.begin(), titles.end(), "Due time") - titles.begin();
  EXPECT_EQ(en.CellsOf(row)[static_cast<size_t>(at)], SheetCell(SheetTime{1'706'668'200'000'000}));

  v1::CaseRow cases;
  cases.add_concerns("a");
  cases.add_concerns("b");
  cases.set_client_count(3);
  const std::vector<SheetCell> cells = RowColumns(*v1::CaseRow::descriptor(), false).CellsOf(cases);
  EXPECT_THAT(cells, ::testing::Contains(Text("a, b")));
  EXPECT_THAT(cells, ::testing::Contains(SheetCell(uint64_t{3})));
}

TEST(RowColumns, AllHaveAVietnameseTitle) {
  for (const google::protobuf::Descriptor* row :
       {v1::CaseRow::descriptor(), v1::WorkItemRow::descriptor(), v1::ReferralRow::descriptor(),
        v1::Night::descriptor(), v1::DataQualityRow::descriptor(), v1::DueRequestRow::descriptor(),
        v1::RetentionRow::descriptor(), v1::Publication::descriptor(),
        v1::PersonMatch::descriptor()}) {
    const std::vector<std::string> vi = RowColumns(*row, true).Titles();
    const std::vector<std::string> en = RowColumns(*row, false).Titles();
    for (size_t i = 0; i < vi.size(); ++i) {
      EXPECT_NE(vi[i], en[i]) << row->name();
    }
  }
}

TEST(FigureColumns, GiveEachFieldThatSplitsARowAColumn) {
  v1::RunReportResponse report;
  v1::ReportRow& whole = *report.add_rows();
  whole.set_row("R1");
  whole.set_label_vi("Tổng");
  whole.set_unit("case");
  whole.add_group_fields("outcome");
  v1::ReportRow& group = *report.add_rows();
  group = whole;
  group.add_group("");
  v1::ReportRow& part = *report.add_rows();
  part.set_row("R2");
  part.set_parent("R1");
  part.add_group_fields("sex");
  part.add_group("female");
  v1::RatioFigure& ratio = *report.add_ratios();
  ratio.set_ratio("R9");
  ratio.set_per(1000);
  ratio.add_group_fields("sex");
  ratio.add_group("female");
  const FigureColumns columns(report.rows(), report.ratios(), {{"version", uint64_t{2}}},
                              /*vietnamese=*/true);
  EXPECT_THAT(columns.Titles(), ElementsAre("Mục", "Thuộc mục", "Nội dung", "Giá trị",
                                            "Đơn vị tính", "Kết quả", "Giới tính", "Phiên bản"));
  const SheetCell none;
  EXPECT_THAT(columns.CellsOf(whole, uint64_t{7}),
              ElementsAre(Text("R1"), Text(""), Text("Tổng"), SheetCell(uint64_t{7}), Text("case"),
                          none, none, SheetCell(uint64_t{2})));
  EXPECT_EQ(columns.CellsOf(group, uint64_t{7})[5], Text("không rõ"));
  EXPECT_EQ(columns.CellsOf(part, uint64_t{7})[6], Text("female"));
  EXPECT_THAT(columns.CellsOf(RatioRow(ratio), DecimalCell("12.5")),
              ElementsAre(Text("R9"), Text(""), Text(""), SheetCell(SheetDecimal{"12.5"}),
                          Text("per 1000"), none, Text("female"), SheetCell(uint64_t{2})));
  EXPECT_EQ(DecimalCell(""), none);
}

TEST(FigureColumns, TellWhatCannotBeAttributedBesideTheValue) {
  v1::RunReportResponse report;
  v1::ReportRow& whole = *report.add_rows();
  whole.set_row("R1");
  whole.add_group_fields("place");
  v1::ReportRow& group = *report.add_rows();
  group = whole;
  group.add_group("not_attributable");
  const FigureColumns columns(report.rows(), report.ratios(), {}, /*vietnamese=*/true,
                              "not_attributable");
  EXPECT_EQ(columns.Titles()[5], "Không quy được");
  EXPECT_EQ(columns.CellsOf(whole, uint64_t{7}, uint64_t{2})[5], SheetCell(uint64_t{2}));
  EXPECT_EQ(columns.CellsOf(group, uint64_t{7})[6], Text("không quy được"));
  EXPECT_EQ(columns.CellsOf(group, uint64_t{7}).size(), columns.Titles().size());
}

}  // namespace
}  // namespace caseledger::cli
