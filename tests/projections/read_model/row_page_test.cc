// Pages of rows, as they lie and sorted.
#include "projections/read_model/row_page.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>

#include "projections/read_model/keys.h"
#include "tests/projections/read_model/stores.h"

namespace caseledger::projections::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// What a row says, by which it may be sorted.
using Value = std::string;

absl::StatusOr<std::optional<Value>> Read(std::string_view /*key*/, std::string_view value) {
  if (value == "left out") return std::nullopt;
  return Value(value);
}

std::string ByValue(const Value& value) { return KeyBuilder().Text(value).Take(); }

class RowPageTest : public StoreTest {
 protected:
  void SetUp() override { table_ = OpenTable("qn", "list@1"); }

  // In the order of `values`.
  void Put(const std::vector<std::string>& values) {
    const auto batch = table_->NewBatch();
    for (size_t i = 0; i < values.size(); ++i) {
      batch->Put(KeyBuilder('a').Number(i).Take(), values[i]);
    }
    batch->Put(KeyBuilder('b').Take(), "of another list");
    const uint64_t events = batch->applied_events();
    ASSERT_TRUE(table_->Commit(*batch, events, events + 1).ok());
  }
  absl::StatusOr<RowPage<Value>> Page(const SortKey<Value>& sort_by, int64_t size,
                                      const std::string& token = "") const {
    const std::string question = sort_by == nullptr ? "as they lie" : "sorted";
    return ReadRowPage<Value>(*table_->Snapshot(), {"a", "b", question, size, token}, Read,
                              sort_by);
  }
  std::vector<Value> All(const SortKey<Value>& sort_by, int64_t size) const {
    std::vector<Value> all;
    std::string token;
    do {
      const auto page = Page(sort_by, size, token);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) break;
      EXPECT_LE(page->rows.size(), static_cast<size_t>(size));
      all.insert(all.end(), page->rows.begin(), page->rows.end());
      token = page->next_page_token;
    } while (!token.empty());
    return all;
  }

  std::unique_ptr<ReadModelTable> table_;
};

INSTANTIATE_TEST_SUITE_P(Stores, RowPageTest,
                         ::testing::Values(StoreKind::kMemory, StoreKind::kRocksDb), NameOf);

TEST_P(RowPageTest, AreSortedAndThoseThatAreEqualComeAsTheyLie) {
  Put({"c", "a", "left out", "b", "a", ""});
  EXPECT_THAT(All(nullptr, 2), ElementsAre("c", "a", "b", "a", ""));
  EXPECT_THAT(All(ByValue, 2), ElementsAre("", "a", "a", "b", "c"));
  EXPECT_THAT(All(ByValue, 5), ElementsAre("", "a", "a", "b", "c"));
}

TEST_P(RowPageTest, OfEverySizeGiveEachRowOnce) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 20; ++round) {
    std::vector<std::string> values;
    for (uint64_t i = random() % 40; i > 0; --i) {
      values.push_back(random() % 5 == 0 ? "left out" : std::string(random() % 3, 'x'));
    }
    table_ = OpenTable("qn", "list" + std::to_string(round) + "@1");
    Put(values);
    std::erase(values, "left out");
    const auto size = static_cast<int64_t>(1 + random() % 8);
    EXPECT_EQ(All(nullptr, size), values);
    std::sort(values.begin(), values.end());
    EXPECT_EQ(All(ByValue, size), values);
  }
}

TEST_P(RowPageTest, ASortedListGoesOnBehindWhatItGaveThoughRowsCome) {
  Put({"b", "d"});
  const auto first = Page(ByValue, 1);
  ASSERT_TRUE(first.ok());
  EXPECT_THAT(first->rows, ElementsAre("b"));
  Put({"b", "d", "a", "c"});
  EXPECT_THAT(Page(ByValue, 9, first->next_page_token)->rows, ElementsAre("c", "d"));
}

TEST_P(RowPageTest, TooManyAreNotSorted) {
  std::vector<std::string> values(kMostSortedRows, "x");
  values.push_back("left out");
  Put(values);
  EXPECT_EQ(All(ByValue, 1000).size(), kMostSortedRows);
  values.push_back("x");
  Put(values);
  const absl::Status refused = Page(ByValue, 1).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()), StartsWith("SORT_NEEDS_FILTER: "));
  EXPECT_TRUE(Page(nullptr, 1).ok());
}

TEST_P(RowPageTest, OfOneQuestionAreSortedOnce) {
  Put({"b", "a", "c"});
  int reads = 0;
  const auto read = [&reads](std::string_view key, std::string_view value) {
    ++reads;
    return Read(key, value);
  };
  const SortMemo memo;
  const auto all = [&](Micros now) {
    std::vector<Value> values;
    std::string token;
    do {
      const auto page = ReadRowPage<Value>(
          *table_->Snapshot(), {"a", "b", "sorted", 1, token, now, &memo}, read, ByValue);
      EXPECT_TRUE(page.ok()) << page.status();
      values.insert(values.end(), page->rows.begin(), page->rows.end());
      token = page->next_page_token;
    } while (!token.empty());
    return values;
  };
  EXPECT_THAT(all(1), ElementsAre("a", "b", "c"));
  EXPECT_EQ(reads, 3);
  EXPECT_THAT(all(2), ElementsAre("a", "b", "c"));
  EXPECT_EQ(reads, 6) << "another moment is another question";
  Put({"b", "a", "c", "0"});
  EXPECT_THAT(all(2), ElementsAre("0", "a", "b", "c"));
  EXPECT_EQ(reads, 10) << "and so are other rows";
}

TEST_P(RowPageTest, TokensAndSizesAreChecked) {
  Put({"a", "b"});
  const std::string token = Page(ByValue, 1)->next_page_token;
  for (const auto& refused :
       {Page(nullptr, 1, token), Page(ByValue, 1, "nonsense"), Page(ByValue, -1)}) {
    EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument) << refused.status();
  }
  EXPECT_THAT(Page(ByValue, 1, token)->next_page_token, IsEmpty());
}

}  // namespace
}  // namespace caseledger::projections::testing
