// Backups read back: whatever is wrong with one is found, and what is restored is what was there.
#include <cstdio>
#include <filesystem>
#include <functional>

#include "eventstore/engine/rocksdb/key_codec.h"
#include "tests/contract/backup/backup_fixture.h"

namespace caseledger::eventstore::testing {
namespace {

namespace fs = std::filesystem;
using caseledger::testing::ReadFile;
using caseledger::testing::WriteFile;
using rocksdb_engine::LedgerKeys;
using ::testing::HasSubstr;

constexpr auto kDataLoss = absl::StatusCode::kDataLoss;
constexpr auto kFailedPrecondition = absl::StatusCode::kFailedPrecondition;

class VerifyBackup : public BackupTest {
 protected:
  // All files that the backup consists of.
  std::vector<std::string> Files() const {
    std::vector<std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(options_.directory)) {
      if (entry.is_regular_file() && entry.path().filename() != "LOCK") {
        files.push_back(entry.path().string());
      }
    }
    return files;
  }

  // Changes the closed store behind the engine's back.
  void Tamper(const std::function<void(rocksdb::DB&)>& change) {
    CloseLogs();
    const absl::Status status = host_.store().WithDatabase([&](rocksdb::DB& db) {
      change(db);
      return absl::OkStatus();
    });
    ASSERT_TRUE(status.ok()) << status;
  }

  static bool IsRefusal(const absl::Status& status) {
    return status.code() == kDataLoss || status.code() == kFailedPrecondition;
  }
};

using RestoreBackup = VerifyBackup;

TEST_F(VerifyBackup, AFlippedByteIsFoundInEveryFile) {
  Fill(*log_, 100);
  MustCreate();
  ASSERT_TRUE(Verify().ok()) << Verify();
  size_t flips = 0;
  for (const std::string& path : Files()) {
    const std::string intact = ReadFile(path);
    for (const size_t at : {size_t{0}, intact.size() / 3, intact.size() / 2, intact.size() - 2}) {
      if (at >= intact.size()) continue;
      std::string bytes = intact;
      bytes[at] = static_cast<char>(bytes[at] ^ 1);
      WriteFile(path, bytes);
      EXPECT_TRUE(IsRefusal(Verify())) << path << " at " << at << ": " << Verify();
      ++flips;
    }
    WriteFile(path, intact);
  }
  EXPECT_GT(flips, 20u);
  EXPECT_TRUE(Verify().ok()) << Verify();
}

TEST_F(VerifyBackup, AMissingOrTruncatedFileIsFound) {
  Fill(*log_, 100);
  MustCreate();
  for (const std::string& path : Files()) {
    if (path.find("/manifests/") != std::string::npos) continue;
    SCOPED_TRACE(path);
    const std::string intact = ReadFile(path);
    if (!intact.empty()) {
      WriteFile(path, intact.substr(0, intact.size() - 1));
      EXPECT_EQ(Verify().code(), kDataLoss) << Verify();
    }
    fs::remove(path);
    EXPECT_EQ(Verify().code(), kDataLoss) << Verify();
    WriteFile(path, intact);
  }
  EXPECT_TRUE(Verify().ok()) << Verify();
}

TEST_F(VerifyBackup, ACopyThatIsNotWhatItsManifestSaysIsFound) {
  Fill(*log_, 10);
  const BackupManifest made = MustCreate().manifest;
  const std::string path = options_.directory + "/manifests/0000000001";
  const auto expect_found = [&](const std::function<void(BackupManifest&)>& change) {
    BackupManifest manifest = made;
    change(manifest);
    WriteFile(path, EncodeManifest(manifest));
    EXPECT_EQ(Verify().code(), kDataLoss) << Verify();
    EXPECT_EQ(Restore(NewPath()).code(), kDataLoss);
  };
  expect_found([](BackupManifest& manifest) { ++manifest.ledgers[1].head.next_position; });
  expect_found([](BackupManifest& manifest) { --manifest.ledgers[1].head.next_position; });
  expect_found(
      [](BackupManifest& manifest) { manifest.ledgers[1].head.last_leaf_hash.bytes[0] ^= 1; });
  expect_found([](BackupManifest& manifest) { manifest.ledgers.pop_back(); });
  expect_found([](BackupManifest& manifest) { manifest.ledgers[0].ledger = "other"; });
  expect_found([](BackupManifest& manifest) { manifest.id = 2; });
}

TEST_F(VerifyBackup, ABackupOfANewerProgramIsRefusedNotMisread) {
  Fill(*log_, 10);
  BackupManifest manifest = MustCreate().manifest;
  manifest.parts.push_back({"vault", 1, 1, {}});
  WriteFile(options_.directory + "/manifests/0000000001", EncodeManifest(manifest));
  const absl::Status status = Verify();
  EXPECT_EQ(status.code(), kFailedPrecondition) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("vault"));
  EXPECT_EQ(Restore(NewPath()).code(), kFailedPrecondition);
}

