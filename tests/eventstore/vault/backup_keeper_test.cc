// When backups of the vault are made, and what becomes of those that fail.
#include "eventstore/vault/backup/backup_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <future>
#include <thread>
#include <utility>

#include "tests/eventstore/vault/memory_backup_folder.h"
#include "tests/eventstore/vault/vault_fixture.h"

namespace caseledger::eventstore::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

// A directory whose disk may be away, or takes its time.
class WorldlyFolder final : public BackupFolder {
 public:
  const std::string& path() const override { return folder_.path(); }
  absl::Status Prepare() override {
    ++attempts_;
    return away_ ? absl::UnavailableError("the disk is away") : folder_.Prepare();
  }
  absl::StatusOr<std::vector<std::string>> Names() const override { return folder_.Names(); }
  absl::StatusOr<std::unique_ptr<Writer>> Make(const std::string& name) override {
    while (slow_) std::this_thread::yield();
    return folder_.Make(name);
  }
  absl::StatusOr<std::unique_ptr<Reader>> Open(const std::string& name) const override {
    return folder_.Open(name);
  }
  absl::Status Rename(const std::string& from, const std::string& to) override {
    return folder_.Rename(from, to);
  }
  absl::Status Remove(const std::string& name) override {
    return stuck_ ? absl::UnavailableError("read-only now") : folder_.Remove(name);
  }

  MemoryBackupFolder folder_;  // of the keeper's thread while that runs
  std::atomic<bool> away_ = false;
  std::atomic<bool> slow_ = false;
  std::atomic<bool> stuck_ = false;
  std::atomic<int> attempts_ = 0;
};

class BackupKeeperTest : public VaultTest {
 protected:
  void SetUp() override {
    ASSERT_TRUE(VaultTest::Start().ok());
    ASSERT_TRUE(RecordName(1).ok());
    keeper_options_.clock = &clock_;
    keeper_options_.first_wait = std::chrono::milliseconds(1);
    keeper_options_.longest_wait = std::chrono::milliseconds(4);
  }
  ~BackupKeeperTest() override { keeper_.reset(); }

  void StartKeeper() {
    keeper_ = std::make_unique<VaultBackupKeeper>(
        *vault_, folder_, keeper_options_,
        [this](const absl::StatusOr<MadeVaultBackup>& made) { made.ok() ? ++made_ : ++failed_; });
    keeper_->Start();
  }
  absl::StatusOr<VaultBackupInfo> BackUpNow() {
    return keeper_->BackUpNow([] { return true; });
  }
  static void WaitUntil(const std::function<bool()>& condition) {
    while (!condition()) std::this_thread::yield();
  }
  void WaitUntilNothingIsDue() {
    WaitUntil([this] { return !keeper_->state().due; });
  }

  WorldlyFolder folder_;
  VaultBackupKeeperOptions keeper_options_;
  std::atomic<int> made_ = 0;
  std::atomic<int> failed_ = 0;
  std::unique_ptr<VaultBackupKeeper> keeper_;
};

TEST_F(BackupKeeperTest, BeginsWithOneAndMakesOneWhenAsked) {
  StartKeeper();
  WaitUntilNothingIsDue();
  EXPECT_EQ(keeper_->state().newest.value().id, 1U);
  EXPECT_EQ(keeper_->state().newest->created_at, clock_.Now());
  clock_.Advance(kMicrosPerSecond);
  keeper_->BackUpSoon();
  WaitUntilNothingIsDue();
  EXPECT_EQ(keeper_->state().newest->id, 2U);
  EXPECT_EQ(keeper_->state().newest->created_at, clock_.Now());
  EXPECT_TRUE(keeper_->state().last.ok());
  keeper_->Stop();
  EXPECT_EQ(made_, 2);
  EXPECT_THAT(folder_.folder_.AfterThePowerCut(), SizeIs(1));
}

