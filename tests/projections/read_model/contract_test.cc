// What every read model store must do.
#include <gmock/gmock.h>

#include <map>
#include <random>

#include "tests/projections/read_model/stores.h"

namespace caseledger::projections::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

class ReadModelContract : public StoreTest {
 protected:
  static void Write(ReadModelTable& table, uint64_t from, uint64_t to, const Rows& rows) {
    auto batch = table.NewBatch();
    for (const auto& [key, value] : rows) batch->Put(key, value);
    ASSERT_TRUE(table.Commit(*batch, from, to).ok());
  }
};

TEST_P(ReadModelContract, NewTableReflectsNothing) {
  auto table = OpenTable("qn", "case-list@1");
  EXPECT_EQ(table->Snapshot()->applied_events(), 0u);
  EXPECT_THAT(AllRows(*table->Snapshot()), IsEmpty());
}

TEST_P(ReadModelContract, RowsAndPositionAppearTogether) {
  auto table = OpenTable("qn", "case-list@1");
  const auto before = table->Snapshot();
  auto batch = table->NewBatch();
  batch->Put("a", "1");
  EXPECT_THAT(AllRows(*table->Snapshot()), IsEmpty());
  ASSERT_TRUE(table->Commit(*batch, 0, 3).ok());
  EXPECT_EQ(table->Snapshot()->applied_events(), 3u);
  EXPECT_THAT(AllRows(*table->Snapshot()), ElementsAre(Pair("a", "1")));
  EXPECT_EQ(before->applied_events(), 0u);
  EXPECT_THAT(AllRows(*before), IsEmpty());
}

TEST_P(ReadModelContract, CommitAtAnotherPositionIsRefusedAndWritesNothing) {
  auto table = OpenTable("qn", "case-list@1");
  Write(*table, 0, 3, {{"a", "1"}});
  auto batch = table->NewBatch();
  batch->Put("a", "2");
  EXPECT_EQ(table->Commit(*batch, 2, 4).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(table->Snapshot()->applied_events(), 3u);
  EXPECT_EQ(table->Snapshot()->Get("a").value(), "1");
}

TEST_P(ReadModelContract, BatchReadsItsOwnWrites) {
  auto table = OpenTable("qn", "case-list@1");
  Write(*table, 0, 1, {{"a", "1"}, {"b", "1"}, {"c", "1"}});
  auto batch = table->NewBatch();
  batch->Put("b", "2");
  batch->Delete("a");
  batch->Put("bb", "2");
  batch->Put("d", "2");
  EXPECT_EQ(batch->Get("a").value(), std::nullopt);
  EXPECT_EQ(batch->Get("b").value(), "2");
  EXPECT_EQ(batch->Get("c").value(), "1");
  EXPECT_THAT(AllRows(*batch),
              ElementsAre(Pair("b", "2"), Pair("bb", "2"), Pair("c", "1"), Pair("d", "2")));
  EXPECT_THAT(AllRows(*batch, "bb", "d"), ElementsAre(Pair("bb", "2"), Pair("c", "1")));
  batch->Delete("bb");
  EXPECT_THAT(AllRows(*batch, "bb", "d"), ElementsAre(Pair("c", "1")));
  ASSERT_TRUE(table->Commit(*batch, 1, 2).ok());
  EXPECT_THAT(AllRows(*table->Snapshot()),
              ElementsAre(Pair("b", "2"), Pair("c", "1"), Pair("d", "2")));
}

// Against one map that is changed alike: rows, ranges, a look at one range inside another, ends.
TEST_P(ReadModelContract, RandomChangesReadAsInOneMap) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  const auto key = [&] { return std::string(random() % 4, static_cast<char>('a' + random() % 3)); };
  auto table = OpenTable("qn", "case-list@1");
  std::map<std::string, std::string> expected;
  uint64_t applied = 0;
  auto batch = table->NewBatch();
  for (int step = 0; step < 3000; ++step) {
    const std::string at = key() + key();
    switch (random() % 6) {
      case 0:
      case 1: {
        const std::string value = std::to_string(random() % 10);
        batch->Put(at, value);
        expected[at] = value;
        break;
      }
      case 2:
        batch->Delete(at);
        expected.erase(at);
        break;
      case 3: {
        const auto it = expected.find(at);
        ASSERT_EQ(batch->Get(at).value(),
                  it == expected.end() ? std::nullopt : std::optional(it->second));
        break;
      }
      case 4: {
        const std::string end = key();
        Rows rows;
        const size_t most = random() % 8;
        ASSERT_TRUE(batch
                        ->Scan(at, end,
                               [&](std::string_view row, std::string_view value) {
                                 rows.emplace_back(row, value);
                                 EXPECT_THAT(AllRows(*batch, at, end)[rows.size() - 1],
                                             Pair(row, value));
                                 return rows.size() < most;
                               })
                        .ok());
        Rows wanted;
        for (auto it = expected.lower_bound(at);
             it != expected.end() && (end.empty() || it->first < end); ++it) {
          wanted.emplace_back(it->first, it->second);
          if (wanted.size() >= most) break;
        }
        ASSERT_EQ(rows, wanted);
        break;
      }
      default:
        if (random() % 10 != 0) break;
        ASSERT_TRUE(table->Commit(*batch, applied, applied + 1).ok());
        EXPECT_EQ(batch->changed_bytes(), 0u);
        ++applied;
        if (random() % 2 == 0) batch = table->NewBatch();
    }
  }
  ASSERT_TRUE(table->Commit(*batch, applied, applied + 1).ok());
  EXPECT_EQ(AllRows(*table->Snapshot()), Rows(expected.begin(), expected.end()));
}