// What was wrong before it was copied has good checksums: only reading the log through finds it.
TEST_F(VerifyBackup, AHoleThatWasBackedUpIsFound) {
  Fill(*log_, 10);
  Tamper([](rocksdb::DB& db) { ASSERT_TRUE(db.Delete({}, LedgerKeys(kLedger).Event(7)).ok()); });
  MustCreate();
  const absl::Status status = Verify();
  EXPECT_EQ(status.code(), kDataLoss) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("position 7"));
}

TEST_F(VerifyBackup, AStreamHeadThatWasBackedUpWrongIsFound) {
  Fill(*log_, 60);
  Tamper([](rocksdb::DB& db) {
    ASSERT_TRUE(db.Delete({}, LedgerKeys(kLedger).StreamHead(CaseStream(3))).ok());
  });
  MustCreate();
  EXPECT_EQ(Verify().code(), kDataLoss) << Verify();
}

TEST_F(VerifyBackup, TwoEventsThatWereExchangedAreFound) {
  Fill(*log_, 10);
  Tamper([](rocksdb::DB& db) {
    const LedgerKeys keys(kLedger);
    std::string fourth;
    std::string fifth;
    ASSERT_TRUE(db.Get({}, keys.Event(4), &fourth).ok() && db.Get({}, keys.Event(5), &fifth).ok());
    ASSERT_TRUE(db.Put({}, keys.Event(4), fifth).ok() && db.Put({}, keys.Event(5), fourth).ok());
  });
  MustCreate();
  EXPECT_EQ(Verify().code(), kDataLoss) << Verify();
}

TEST_F(VerifyBackup, NoDirectoryAndNoBackupAreSaid) {
  EXPECT_EQ(Verify().code(), absl::StatusCode::kNotFound) << Verify();
  Fill(*log_, 1);
  MustCreate();
  const absl::Status status = Verify(9);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("backup list"));
}

// Every key and value: events, stream index, stream heads, request ids, names, heads, infos.
TEST_F(RestoreBackup, TheRestoredStoreEqualsTheOriginalToTheByteAtItsPosition) {
  Fill(*log_, 300);
  Fill(*other_log_, 30);
  const Contents first = StoreContents();
  MustCreate();
  Fill(*log_, 100);
  const Contents second = StoreContents();
  MustCreate();
  Fill(*log_, 5);
  for (const uint64_t id : {uint64_t{1}, uint64_t{2}}) {
    const Contents& contents = id == 1 ? first : second;
    const std::string target = NewPath();
    const absl::Status restored = Restore(target, id);
    ASSERT_TRUE(restored.ok()) << restored;
    RocksDbOptions options = host_.options();
    options.path = target + "/log";
    options.create_if_missing = false;
    auto store = OpenRocksDbEngine(options);
    ASSERT_TRUE(store.ok()) << store.status();
    const absl::Status read = (*store)->WithDatabase([&](rocksdb::DB& db) {
      EXPECT_TRUE(ContentsOf(db) == contents) << "backup " << id;
      return absl::OkStatus();
    });
    EXPECT_TRUE(read.ok()) << read;
  }
}

