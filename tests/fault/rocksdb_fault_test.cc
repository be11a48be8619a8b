// The RocksDB engine on a disk that fails, and after power cuts.
#include <algorithm>
#include <functional>
#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/env.h"
#include "tests/contract/engine_test_data.h"
#include "tests/contract/rocksdb_host.h"
#include "tests/support/faulty_file_system.h"

namespace caseledger::testing {
namespace {

using Fault = FaultyFileSystem::Fault;
using ::testing::HasSubstr;

constexpr char kWal[] = ".log";
constexpr char kTable[] = ".sst";

class RocksDbFault : public ::testing::Test {
 protected:
  RocksDbFault() {
    options_.env = env_.get();
    options_.write_buffer_bytes = 64u << 10;  // flushes often
  }

  void Open() {
    auto opened = eventstore::OpenRocksDbEngine(options_);
    ASSERT_TRUE(opened.ok()) << opened.status();
    engine_ = *std::move(opened);
  }

  void OpenWithEvents(uint64_t count) {
    Open();
    ASSERT_TRUE(engine_->CreateLedger(InfoOf("a")).ok());
    ASSERT_TRUE(AppendMany(*engine_, "a", count, record_bytes_).ok());
  }

  // Heals the disk, reopens, and checks that every acknowledged event is there as written, and at
  // most one more.
  void ExpectReopensWith(uint64_t acknowledged) {
    engine_.reset();
    faults_->Inject(Fault::kNone, "");
    Open();
    ASSERT_NE(engine_, nullptr);
    const auto head = engine_->LoadHead("a");
    ASSERT_TRUE(head.ok()) << head.status();
    EXPECT_GE(head->next_position, acknowledged);
    EXPECT_LE(head->next_position, acknowledged + 1) << "only the unknown commit may be there too";
    const auto events = ReadAll(*engine_, "a", 0, head->next_position);
    ASSERT_TRUE(events.ok()) << events.status();
    for (const auto& event : *events) {
      ASSERT_EQ(event.record, RecordAt(event.position, "record", record_bytes_));
    }
    EXPECT_EQ(ReadAllOf(*engine_, "a", Stream(1, 1))->size(), head->next_position);
    EXPECT_TRUE(AppendMany(*engine_, "a", 2, record_bytes_).ok());
  }

  // Commits until one fails or `limit` is reached; returns how many were acknowledged.
  uint64_t AppendUntilFailure(uint64_t limit) {
    for (uint64_t done = 0; done < limit; ++done) {
      if (!AppendMany(*engine_, "a", 1, record_bytes_).ok()) return done;
    }
    return limit;
  }

  void ExpectFailStop(Fault fault) {
    OpenWithEvents(5);
    faults_->Inject(fault, kWal);
    const absl::Status first = AppendMany(*engine_, "a", 1);
    EXPECT_EQ(first.code(), absl::StatusCode::kUnavailable) << first;
    EXPECT_THAT(std::string(first.message()), HasSubstr("outcome of this commit is unknown"));
    EXPECT_THAT(std::string(first.message()), HasSubstr("until the server is restarted"));

    faults_->Inject(Fault::kNone, "");  // a disk that is well again changes nothing
    const int64_t syncs = faults_->SyncsOf(kWal);
    const absl::Status second = AppendMany(*engine_, "a", 1);
    EXPECT_EQ(second.code(), absl::StatusCode::kUnavailable) << second;
    EXPECT_THAT(std::string(second.message()), HasSubstr("nothing was written"));
    EXPECT_EQ(engine_->CreateLedger(InfoOf("b")).code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(ReadAll(*engine_, "a", 0, 5)->size(), 5u) << "what was acknowledged stays readable";
    EXPECT_EQ(engine_->Close().code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(faults_->SyncsOf(kWal), syncs) << "a failed sync must never be tried again";
    ExpectReopensWith(5);
  }

  TemporaryDirectory directory_;
  std::shared_ptr<FaultyFileSystem> faults_ = std::make_shared<FaultyFileSystem>();
  std::unique_ptr<rocksdb::Env> env_ = rocksdb::NewCompositeEnv(faults_);
  eventstore::RocksDbOptions options_ = SmallOptions(directory_);
  size_t record_bytes_ = 0;
  std::unique_ptr<eventstore::Engine> engine_;
};

TEST_F(RocksDbFault, AFailedSyncStopsAllWritesUntilReopened) { ExpectFailStop(Fault::kSync); }

TEST_F(RocksDbFault, AFullDiskStopsAllWritesUntilReopened) { ExpectFailStop(Fault::kAppend); }

TEST_F(RocksDbFault, AHalfWrittenCommitStopsAllWritesUntilReopened) {
  ExpectFailStop(Fault::kTornAppend);
}

TEST_F(RocksDbFault, EveryCommitAsksForASync) {
  OpenWithEvents(0);
  const int64_t before = faults_->SyncsOf(kWal);
  ASSERT_TRUE(AppendMany(*engine_, "a", 20).ok());
  EXPECT_EQ(faults_->SyncsOf(kWal), before + 20);
}

TEST_F(RocksDbFault, APowerCutTakesNothingAcknowledged) {
  record_bytes_ = 2000;  // 200 of them fill the write buffer several times
  OpenWithEvents(200);
  engine_.reset();
  faults_->DropUnsyncedBytes();
  ExpectReopensWith(200);
}

TEST_F(RocksDbFault, AFailedBackgroundFlushStopsWritesAndLosesNothing) {
  record_bytes_ = 2000;
  OpenWithEvents(5);
  faults_->Inject(Fault::kSync, kTable);
  const uint64_t more = AppendUntilFailure(5000);
  ASSERT_LT(more, 5000u);
  EXPECT_TRUE(faults_->struck());
  EXPECT_EQ(AppendMany(*engine_, "a", 1).code(), absl::StatusCode::kUnavailable);
  engine_.reset();
  faults_->DropUnsyncedBytes();
  ExpectReopensWith(5 + more);
}

// The disk fails at the n-th sync of whatever file, and the power goes with it.
TEST_F(RocksDbFault, AcknowledgedEventsSurviveAFailureAtAnySync) {
  record_bytes_ = 2000;
  OpenWithEvents(1);
  uint64_t acknowledged = 1;
  for (int64_t nth = 0; nth < 60; nth += 3) {
    SCOPED_TRACE(nth);
    faults_->Inject(Fault::kSync, "", nth);
    acknowledged += AppendUntilFailure(500);
    EXPECT_TRUE(faults_->struck());
    engine_.reset();
    faults_->DropUnsyncedBytes();
    ExpectReopensWith(acknowledged);
    if (HasFatalFailure()) return;
    acknowledged = engine_->LoadHead("a")->next_position;
  }
}

TEST_F(RocksDbFault, ADirectoryThatCannotBeSyncedIsNotOpened) {
  faults_->Inject(Fault::kDirectorySync, "");
  const absl::Status status = eventstore::OpenRocksDbEngine(options_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  faults_->Inject(Fault::kNone, "");
  OpenWithEvents(1);
}

}  // namespace
}  // namespace caseledger::testing
