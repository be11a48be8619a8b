#include "projections/read_model/versioned_rows.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <map>
#include <random>

#include "tests/projections/read_model/stores.h"

namespace caseledger::projections::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr VersionedRows kRows('r');
constexpr VersionedRows kOtherRows('s');

class VersionedRowsTest : public StoreTest {
 protected:
  VersionedRowsTest() : table_(OpenTable("qn", "t@1")) {}

  using Change = std::function<absl::Status(ReadModelBatch&, uint64_t position)>;

  // Applies one event after another, each in a batch of its own.
  void Apply(const Change& change) {
    auto batch = table_->NewBatch();
    ASSERT_TRUE(change(*batch, applied_).ok());
    ASSERT_TRUE(table_->Commit(*batch, applied_, applied_ + 1).ok());
    ++applied_;
  }
  void Put(std::string key, std::string value) {
    Apply([&](ReadModelBatch& batch, uint64_t at) { return kRows.Put(batch, key, value, at); });
  }
  void Remove(std::string key) {
    Apply([&](ReadModelBatch& batch, uint64_t at) { return kRows.Remove(batch, key, at); });
  }
  Rows AsOf(uint64_t events, std::string_view begin = "", std::string_view end = "") {
    Rows rows;
    const absl::Status status = kRows.Scan(*table_->Snapshot(), begin, end, events,
                                           [&](std::string_view key, std::string_view value) {
                                             rows.emplace_back(key, value);
                                             return true;
                                           });
    EXPECT_TRUE(status.ok()) << status;
    return rows;
  }
  std::optional<std::string> Get(std::string_view key, uint64_t as_of) {
    return kRows.Get(*table_->Snapshot(), key, as_of).value();
  }

  std::unique_ptr<ReadModelTable> table_;
  uint64_t applied_ = 0;
};

TEST_P(VersionedRowsTest, VersionHoldsAsOfTheEventsThatIncludeItAndNotItsSuccessor) {
  Put("a", "first");   // position 0
  Put("a", "second");  // position 1
  Remove("a");         // position 2
  EXPECT_EQ(Get("a", 0), std::nullopt);
  EXPECT_EQ(Get("a", 1), "first");
  EXPECT_EQ(Get("a", 2), "second");
  EXPECT_EQ(Get("a", 3), std::nullopt);
  EXPECT_EQ(Get("a", kLatest), std::nullopt);
}

TEST_P(VersionedRowsTest, ScanMergesCurrentAndEndedVersionsInKeyOrder) {
  Put("b", "b0");
  Put("a", "a1");
  Put("c", "c2");
  Put("b", "b3");
  Remove("a");
  EXPECT_THAT(AsOf(0), IsEmpty());
  EXPECT_THAT(AsOf(3), ElementsAre(Pair("a", "a1"), Pair("b", "b0"), Pair("c", "c2")));
  EXPECT_THAT(AsOf(4), ElementsAre(Pair("a", "a1"), Pair("b", "b3"), Pair("c", "c2")));
  EXPECT_THAT(AsOf(5), ElementsAre(Pair("b", "b3"), Pair("c", "c2")));
  EXPECT_THAT(AsOf(kLatest), ElementsAre(Pair("b", "b3"), Pair("c", "c2")));
  EXPECT_THAT(AsOf(3, "b", "c"), ElementsAre(Pair("b", "b0")));
}

TEST_P(VersionedRowsTest, SameValueWritesNothing) {
  Put("a", "1");
  const Rows before = AllRows(*table_->Snapshot());
  Put("a", "1");
  EXPECT_EQ(AllRows(*table_->Snapshot()), before);
}

TEST_P(VersionedRowsTest, RowChangedTwiceByOneEventLeavesNoEmptyVersion) {
  Put("a", "1");
  Apply([](ReadModelBatch& batch, uint64_t at) {
    if (absl::Status status = kRows.Put(batch, "a", "2", at); !status.ok()) return status;
    return kRows.Put(batch, "a", "3", at);
  });
  EXPECT_EQ(Get("a", 1), "1");
  EXPECT_EQ(Get("a", 2), "3");
  EXPECT_EQ(AllRows(*table_->Snapshot()).size(), 2u);
}

TEST_P(VersionedRowsTest, CurrentScanReadsOnlyCurrentRows) {
  for (int i = 0; i < 20; ++i) Put("a", std::to_string(i));
  EXPECT_EQ(AllRows(*table_->Snapshot(), "rc", "rd").size(), 1u);
}

TEST_P(VersionedRowsTest, AsOfBeyondWhatIsReflectedIsRefused) {
  Put("a", "1");
  EXPECT_EQ(kRows.Get(*table_->Snapshot(), "a", 2).status().code(), absl::StatusCode::kOutOfRange);
}

TEST_P(VersionedRowsTest, SpacesDoNotMix) {
  Put("a", "1");
  Apply([](ReadModelBatch& batch, uint64_t at) { return kOtherRows.Put(batch, "a", "x", at); });
  EXPECT_THAT(AsOf(2), ElementsAre(Pair("a", "1")));
}

// Random changes against a plain list of all states.
TEST_P(VersionedRowsTest, EveryPastStateCanBeReadAgain) {
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::vector<std::string> keys = {
      "", "a", std::string("a\0", 2), std::string("a\0\1", 3), "ab", "b\xff", std::string("\0", 1)};
  std::map<std::string, std::string> now;
  std::vector<Rows> history = {{}};
  for (int i = 0; i < 300; ++i) {
    const std::string& key = keys[random() % keys.size()];
    if (random() % 4 == 0) {
      Remove(key);
      now.erase(key);
    } else {
      now[key] = std::to_string(random() % 3);
      Put(key, now[key]);
    }
    history.emplace_back(now.begin(), now.end());
  }
  for (uint64_t events = 0; events < history.size(); ++events) {
    ASSERT_EQ(AsOf(events), history[events]) << "as of " << events;
    const std::string& key = keys[events % keys.size()];
    const auto& rows = history[events];
    const auto it =
        std::find_if(rows.begin(), rows.end(), [&](const auto& row) { return row.first == key; });
    ASSERT_EQ(Get(key, events), it == rows.end() ? std::nullopt : std::optional(it->second));
  }
}

INSTANTIATE_TEST_SUITE_P(Stores, VersionedRowsTest,
                         ::testing::Values(StoreKind::kMemory, StoreKind::kRocksDb), NameOf);

}  // namespace
}  // namespace caseledger::projections::testing