// What is asked for while one is made may not be in that one any more.
TEST_F(BackupKeeperTest, WhoWaitsGetsOneThatBeganAfterwards) {
  folder_.slow_ = true;
  StartKeeper();
  WaitUntil([this] { return folder_.attempts_ == 1; });
  auto waiting = std::async(std::launch::async, [this] { return BackUpNow(); });
  auto another = std::async(std::launch::async, [this] { return BackUpNow(); });
  folder_.slow_ = false;
  const absl::StatusOr<VaultBackupInfo> got = waiting.get();
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_GE(got->id, 1U);
  ASSERT_TRUE(another.get().ok());
  // Asked for in peace it is the next one, and nothing else comes.
  const uint64_t before = keeper_->state().newest->id;
  EXPECT_EQ(BackUpNow()->id, before + 1);
  EXPECT_FALSE(keeper_->state().due);
}

TEST_F(BackupKeeperTest, AFailureIsToldAndTriedAgainUntilItIsThere) {
  folder_.away_ = true;
  StartKeeper();
  WaitUntil([this] { return failed_ >= 5; });
  EXPECT_TRUE(keeper_->state().due);
  EXPECT_FALSE(keeper_->state().newest.has_value());
  EXPECT_THAT(std::string(keeper_->state().last.message()), HasSubstr("the disk is away"));
  EXPECT_TRUE(absl::IsUnavailable(BackUpNow().status())) << "who waits hears of it";
  folder_.away_ = false;
  WaitUntilNothingIsDue();
  EXPECT_TRUE(keeper_->state().last.ok());
  EXPECT_EQ(keeper_->state().newest->id, 1U);
}

TEST_F(BackupKeeperTest, WhoAsksNeedNotWaitForTheNextTry) {
  keeper_options_.first_wait = keeper_options_.longest_wait = std::chrono::hours(1);
  folder_.away_ = true;
  StartKeeper();
  WaitUntil([this] { return failed_ == 1; });
  folder_.away_ = false;
  EXPECT_EQ(keeper_->state().tries, 1U);
  EXPECT_TRUE(BackUpNow().ok());
  EXPECT_EQ(keeper_->state().tries, 2U);
}

TEST_F(BackupKeeperTest, AnOlderOneThatStaysIsTroubleAlthoughThereIsANewOne) {
  StartKeeper();
  ASSERT_TRUE(BackUpNow().ok());
  folder_.stuck_ = true;
  const absl::StatusOr<VaultBackupInfo> made = BackUpNow();
  ASSERT_TRUE(made.ok());
  EXPECT_THAT(std::string(keeper_->state().last.message()), HasSubstr("an older one is still in"));
  folder_.stuck_ = false;
  WaitUntil([this] { return keeper_->state().last.ok(); });
  keeper_->Stop();
  EXPECT_THAT(folder_.folder_.AfterThePowerCut(), SizeIs(1));
}

TEST_F(BackupKeeperTest, KnowsTheOneFromBeforeTheStart) {
  const auto made =
      VaultBackups(folder_.folder_).Create(*vault_, clock_, [] { return true; }).value();
  folder_.away_ = true;
  StartKeeper();
  EXPECT_EQ(keeper_->state().newest, made.info);
  WaitUntil([this] { return failed_ >= 1; });
  EXPECT_EQ(keeper_->state().newest, made.info);
  EXPECT_TRUE(keeper_->state().due);
}

TEST_F(BackupKeeperTest, StopsInTheMiddleOfOneAndLeavesNothing) {
  folder_.slow_ = true;
  StartKeeper();
  WaitUntil([this] { return folder_.attempts_ == 1; });
  auto waiting = std::async(std::launch::async, [this] { return BackUpNow(); });
  auto stopped = std::async(std::launch::async, [this] { keeper_->Stop(); });
  EXPECT_TRUE(absl::IsCancelled(waiting.get().status()));  // so it is told to stop
  folder_.slow_ = false;
  stopped.get();
  EXPECT_EQ(made_ + failed_, 0);
  EXPECT_TRUE(VaultBackups(folder_.folder_).List()->empty());
  EXPECT_TRUE(absl::IsCancelled(BackUpNow().status()));
}

TEST_F(BackupKeeperTest, WhoStopsWaitingDoesNotStopTheBackup) {
  folder_.slow_ = true;
  StartKeeper();
  EXPECT_TRUE(absl::IsCancelled(keeper_->BackUpNow([] { return false; }).status()));
  folder_.slow_ = false;
  WaitUntilNothingIsDue();
  EXPECT_TRUE(keeper_->state().newest.has_value());
}

}  // namespace
}  // namespace caseledger::eventstore::testing