TEST_F(RestoreBackup, ARequestOfTheOriginalIsNotCarriedOutAgain) {
  AppendRequest request = NextRequest();
  const auto first = log_->Append(request);
  ASSERT_TRUE(first.ok()) << first.status();
  MustCreate();
  const AppendRequest later = NextRequest();
  ASSERT_TRUE(log_->Append(later).ok());
  const std::string target = NewPath();
  ASSERT_TRUE(Restore(target).ok());
  CloseLogs();
  ASSERT_TRUE(host_.CloseEngine().ok());
  host_.options().path = target + "/log";
  ASSERT_TRUE(host_.Open().ok());
  OpenLogs();
  const auto again = log_->Append(request);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->already_appended);
  EXPECT_EQ(again->events.front().leaf_hash, first->events.front().leaf_hash);
  const auto lost = log_->Append(later);
  ASSERT_TRUE(lost.ok()) << lost.status();
  EXPECT_FALSE(lost->already_appended);
  // The restored store continues the backup, so it may be backed up into the same directory.
  EXPECT_EQ(MustCreate().manifest.id, 2u);
  EXPECT_TRUE(Verify().ok()) << Verify();
}

TEST_F(RestoreBackup, OnlyIntoADirectoryThatIsEmptyOrNotThere) {
  Fill(*log_, 10);
  MustCreate();
  const std::string living = NewPath();
  ASSERT_TRUE(Restore(living).ok());
  RocksDbOptions options = host_.options();
  options.path = living + "/log";
  {
    const auto store = OpenRocksDbEngine(options);
    ASSERT_TRUE(store.ok()) << store.status();
    const absl::Status status = Restore(living);
    EXPECT_EQ(status.code(), kFailedPrecondition) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("a server has"));
    EXPECT_TRUE((*store)->LoadHead(kLedger).ok());
    EXPECT_EQ(Restore(living + "/log").code(), kFailedPrecondition);
  }
  const absl::Status stopped = Restore(living);
  EXPECT_EQ(stopped.code(), kFailedPrecondition) << stopped;
  EXPECT_THAT(std::string(stopped.message()), HasSubstr("not empty"));
  EXPECT_TRUE(OpenRocksDbEngine(options).ok()) << "a refused restore changed the directory";

  const std::string empty = NewPath();
  fs::create_directory(empty);
  EXPECT_TRUE(Restore(empty).ok());
  const std::string file = NewPath();
  WriteFile(file, "a file");
  EXPECT_EQ(Restore(file).code(), kFailedPrecondition);
  EXPECT_EQ(ReadFile(file), "a file");
}

TEST_F(RestoreBackup, AnInterruptedOneIsNeverTakenForAStore) {
  Fill(*log_, 500, 8000);
  MustCreate();
  const std::string target = NewPath();
  const absl::Status stopped =
      RestoreRocksDbBackup(options_.directory, 0, target, [](const BackupProgress&) {
        return false;
      }).status();
  EXPECT_EQ(stopped.code(), absl::StatusCode::kCancelled) << stopped;
  EXPECT_FALSE(fs::exists(target + "/log"));
  EXPECT_EQ(CheckNotRestoring(target).code(), kFailedPrecondition);
  const absl::Status again = Restore(target);
  EXPECT_EQ(again.code(), kFailedPrecondition) << again;
  EXPECT_THAT(std::string(again.message()), HasSubstr("interrupted"));
  EXPECT_TRUE(Verify().ok()) << Verify();
  fs::remove_all(target + "/log.restoring");
  EXPECT_TRUE(Restore(target).ok());
  EXPECT_TRUE(CheckNotRestoring(target).ok());
}

TEST_F(RestoreBackup, ADamagedBackupIsNotPutInPlace) {
  Fill(*log_, 100);
  MustCreate();
  const auto tables = FilesEndingIn(options_.directory + "/log/shared_checksum", ".sst");
  ASSERT_FALSE(tables.empty());
  std::string bytes = ReadFile(tables.front());
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  WriteFile(tables.front(), bytes);
  const std::string target = NewPath();
  const absl::Status status = Restore(target);
  EXPECT_EQ(status.code(), kDataLoss) << status;
  EXPECT_FALSE(fs::exists(target + "/log"));
}

}  // namespace
}  // namespace caseledger::eventstore::testing