TEST_P(ReadModelContract, ChangedBytesAreThoseOfKeysAndNewestValues) {
  auto batch = OpenTable("qn", "case-list@1")->NewBatch();
  EXPECT_EQ(batch->changed_bytes(), 0u);
  batch->Put("key", "12345");
  EXPECT_EQ(batch->changed_bytes(), 8u);
  batch->Put("key", "1");
  batch->Put("other", "");
  EXPECT_EQ(batch->changed_bytes(), 9u);
  batch->Delete("key");
  EXPECT_EQ(batch->changed_bytes(), 8u);
}

TEST_P(ReadModelContract, ScanGoesFromBeginToBeforeEndInByteOrder) {
  auto table = OpenTable("qn", "case-list@1");
  const std::string zero("a\0", 2);
  Write(*table, 0, 1, {{"a", "1"}, {zero, "2"}, {"ab", "3"}, {"\xff\xff", "4"}, {"", "0"}});
  EXPECT_THAT(AllRows(*table->Snapshot()),
              ElementsAre(Pair("", "0"), Pair("a", "1"), Pair(zero, "2"), Pair("ab", "3"),
                          Pair("\xff\xff", "4")));
  EXPECT_THAT(AllRows(*table->Snapshot(), zero, "\xff\xff"),
              ElementsAre(Pair(zero, "2"), Pair("ab", "3")));
}

TEST_P(ReadModelContract, ScanStopsWhenToldTo) {
  auto table = OpenTable("qn", "case-list@1");
  Write(*table, 0, 1, {{"a", "1"}, {"b", "2"}, {"c", "3"}});
  int seen = 0;
  ASSERT_TRUE(table->Snapshot()
                  ->Scan("", "", [&](std::string_view, std::string_view) { return ++seen < 2; })
                  .ok());
  EXPECT_EQ(seen, 2);
}

TEST_P(ReadModelContract, KeysNeverCrossTablesOrLedgers) {
  auto table = OpenTable("qn", "a");
  auto longer = OpenTable("qn", "ab");
  auto other = OpenTable("qna", "a");
  Write(*table, 0, 1, {{"k", "qn/a"}});
  Write(*longer, 0, 2, {{"k", "qn/ab"}});
  Write(*other, 0, 3, {{"k", "qna/a"}});
  EXPECT_THAT(AllRows(*table->Snapshot()), ElementsAre(Pair("k", "qn/a")));
  EXPECT_THAT(AllRows(*longer->Snapshot()), ElementsAre(Pair("k", "qn/ab")));
  EXPECT_THAT(AllRows(*other->Snapshot()), ElementsAre(Pair("k", "qna/a")));
  EXPECT_THAT(store_->ListTables("qn").value(), ElementsAre("a", "ab"));
  EXPECT_THAT(store_->ListTables("qna").value(), ElementsAre("a"));
  EXPECT_THAT(store_->ListTables("q").value(), IsEmpty());
}

