// The RocksDB engine on a disk that fails, and after power cuts.
#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "eventstore/engine/rocksdb/rocksdb_engine.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/env.h"
#include "tests/contract/engine_test_data.h"
#include "tests/support/faulty_file_system.h"
#include "tests/support/memory_disk.h"

namespace caseledger::testing {
namespace {

using ::testing::HasSubstr;

constexpr char kWal[] = ".log";
constexpr char kTable[] = ".sst";

class RocksDbFault : public ::testing::Test {
 protected:
  RocksDbFault() {
    UseDisk(std::make_shared<MemoryDisk>(DiskImage{{}, {"/disk"}}));
    options_.path = "/disk/store";
    options_.block_cache_bytes = 1u << 20;
    options_.write_buffer_bytes = 64u << 10;  // flushes often
  }

  void UseDisk(std::shared_ptr<MemoryDisk> disk) {
    disk_ = std::move(disk);
    faults_ = std::make_shared<FaultyFileSystem>(disk_);
    env_ = rocksdb::NewCompositeEnv(faults_);
    options_.env = env_.get();
  }

  void CutPower() {
    engine_.reset();
    UseDisk(std::make_shared<MemoryDisk>(disk_->AfterPowerCut(MemoryDisk::Survives::kNothing)));
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
    faults_->Heal();
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

  void ExpectFailStop(Io io, Fault fault) {
    OpenWithEvents(5);
    faults_->Inject({.io = io, .suffix = kWal, .fault = fault, .lasts = true});
    const absl::Status first = AppendMany(*engine_, "a", 1);
    EXPECT_EQ(first.code(), absl::StatusCode::kUnavailable) << first;
    EXPECT_THAT(std::string(first.message()), HasSubstr("outcome of this commit is unknown"));
    EXPECT_THAT(std::string(first.message()), HasSubstr("until the server is restarted"));

    faults_->Heal();  // a disk that is well again changes nothing
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

  std::shared_ptr<MemoryDisk> disk_;
  std::shared_ptr<FaultyFileSystem> faults_;
  std::unique_ptr<rocksdb::Env> env_;
  eventstore::RocksDbOptions options_;
  size_t record_bytes_ = 0;
  std::unique_ptr<eventstore::Engine> engine_;
};

TEST_F(RocksDbFault, AFailedSyncStopsAllWritesUntilReopened) {
  ExpectFailStop(Io::kSync, Fault::kError);
}

TEST_F(RocksDbFault, AFullDiskStopsAllWritesUntilReopened) {
  ExpectFailStop(Io::kAppend, Fault::kNoSpace);
}

TEST_F(RocksDbFault, AHalfWrittenCommitStopsAllWritesUntilReopened) {
  ExpectFailStop(Io::kAppend, Fault::kTorn);
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
  CutPower();
  ExpectReopensWith(200);
}

TEST_F(RocksDbFault, AFailedBackgroundFlushStopsWritesAndLosesNothing) {
  record_bytes_ = 2000;
  OpenWithEvents(5);
  faults_->Inject({.io = Io::kSync, .suffix = kTable, .lasts = true});
  const uint64_t more = AppendUntilFailure(5000);
  ASSERT_LT(more, 5000u);
  EXPECT_TRUE(faults_->struck());
  EXPECT_EQ(AppendMany(*engine_, "a", 1).code(), absl::StatusCode::kUnavailable);
  CutPower();
  ExpectReopensWith(5 + more);
}

// The disk fails at the n-th sync of whatever file, and the power goes with it.
TEST_F(RocksDbFault, AcknowledgedEventsSurviveAFailureAtAnySync) {
  record_bytes_ = 2000;
  OpenWithEvents(1);
  uint64_t acknowledged = 1;
  for (int64_t nth = 0; nth < 60; nth += 3) {
    SCOPED_TRACE(nth);
    faults_->Inject({.io = Io::kSync, .suffix = "", .succeed_first = nth, .lasts = true});
    acknowledged += AppendUntilFailure(500);
    EXPECT_TRUE(faults_->struck());
    CutPower();
    ExpectReopensWith(acknowledged);
    if (HasFatalFailure()) return;
    acknowledged = engine_->LoadHead("a")->next_position;
  }
}

TEST_F(RocksDbFault, ADirectoryThatCannotBeSyncedIsNotOpened) {
  faults_->Inject({.io = Io::kDirectorySync, .suffix = "", .lasts = true});
  const absl::Status status = eventstore::OpenRocksDbEngine(options_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  faults_->Heal();
  OpenWithEvents(1);
}

}  // namespace
}  // namespace caseledger::testing
