// Backups made while the store is written to: complete, incremental, bounded, and never at the cost
// of the ones before.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <map>
#include <thread>

#include "rocksdb/env.h"
#include "tests/contract/backup/backup_fixture.h"
#include "tests/support/faulty_file_system.h"

namespace caseledger::eventstore::testing {
namespace {

using caseledger::testing::FaultyFileSystem;
using caseledger::testing::ReadFile;
using caseledger::testing::WriteFile;
using std::chrono::steady_clock;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using CreateBackup = BackupTest;

TEST_F(CreateBackup, TheManifestSaysWhatIsInTheBackup) {
  Fill(*log_, 20);
  Fill(*other_log_, 3);
  const MadeBackup made = MustCreate();
  EXPECT_EQ(made.manifest.id, 1u);
  EXPECT_EQ(made.manifest.created_at, clock_.Now());
  ASSERT_EQ(made.manifest.ledgers.size(), 2u);
  const BackupLedger& ledger = made.manifest.ledgers[1];
  EXPECT_EQ(ledger.ledger, kLedger);
  EXPECT_EQ(ledger.head.next_position, 40u);
  EXPECT_EQ(ledger.head.last_leaf_hash, log_->Head().last_leaf_hash);
  EXPECT_EQ(ledger.head.last_recorded_at, log_->Head().last_recorded_at);
  EXPECT_EQ(made.manifest.ledgers[0].head.next_position, 6u);
  ASSERT_EQ(made.manifest.parts.size(), 1u);
  EXPECT_EQ(made.manifest.parts[0].name, "log");
  EXPECT_GT(made.manifest.parts[0].bytes, 0u);

  const auto listed = ManifestStore(options_.directory).Find(0);
  ASSERT_TRUE(listed.ok()) << listed.status();
  EXPECT_EQ(listed->ledgers, made.manifest.ledgers);
  EXPECT_TRUE(Verify().ok()) << Verify();
}

TEST_F(CreateBackup, AnEmptyLedgerIsBackedUpToo) {
  const MadeBackup made = MustCreate();
  ASSERT_EQ(made.manifest.ledgers.size(), 2u);
  EXPECT_EQ(made.manifest.ledgers[0].head.next_position, 0u);
  EXPECT_TRUE(Verify().ok()) << Verify();
}

TEST_F(CreateBackup, TheSecondBackupCopiesOnlyWhatIsNew) {
  // RocksDB may rewrite a table file between the two (it does once a snapshot that was open at the
  // flush is let go), and what it wrote anew is new to the backup.
  ASSERT_TRUE(host_.store()
                  .WithDatabase([](rocksdb::DB& db) {
                    return db.SetOptions({{"disable_auto_compactions", "true"}}).ok()
                               ? absl::OkStatus()
                               : absl::InternalError("not set");
                  })
                  .ok());
  Fill(*log_, 500, 4000);
  const MadeBackup first = MustCreate();
  EXPECT_GT(first.copied_bytes, 1'900'000u);
  Fill(*log_, 10);
  const MadeBackup second = MustCreate();
  EXPECT_EQ(second.manifest.id, 2u);
  EXPECT_LT(second.copied_bytes, 50'000u);
  EXPECT_GT(second.manifest.bytes(), 1'900'000u);
  EXPECT_TRUE(Verify(1).ok()) << Verify(1);
  EXPECT_TRUE(Verify(2).ok()) << Verify(2);
}

TEST_F(CreateBackup, ProgressCountsUpToItsTotal) {
  Fill(*log_, 500, 8000);
  std::map<BackupProgress::Phase, BackupProgress> last;
  const auto listen = [&](const BackupProgress& now) {
    BackupProgress& before = last[now.phase];
    EXPECT_GE(now.done, before.done);
    EXPECT_LE(now.done, now.total);
    before = now;
    return true;
  };
  ASSERT_TRUE(Maker()->Create(0, listen).ok());
  ASSERT_TRUE(VerifyRocksDbBackup(options_.directory, 0, listen).ok());
  ASSERT_EQ(last.size(), 3u);
  for (const auto& [phase, progress] : last) EXPECT_EQ(progress.done, progress.total);
  EXPECT_GT(last[BackupProgress::Phase::kCopyingFiles].total, 4'000'000u);
  EXPECT_EQ(last[BackupProgress::Phase::kReadingEvents].total, 1000u);
}

struct Latencies {
  std::vector<double> during;
  std::vector<double> outside;
};

// Milliseconds that `hundredths` of the values stay below.
double Percentile(std::vector<double> values, size_t hundredths) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[values.size() * hundredths / 100];
}

void PrintLatencies(const char* when, const std::vector<double>& values) {
  std::printf("%s: %zu appends, p50 %.2f ms, p99 %.2f ms, most %.2f ms\n", when, values.size(),
              Percentile(values, 50), Percentile(values, 99),
              values.empty() ? 0 : *std::max_element(values.begin(), values.end()));
}

// Writers never wait for a backup to end, and each backup is one moment of the log: all that was
// acknowledged before it began, and no half append.
TEST_F(CreateBackup, WhileWritersAppendEachBackupIsOneMomentOfTheLog) {
  constexpr int kWriters = 4;
  constexpr int kBackups = 4;
  options_.bytes_per_second = 64u << 20;
  Fill(*log_, 3000, 8000);
  std::atomic<bool> ending = false;
  std::atomic<bool> backing_up = false;
  std::atomic<uint64_t> appended = 0;
  std::vector<Latencies> latencies(kWriters);
  std::vector<std::thread> writers;
  for (Latencies& mine : latencies) {
    writers.emplace_back([&] {
      while (!ending) {
        const bool during = backing_up;
        const auto begin = steady_clock::now();
        const auto result = log_->Append(NextRequest(500));
        const std::chrono::duration<double, std::milli> took = steady_clock::now() - begin;
        ASSERT_TRUE(result.ok()) << result.status();
        (during && backing_up ? mine.during : mine.outside).push_back(took.count());
        ++appended;
      }
    });
  }
  const auto wait_for_appends = [&](uint64_t more) {
    for (const uint64_t until = appended + more; appended < until;) std::this_thread::yield();
  };
  for (int i = 0; i < kBackups; ++i) {
    wait_for_appends(300);
    const uint64_t acknowledged = log_->Head().next_position;
    backing_up = true;
    const MadeBackup made = MustCreate();
    backing_up = false;
    ASSERT_EQ(made.manifest.ledgers.size(), 2u);
    const uint64_t backed_up = made.manifest.ledgers[1].head.next_position;
    EXPECT_GE(backed_up, acknowledged);
    EXPECT_EQ(backed_up % 2, 0u) << "half an append";
  }
  wait_for_appends(300);
  ending = true;
  for (std::thread& writer : writers) writer.join();
  for (const uint64_t id : ListedIds()) EXPECT_TRUE(Verify(id).ok()) << id << Verify(id);

  Latencies all;
  for (const Latencies& one : latencies) {
    all.during.insert(all.during.end(), one.during.begin(), one.during.end());
    all.outside.insert(all.outside.end(), one.outside.begin(), one.outside.end());
  }
  PrintLatencies("during backups", all.during);
  PrintLatencies("between backups", all.outside);
}

TEST_F(CreateBackup, ASecondOneAtTheSameTimeIsRefused) {
  Fill(*log_, 500, 4000);
  absl::Status second;
  absl::Status verify;
  const auto made = Maker()->Create(0, [&](const BackupProgress&) {
    second = Maker()->Create(0, KeepGoing).status();
    verify = Verify();
    return true;
  });
  EXPECT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(second.code(), absl::StatusCode::kAborted) << second;
  EXPECT_EQ(verify.code(), absl::StatusCode::kAborted) << verify;
  EXPECT_THAT(ListedIds(), ElementsAre(1));
}

TEST_F(CreateBackup, KeepLetsOnlyOlderOnesGo) {
  for (int i = 0; i < 4; ++i) {
    Fill(*log_, 5);
    EXPECT_THAT(MustCreate().removed_ids, IsEmpty());
  }
  Fill(*log_, 5);
  EXPECT_THAT(MustCreate(2).removed_ids, ElementsAre(1, 2, 3));
  EXPECT_THAT(ListedIds(), ElementsAre(4, 5));
  EXPECT_THAT(FilesEndingIn(options_.directory + "/log/meta", "").size(), 2u);
  EXPECT_TRUE(Verify(4).ok()) << Verify(4);
  EXPECT_TRUE(Verify(5).ok()) << Verify(5);
}

// The copy's files rot between copying and checking.
TEST_F(CreateBackup, NothingIsLetGoForABackupThatIsDamaged) {
  Fill(*log_, 100);
  MustCreate();
  Fill(*log_, 5);
  bool damaged = false;
  const auto made = Maker()->Create(1, [&](const BackupProgress& now) {
    if (now.phase != BackupProgress::Phase::kCheckingFiles || now.done > 0) return true;
    for (const auto& path : FilesEndingIn(options_.directory + "/log/shared_checksum", ".sst")) {
      std::string bytes = ReadFile(path);
      bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
      WriteFile(path, bytes);
      damaged = true;
    }
    return true;
  });
  ASSERT_TRUE(damaged);
  EXPECT_EQ(made.status().code(), absl::StatusCode::kDataLoss) << made.status();
  EXPECT_THAT(std::string(made.status().message()), HasSubstr("no older one was removed"));
  EXPECT_THAT(ListedIds(), ElementsAre(1, 2));
}

TEST_F(CreateBackup, AStoppedOneLeavesNothingAndTheNextOneWorks) {
  Fill(*log_, 10);
  MustCreate();
  Fill(*log_, 500, 8000);
  const auto stopped = Maker()->Create(0, [](const BackupProgress&) { return false; });
  EXPECT_EQ(stopped.status().code(), absl::StatusCode::kCancelled) << stopped.status();
  EXPECT_THAT(ListedIds(), ElementsAre(1));
  EXPECT_TRUE(Verify().ok()) << Verify();
  EXPECT_EQ(MustCreate().manifest.id, 2u);
  EXPECT_TRUE(Verify().ok()) << Verify();
}

// Wherever the disk of the backups fails, the store goes on and older backups stay whole.
TEST_F(CreateBackup, AFailingBackupDiskHarmsNeitherTheStoreNorOlderBackups) {
  const auto faults = std::make_shared<FaultyFileSystem>(rocksdb::FileSystem::Default());
  const std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(faults);
  options_.env = env.get();
  Fill(*log_, 50);
  MustCreate();
  int failed = 0;
  using caseledger::testing::Fault;
  using caseledger::testing::FaultPlan;
  using caseledger::testing::Io;
  FaultPlan full;
  full.io = Io::kAppend;
  full.fault = Fault::kNoSpace;
  FaultPlan torn;
  torn.io = Io::kAppend;
  torn.fault = Fault::kTorn;
  torn.lasts = true;
  FaultPlan unsynced;
  unsynced.io = Io::kSync;
  unsynced.lasts = true;
  for (FaultPlan plan : {full, torn, unsynced}) {
    for (const int64_t succeed_first : {0, 1, 2, 3}) {
      SCOPED_TRACE(succeed_first);
      Fill(*log_, 5);
      plan.succeed_first = succeed_first;
      faults->Inject(plan);
      const auto made = Maker()->Create(0, KeepGoing);
      failed += made.ok() ? 0 : 1;
      if (!made.ok()) {
        EXPECT_EQ(made.status().code(), absl::StatusCode::kUnavailable) << made.status();
      }
      faults->Heal();
      for (const uint64_t id : ListedIds()) EXPECT_TRUE(Verify(id).ok()) << Verify(id);
    }
  }
  EXPECT_GE(failed, 6);
  MustCreate();
  EXPECT_TRUE(Verify().ok()) << Verify();
}

// As a crash between copying and listing leaves it.
TEST_F(CreateBackup, ACopyWithoutManifestIsNoBackupAndIsRemovedByTheNextOne) {
  Fill(*log_, 10);
  MustCreate();
  MustCreate();
  ASSERT_TRUE(ManifestStore(options_.directory).Remove(2).ok());
  EXPECT_THAT(ListedIds(), ElementsAre(1));
  EXPECT_EQ(Verify(2).code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(Verify().ok()) << Verify();
  EXPECT_EQ(MustCreate().manifest.id, 3u) << "numbers are not used twice";
  EXPECT_THAT(FilesEndingIn(options_.directory + "/log/meta", "").size(), 2u);
  EXPECT_TRUE(Verify(3).ok()) << Verify(3);
}

// RocksDB would clear the rest of such a backup away.
TEST_F(CreateBackup, ABackupWithMissingFilesIsLeftAsItIs) {
  Fill(*log_, 10);
  MustCreate();
  Fill(*log_, 10);
  MustCreate();
  const std::string manifest = FilesEndingIn(options_.directory + "/log/private/1", "").at(1);
  const std::string bytes = ReadFile(manifest);
  std::filesystem::remove(manifest);
  const auto count = [&] {
    return FilesEndingIn(options_.directory + "/log/private/1", "").size();
  };
  const size_t left = count();
  const auto made = Maker()->Create(0, KeepGoing);
  EXPECT_EQ(made.status().code(), absl::StatusCode::kDataLoss) << made.status();
  EXPECT_EQ(count(), left);
  EXPECT_THAT(ListedIds(), ElementsAre(1, 2));
  EXPECT_TRUE(Verify(2).ok()) << Verify(2);
  WriteFile(manifest, bytes);
  EXPECT_TRUE(Verify(1).ok()) << Verify(1);
  MustCreate();
}

TEST_F(CreateBackup, LostManifestsAreNotTakenForInterruptedBackups) {
  Fill(*log_, 10);
  for (int i = 0; i < 3; ++i) MustCreate();
  for (const uint64_t id : {uint64_t{1}, uint64_t{2}, uint64_t{3}}) {
    ASSERT_TRUE(ManifestStore(options_.directory).Remove(id).ok());
  }
  const auto made = Maker()->Create(0, KeepGoing);
  EXPECT_EQ(made.status().code(), absl::StatusCode::kFailedPrecondition) << made.status();
  EXPECT_THAT(FilesEndingIn(options_.directory + "/log/meta", "").size(), 3u);
}

// Else letting old backups go could lose the only copy of an event.
TEST_F(CreateBackup, AStoreThatDoesNotContinueTheNewestBackupIsRefused) {
  Fill(*log_, 10);
  MustCreate();
  Fill(*log_, 10);
  MustCreate();
  const std::string older = NewPath();
  ASSERT_TRUE(Restore(older, 1).ok());
  CloseLogs();
  ASSERT_TRUE(host_.CloseEngine().ok());
  host_.options().path = older + "/log";
  ASSERT_TRUE(host_.Open().ok());
  OpenLogs();
  const auto shorter = Maker()->Create(0, KeepGoing);
  EXPECT_EQ(shorter.status().code(), absl::StatusCode::kFailedPrecondition) << shorter.status();
  Fill(*log_, 30);
  const auto diverged = Maker()->Create(1, KeepGoing);
  EXPECT_EQ(diverged.status().code(), absl::StatusCode::kFailedPrecondition) << diverged.status();
  EXPECT_THAT(std::string(diverged.status().message()), HasSubstr("another"));
  EXPECT_THAT(ListedIds(), ElementsAre(1, 2));

  options_.directory = NewPath();
  MustCreate();
  EXPECT_TRUE(Verify().ok()) << Verify();
}

TEST_F(CreateBackup, AClosedStoreIsNotBackedUp) {
  Fill(*log_, 10);
  const auto maker = Maker();
  CloseLogs();
  ASSERT_TRUE(host_.engine().Close().ok());
  const auto made = maker->Create(0, KeepGoing);
  EXPECT_EQ(made.status().code(), absl::StatusCode::kUnavailable) << made.status();
  EXPECT_THAT(ListedIds(), IsEmpty());
}

}  // namespace
}  // namespace caseledger::eventstore::testing