TEST_P(ReadModelContract, DropTakesOneTableOnlyAndItBeginsAnew) {
  auto table = OpenTable("qn", "a");
  auto other = OpenTable("qn", "ab");
  Write(*table, 0, 1, {{"k", "1"}});
  Write(*other, 0, 1, {{"k", "2"}});
  const auto held = table->Snapshot();
  ASSERT_TRUE(store_->DropTable("qn", "a").ok());
  EXPECT_THAT(store_->ListTables("qn").value(), ElementsAre("ab"));
  EXPECT_THAT(AllRows(*held), ElementsAre(Pair("k", "1"))) << "a snapshot outlives the drop";
  auto batch = table->NewBatch();
  EXPECT_EQ(table->Commit(*batch, 1, 2).code(), absl::StatusCode::kFailedPrecondition);
  auto again = OpenTable("qn", "a");
  EXPECT_EQ(again->Snapshot()->applied_events(), 0u);
  EXPECT_THAT(AllRows(*again->Snapshot()), IsEmpty());
  EXPECT_THAT(AllRows(*other->Snapshot()), ElementsAre(Pair("k", "2")));
}

TEST_P(ReadModelContract, DroppingAnUnknownTableIsFine) {
  EXPECT_TRUE(store_->DropTable("qn", "nothing").ok());
}

TEST_P(ReadModelContract, HandlesOfOneTableSeeTheSameRows) {
  auto one = OpenTable("qn", "a");
  auto two = OpenTable("qn", "a");
  Write(*one, 0, 1, {{"k", "1"}});
  EXPECT_EQ(two->Snapshot()->applied_events(), 1u);
  Write(*two, 1, 2, {{"k", "2"}});
  EXPECT_EQ(one->Snapshot()->Get("k").value(), "2");
}

TEST_P(ReadModelContract, ClosedStoreOpensNothing) {
  ASSERT_TRUE(store_->Close().ok());
  EXPECT_EQ(store_->OpenTable("qn", "a").status().code(), absl::StatusCode::kUnavailable);
}

INSTANTIATE_TEST_SUITE_P(Stores, ReadModelContract,
                         ::testing::Values(StoreKind::kMemory, StoreKind::kRocksDb), NameOf);

class RocksDbReadModels : public ReadModelContract {};

TEST_P(RocksDbReadModels, RowsPositionAndTablesSurviveReopening) {
  auto table = OpenTable("qn", "a");
  OpenTable("qn", "empty");
  Write(*table, 0, 7, {{"k", "1"}});
  auto unfinished = table->NewBatch();
  unfinished->Put("k", "never committed");
  unfinished.reset();
  table.reset();
  ASSERT_TRUE(store_->Close().ok());
  store_ = Open();
  EXPECT_THAT(store_->ListTables("qn").value(), ElementsAre("a", "empty"));
  auto again = OpenTable("qn", "a");
  EXPECT_EQ(again->Snapshot()->applied_events(), 7u);
  EXPECT_THAT(AllRows(*again->Snapshot()), ElementsAre(Pair("k", "1")));
}

TEST_P(RocksDbReadModels, NamesThatDoNotFitAKeyAreRefused) {
  EXPECT_EQ(store_->OpenTable("qn", "").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(store_->OpenTable(std::string(256, 'l'), "a").status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_P(RocksDbReadModels, SecondOpenerOfTheDirectoryIsRefused) {
  EXPECT_EQ(OpenRocksDbReadModels({.path = directory_.path(), .env = nullptr}).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

INSTANTIATE_TEST_SUITE_P(Stores, RocksDbReadModels, ::testing::Values(StoreKind::kRocksDb), NameOf);

}  // namespace
}  // namespace caseledger::projections::testing
