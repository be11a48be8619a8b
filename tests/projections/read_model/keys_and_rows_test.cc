#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "projections/read_model/keys.h"
#include "projections/read_model/page.h"
#include "projections/read_model/row_codec.h"

namespace caseledger::projections {
namespace {

TEST(Keys, TextPartsSortAsTheTextsDo) {
  const std::vector<std::string> texts = {"",
                                          std::string("\0", 1),
                                          std::string("\0\1", 2),
                                          "\1",
                                          "a",
                                          std::string("a\0", 2),
                                          "ab",
                                          "b",
                                          "\xff"};
  std::vector<std::string> keys;
  for (const std::string& text : texts) {
    keys.push_back(KeyBuilder().Text(text).Number(7).Take());
    KeyReader reader(keys.back());
    EXPECT_EQ(reader.Text(), text);
    EXPECT_EQ(reader.Number(), 7u);
    EXPECT_TRUE(reader.Finished());
  }
  EXPECT_TRUE(std::is_sorted(keys.begin(), keys.end()));
}

TEST(Keys, TimesSortAcrossZeroAndDescendingOnesBackwards) {
  const std::vector<Micros> times = {std::numeric_limits<Micros>::min(), -5, 0, 5,
                                     std::numeric_limits<Micros>::max()};
  for (size_t i = 0; i < times.size(); ++i) {
    const std::string up = KeyBuilder().Time(times[i]).Take();
    const std::string down = KeyBuilder().TimeDescending(times[i]).Take();
    EXPECT_EQ(KeyReader(up).Time(), times[i]);
    EXPECT_EQ(KeyReader(down).TimeDescending(), times[i]);
    if (i == 0) continue;
    EXPECT_LT(KeyBuilder().Time(times[i - 1]).Take(), up);
    EXPECT_GT(KeyBuilder().TimeDescending(times[i - 1]).Take(), down);
  }
}

TEST(Keys, CutKeyIsNotTaken) {
  const std::string key = KeyBuilder().Text("abc").Take();
  KeyReader reader(std::string_view(key).substr(0, key.size() - 1));
  EXPECT_EQ(reader.Text(), "");
  EXPECT_FALSE(reader.ok());
}

TEST(Keys, EndOfPrefixIsTheNextKeyOfTheSameLengthOrShorter) {
  EXPECT_EQ(EndOfPrefix("ab"), "ac");
  EXPECT_EQ(EndOfPrefix("a\xff"), "b");
  EXPECT_EQ(EndOfPrefix("\xff\xff"), "");
}

struct Inner {
  bool yes = false;
  template <typename Archive>
  void Fields(Archive& archive) {
    archive(yes);
  }
};
struct Row {
  uint32_t count = 0;
  int64_t time = 0;
  std::string text;
  std::vector<std::string> texts;
  std::optional<int64_t> maybe;
  std::vector<Inner> inner;
  template <typename Archive>
  void Fields(Archive& archive) {
    archive(count, time, text, texts, maybe, inner);
  }
};

TEST(Rows, EveryCutOfTheBytesIsNoticed) {
  const Row row{7, -3, std::string("a\0b", 3), {"x", ""}, 9, {{true}, {false}}};
  const std::string bytes = EncodeRow(row);
  const absl::StatusOr<Row> read = DecodeRow<Row>(bytes);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(EncodeRow(*read), bytes);
  EXPECT_EQ(read->time, -3);
  EXPECT_EQ(read->texts, row.texts);
  EXPECT_TRUE(read->inner[0].yes);
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(DecodeRow<Row>(bytes.substr(0, size)).status().code(), absl::StatusCode::kDataLoss);
  }
  EXPECT_FALSE(DecodeRow<Row>(bytes + "x").ok());
}

TEST(Pages, TokenIsGoodForItsQuestionOnly) {
  const std::string token = MakePageToken("agency=a", {42, std::string("k\0y", 3)});
  const absl::StatusOr<PagePoint> point = ReadPageToken("agency=a", token);
  ASSERT_TRUE(point.ok());
  EXPECT_EQ(point->as_of_events, 42u);
  EXPECT_EQ(point->after_key, std::string("k\0y", 3));
  EXPECT_EQ(ReadPageToken("agency=b", token).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(ReadPageToken("agency=a", "garbage").ok());
  EXPECT_FALSE(ReadPageToken("agency=a", "").ok());
}

TEST(Pages, SizesAreBounded) {
  EXPECT_EQ(PageSize(0).value(), 50u);
  EXPECT_EQ(PageSize(7).value(), 7u);
  EXPECT_EQ(PageSize(5000).value(), 1000u);
  EXPECT_FALSE(PageSize(-1).ok());
}

}  // namespace
}  // namespace caseledger::projections
