// What a purge leaves in the files of the RocksDB store.
#include <gmock/gmock.h>

#include <functional>
#include <random>

#include "tests/projections/read_model/files_with.h"
#include "tests/projections/read_model/stores.h"

namespace caseledger::projections::testing {
namespace {

using ::testing::SizeIs;

constexpr char kTable[] = "person-search@1";

class Purge : public ::testing::Test {
 protected:
  void Open(std::chrono::microseconds wait = std::chrono::seconds(15)) {
    store_.reset();
    auto opened =
        OpenRocksDbReadModels({.path = directory_.path(), .env = nullptr, .purge_wait = wait});
    ASSERT_TRUE(opened.ok()) << opened.status();
    store_ = *std::move(opened);
    table_ = store_->OpenTable("qn", kTable).value();
  }
  void Close() {
    table_.reset();
    ASSERT_TRUE(store_->Close().ok());
    store_.reset();
  }
  // Random, so that no compression hides it.
  std::string Text() {
    std::string text;
    for (int i = 0; i < 24; ++i) text += static_cast<char>('!' + random_() % 90);
    return text;
  }
  // Applies one event.
  void Commit(const std::function<void(ReadModelBatch&)>& change) {
    auto batch = table_->NewBatch();
    change(*batch);
    const uint64_t applied = batch->applied_events();
    const absl::Status committed = table_->Commit(*batch, applied, applied + 1);
    ASSERT_TRUE(committed.ok()) << committed;
  }
  std::string InFiles(const std::string& text) const { return FilesWith(text, directory_.path()); }

  TemporaryDirectory directory_;
  std::mt19937 random_{std::random_device{}()};
  std::unique_ptr<ReadModelStore> store_;
  std::unique_ptr<ReadModelTable> table_;
};

TEST_F(Purge, LeavesNothingOfDeletedAndOverwrittenRowsAndEverythingElse) {
  Open();
  const std::string deleted = Text();
  const std::string overwritten = Text();
  const std::string kept = Text();
  Commit([&](ReadModelBatch& batch) {
    batch.Put("a" + deleted, "");
    batch.Put("b", overwritten);
    batch.Put("c", kept);
  });
  Close();
  Open();  // in a file and no longer in memory alone
  Commit([&](ReadModelBatch& batch) {
    batch.Delete("a" + deleted);
    batch.Put("b", "new");
  });
  EXPECT_NE(InFiles(deleted), "");
  EXPECT_NE(InFiles(overwritten), "");
  Commit([](ReadModelBatch& batch) { batch.PurgeDeleted(); });
  EXPECT_EQ(InFiles(deleted), "");
  EXPECT_EQ(InFiles(overwritten), "");
  EXPECT_NE(InFiles(kept), "");
  EXPECT_THAT(AllRows(*table_->Snapshot()), SizeIs(2));
  EXPECT_EQ(table_->Snapshot()->applied_events(), 3U);
}

TEST_F(Purge, ReachesRowsThatNeverLeftTheirBatchAndTablesThatWereDropped) {
  Open();
  const std::string of_batch = Text();
  const std::string of_dropped = Text();
  {
    auto dropped = store_->OpenTable("qn", "person-search@1.rebuild").value();
    auto batch = dropped->NewBatch();
    batch->Put(of_dropped, "");
    ASSERT_TRUE(dropped->Commit(*batch, 0, 1).ok());
  }
  Close();
  Open();
  ASSERT_TRUE(store_->DropTable("qn", "person-search@1.rebuild").ok());
  EXPECT_NE(InFiles(of_dropped), "");
  Commit([&](ReadModelBatch& batch) {
    batch.Put(of_batch, "");
    batch.Delete(of_batch);
    batch.PurgeDeleted();
  });
  EXPECT_EQ(InFiles(of_batch), "");
  EXPECT_EQ(InFiles(of_dropped), "");
}

TEST_F(Purge, AnOpenSnapshotPutsItOffToALaterCommit) {
  Open(std::chrono::microseconds(0));
  const std::string deleted = Text();
  Commit([&](ReadModelBatch& batch) { batch.Put(deleted, ""); });
  auto snapshot = store_->OpenTable("qn", "case-list@1").value()->Snapshot();
  Commit([&](ReadModelBatch& batch) {
    batch.Delete(deleted);
    batch.PurgeDeleted();
  });
  Commit([](ReadModelBatch& batch) { batch.Put("x", "1"); });
  EXPECT_NE(InFiles(deleted), "") << "the snapshot may still show it";
  snapshot.reset();
  Commit([](ReadModelBatch& batch) { batch.Put("x", "2"); });
  EXPECT_EQ(InFiles(deleted), "");
}

// What a batch looked at stays in the files as long as it may look again.
TEST_F(Purge, ABatchThatLooksAtRangesPutsItOffUntilItIsDone) {
  for (const bool committed : {true, false}) {
    Open(std::chrono::microseconds(0));
    const std::string deleted = Text();
    const std::string deleted_later = Text();
    Commit([&](ReadModelBatch& batch) {
      batch.Put(deleted, "");
      batch.Put(deleted_later, "");
    });
    Close();
    Open(std::chrono::microseconds(0));
    auto looking = store_->OpenTable("qn", "work-items@1").value();
    auto batch = looking->NewBatch();
    AllRows(*batch);
    Commit([&](ReadModelBatch& purging) {
      purging.Delete(deleted);
      purging.PurgeDeleted();
    });
    // Goes with the purge only if that was put off until now.
    Commit([&](ReadModelBatch& later) { later.Delete(deleted_later); });
    EXPECT_NE(InFiles(deleted), "");
    if (committed) {
      const uint64_t applied = batch->applied_events();
      ASSERT_TRUE(looking->Commit(*batch, applied, applied + 1).ok());
    }
    batch.reset();
    Commit([](ReadModelBatch& later) { later.Put("x", "2"); });
    EXPECT_EQ(InFiles(deleted), "");
    EXPECT_EQ(InFiles(deleted_later), "");
    looking.reset();
    Close();
  }
}

TEST_F(Purge, WhatWasPreventedIsDoneAtTheNextOpening) {
  Open(std::chrono::microseconds(0));
  const std::string deleted = Text();
  Commit([&](ReadModelBatch& batch) { batch.Put(deleted, ""); });
  auto snapshot = table_->Snapshot();
  Commit([&](ReadModelBatch& batch) {
    batch.Delete(deleted);
    batch.PurgeDeleted();
  });
  snapshot.reset();
  Close();
  EXPECT_NE(InFiles(deleted), "");
  Open();
  EXPECT_EQ(InFiles(deleted), "");
  EXPECT_EQ(table_->Snapshot()->applied_events(), 2U);
}

}  // namespace
}  // namespace caseledger::projections::testing
