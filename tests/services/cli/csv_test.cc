#include "services/app/cli/text/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace caseledger::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<std::string> Texts(const CsvRecord& record) {
  std::vector<std::string> texts;
  for (const CsvField& field : record.fields) texts.push_back(field.text);
  return texts;
}

std::string At(const TextPosition& at) {
  return std::to_string(at.line) + ":" + std::to_string(at.column);
}

TEST(Csv, FieldsKeepTheirTextAndPlace) {
  const CsvFile file = ReadCsv("id,name\nC-1,Voòng Văn,Linh\n");
  ASSERT_THAT(file.records, SizeIs(2));
  EXPECT_THAT(Texts(file.records[1]), ElementsAre("C-1", "Voòng Văn", "Linh"));
  // Columns count characters, not bytes.
  EXPECT_EQ(At(file.records[1].fields[2].at), "2:15");
}

TEST(Csv, QuotedFieldsHoldSeparatorsQuotesAndLineEnds) {
  const CsvFile file = ReadCsv("a,\"one, \"\"two\"\"\nthree\",b\nc,d,e");
  ASSERT_THAT(file.records, SizeIs(2));
  EXPECT_THAT(Texts(file.records[0]), ElementsAre("a", "one, \"two\"\nthree", "b"));
  EXPECT_EQ(At(file.records[0].fields[2].at), "2:8");
  EXPECT_EQ(At(file.records[1].at), "3:1");
}

TEST(Csv, CarriageReturnsBeforeLineFeedsAreNoText) {
  const CsvFile file = ReadCsv("a,\"b\"\r\nc,d\r\n");
  ASSERT_THAT(file.records, SizeIs(2));
  EXPECT_THAT(Texts(file.records[0]), ElementsAre("a", "b"));
  EXPECT_THAT(Texts(file.records[1]), ElementsAre("c", "d"));
  EXPECT_THAT(file.issues, IsEmpty());
}

TEST(Csv, AByteOrderMarkIsNoText) {
  const CsvFile file = ReadCsv("\xEF\xBB\xBFid,x\n1,2\n");
  EXPECT_THAT(Texts(file.records[0]), ElementsAre("id", "x"));
  EXPECT_EQ(At(file.records[0].fields[0].at), "1:1");
}

TEST(Csv, EmptyFieldsAndEmptyLines) {
  const CsvFile file = ReadCsv("a,,\n\n\r\n,\n");
  ASSERT_THAT(file.records, SizeIs(2));
  EXPECT_THAT(Texts(file.records[0]), ElementsAre("a", "", ""));
  EXPECT_THAT(Texts(file.records[1]), ElementsAre("", ""));
  EXPECT_EQ(file.records[1].at.line, 4u);
}

TEST(Csv, InvalidUtf8IsReportedWhereItStandsAndTheRestGoesOn) {
  const CsvFile file = ReadCsv("a,b\nx,Nguy\xE1\xBB\x85n \xFF!\ny,z\n");
  ASSERT_THAT(file.issues, SizeIs(1));
  EXPECT_EQ(At(file.issues[0].at), "2:10");
  EXPECT_EQ(file.issues[0].reason, "bytes that are not UTF-8");
  ASSERT_THAT(file.records, SizeIs(2));
  EXPECT_THAT(Texts(file.records[1]), ElementsAre("y", "z"));
}

TEST(Csv, InvalidUtf8InAQuotedFieldDoesNotLoseTheNextRecord) {
  const CsvFile file = ReadCsv("\"a\n\xC0\xAF, \n\",b\nc,d\n");
  ASSERT_THAT(file.issues, SizeIs(1));
  EXPECT_EQ(At(file.issues[0].at), "2:1");
  ASSERT_THAT(file.records, SizeIs(1));
  EXPECT_THAT(Texts(file.records[0]), ElementsAre("c", "d"));
}

TEST(Csv, AQuoteThatIsNeverClosedCostsOneLine) {
  const CsvFile file = ReadCsv("a,b\nx,\"never closed\ny,z\nv,w\n");
  ASSERT_THAT(file.issues, SizeIs(1));
  EXPECT_EQ(At(file.issues[0].at), "2:3");
  EXPECT_EQ(file.issues[0].reason, "a quoted field is not closed");
  ASSERT_THAT(file.records, SizeIs(3));
  EXPECT_THAT(Texts(file.records[1]), ElementsAre("y", "z"));
  EXPECT_EQ(file.records[2].at.line, 4u);
}

TEST(Csv, MisplacedQuotesAreReported) {
  const CsvFile file = ReadCsv("a\"b,c\n\"d\"e,f\ng,h\n");
  ASSERT_THAT(file.issues, SizeIs(2));
  EXPECT_EQ(At(file.issues[0].at), "1:2");
  EXPECT_EQ(At(file.issues[1].at), "2:4");
  ASSERT_THAT(file.records, SizeIs(1));
  EXPECT_EQ(file.records[0].at.line, 3u);
}

TEST(Csv, NulAndLoneCarriageReturnAreReported) {
  const CsvFile file = ReadCsv(std::string("a\0b,c\nd\re\nf\n", 12));
  ASSERT_THAT(file.issues, SizeIs(2));
  EXPECT_EQ(file.issues[0].reason, "a NUL character");
  EXPECT_EQ(file.issues[1].reason, "a carriage return without a line feed");
  EXPECT_THAT(file.records, SizeIs(1));
}

TEST(Csv, TooManyColumnsAreReported) {
  const CsvFile file = ReadCsv(std::string(300, ',') + "\na,b\n");
  ASSERT_THAT(file.issues, SizeIs(1));
  EXPECT_EQ(file.issues[0].reason, "more than 256 columns");
  EXPECT_THAT(file.records, SizeIs(1));
}

TEST(Csv, QuotesOnlyWhatNeedsThem) {
  EXPECT_EQ(CsvQuote("plain; text"), "plain; text");
  EXPECT_EQ(CsvQuote("a,b"), "\"a,b\"");
  EXPECT_EQ(CsvQuote("say \"x\""), "\"say \"\"x\"\"\"");
  EXPECT_EQ(CsvQuote("two\nlines"), "\"two\nlines\"");
}

// Each pair of quotes once walked through its line anew: 120 kB took minutes.
TEST(Csv, LongLineOfQuotesIsReadInOneWalk) {
  constexpr size_t kPairs = 400'000;
  std::string content = "a\n\"";
  for (size_t i = 0; i < kPairs; ++i) content += "\"\"";
  content += "\xFF\"\nb\n";
  const CsvFile file = ReadCsv(content);
  ASSERT_EQ(file.issues.size(), 1u);
  EXPECT_EQ(file.issues[0].at.line, 2u);
  EXPECT_EQ(file.issues[0].at.column, 2 * kPairs + 2);
  EXPECT_EQ(file.records.size(), 2u);
}

}  // namespace
}  // namespace caseledger::cli
