// Backups in a real directory, restored into a real store.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "eventstore/vault/backup/vault_backups.h"
#include "eventstore/vault/rocksdb/rocksdb_vault_restore.h"
#include "eventstore/vault/rocksdb/rocksdb_vault_store.h"
#include "tests/eventstore/vault/vault_fixture.h"
#include "tests/integration/support/scratch_directory.h"

namespace caseledger::eventstore::testing {
namespace {

namespace fs = std::filesystem;
using caseledger::testing::ReadWholeFile;
using caseledger::testing::ScratchDirectory;
using caseledger::testing::WriteWholeFile;
using ::testing::HasSubstr;

constexpr fs::perms kOthers = fs::perms::group_all | fs::perms::others_all;

class VaultRestoreTest : public VaultTest {
 protected:
  void SetUp() override {
    ASSERT_TRUE(StartAt(scratch_ / "vault").ok());
    ASSERT_TRUE(RecordName(1).ok());
    ASSERT_TRUE(RecordNote(2).ok());
    Create();
  }
  ~VaultRestoreTest() override { Stop(); }

  absl::Status StartAt(const std::string& path) {
    Stop();
    stored_.reset();
    RocksDbVaultOptions options;
    options.path = path;
    auto store = OpenRocksDbVaultStore(options);
    if (!store.ok()) return store.status();
    stored_ = *std::move(store);
    return Start(*stored_, wrapping_);
  }
  void Create() {
    const auto made = backups_.Create(*vault_, clock_, [] { return true; });
    ASSERT_TRUE(made.ok()) << made.status();
  }
  absl::Status Restore(const std::string& path, uint64_t id = 0) {
    return RestoreRocksDbVault(backups_, id, path).status();
  }
  static bool IsNobodyElses(const std::string& path) {
    return (fs::status(path).permissions() & kOthers) == fs::perms::none;
  }

  ScratchDirectory scratch_;
  const std::string file_ = scratch_ / "backups/of/the/vault/0000000001.vault";
  const std::unique_ptr<BackupFolder> folder_ = MakeBackupFolder(scratch_ / "backups/of/the/vault");
  VaultBackups backups_{*folder_};
  std::unique_ptr<VaultStore> stored_;
};

TEST_F(VaultRestoreTest, OpensWhatTheLostOneOpened) {
  const std::vector<std::string> texts = Opened();
  Stop();
  stored_.reset();
  fs::remove_all(scratch_ / "vault");
  ASSERT_TRUE(Restore(scratch_ / "new/place/vault/").ok());
  EXPECT_FALSE(fs::exists(scratch_ / "new/place/vault.restoring"));
  EXPECT_TRUE(IsNobodyElses(scratch_ / "new/place/vault"));
  ASSERT_TRUE(StartAt(scratch_ / "new/place/vault").ok());
  EXPECT_EQ(Opened(), texts);
  ASSERT_TRUE(RecordName(3).ok());
  // It goes on where the lost one was, also with backups.
  Create();
  EXPECT_TRUE(fs::exists(scratch_ / "backups/of/the/vault/0000000002.vault"));
  EXPECT_FALSE(fs::exists(file_));
}

TEST_F(VaultRestoreTest, BackupsAreTheirUsersAlone) {
  EXPECT_TRUE(IsNobodyElses(scratch_ / "backups/of/the/vault"));
  EXPECT_TRUE(IsNobodyElses(file_));
  fs::permissions(scratch_ / "backups/of/the/vault", fs::perms::all);
  Create();
  EXPECT_TRUE(IsNobodyElses(scratch_ / "backups/of/the/vault"));
}

TEST_F(VaultRestoreTest, NothingIsOverwritten) {
  const absl::Status there = Restore(scratch_ / "vault");
  EXPECT_TRUE(absl::IsFailedPrecondition(there)) << there;
  EXPECT_THAT(std::string(there.message()), HasSubstr("move it aside"));
  fs::create_directory(scratch_ / "empty");
  EXPECT_TRUE(Restore(scratch_ / "empty").ok());
  fs::create_directory(scratch_ / "other.restoring");
  const absl::Status interrupted = Restore(scratch_ / "other");
  EXPECT_TRUE(absl::IsFailedPrecondition(interrupted)) << interrupted;
  EXPECT_THAT(std::string(interrupted.message()), HasSubstr("delete " + scratch_ / "other.rest"));
  fs::create_symlink(scratch_ / "nowhere", scratch_ / "link");
  EXPECT_TRUE(absl::IsFailedPrecondition(Restore(scratch_ / "link")));
}

TEST_F(VaultRestoreTest, WhatIsDamagedLeavesNothingBehind) {
  std::string bytes = ReadWholeFile(file_);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  WriteWholeFile(file_, bytes);
  const absl::Status damaged = Restore(scratch_ / "new");
  EXPECT_TRUE(absl::IsDataLoss(damaged)) << damaged;
  EXPECT_THAT(std::string(damaged.message()), HasSubstr("backup 1 of the vault"));
  EXPECT_TRUE(absl::IsNotFound(Restore(scratch_ / "new", 9)));
  EXPECT_FALSE(fs::exists(scratch_ / "new"));
  EXPECT_FALSE(fs::exists(scratch_ / "new.restoring"));
}

TEST_F(VaultRestoreTest, ADirectoryThatIsNotThereHasNoBackups) {
  const auto nowhere = MakeBackupFolder(scratch_ / "nowhere");
  EXPECT_TRUE(VaultBackups(*nowhere).List()->empty());
  WriteWholeFile(scratch_ / "a-file", "");
  const auto no_directory = MakeBackupFolder(scratch_ / "a-file");
  EXPECT_TRUE(absl::IsUnavailable(VaultBackups(*no_directory).List().status()));
  EXPECT_TRUE(absl::IsUnavailable(
      VaultBackups(*no_directory).Create(*vault_, clock_, [] { return true; }).status()));
}

}  // namespace
}  // namespace caseledger::eventstore::testing
