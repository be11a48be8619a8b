// The RocksDB engine on damaged, foreign, newer and busy directories: never altered bytes, never a
// silent loss of what was acknowledged in the middle.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "eventstore/engine/rocksdb/key_codec.h"
#include "eventstore/engine/rocksdb/value_codec.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/db.h"
#include "tests/contract/engine_test_data.h"
#include "tests/contract/rocksdb_host.h"

namespace caseledger::testing {
namespace {

using eventstore::rocksdb_engine::LedgerKeys;
using ::testing::HasSubstr;

constexpr auto kDataLoss = absl::StatusCode::kDataLoss;
constexpr uint64_t kEvents = 20;
const LedgerKeys kKeys("a");

class RocksDbDamage : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(host_.engine().CreateLedger(InfoOf("a")).ok());
    ASSERT_TRUE(AppendMany(host_.engine(), "a", kEvents - 1, 100).ok());
    wal_bytes_before_last_ = std::filesystem::file_size(WalPath());
    ASSERT_TRUE(AppendMany(host_.engine(), "a", 1, 100).ok());
  }

  std::string WalPath() const {
    const auto files = FilesEndingIn(host_.path(), ".log");
    EXPECT_EQ(files.size(), 1u);
    return files.empty() ? "" : files.front();
  }

  std::string ManifestPath() const {
    std::string current = ReadFile(host_.path() + "/CURRENT");
    current.pop_back();
    return host_.path() + "/" + current;
  }

  std::string TablePath() const {
    const auto files = FilesEndingIn(host_.path(), ".sst");
    EXPECT_EQ(files.size(), 1u);
    return files.empty() ? "" : files.front();
  }

  // Opens, expecting a head of `events` with all records as written, and appends one more.
  void ExpectOpensWith(uint64_t events) {
    ASSERT_TRUE(host_.Open().ok());
    const auto head = host_.engine().LoadHead("a");
    ASSERT_TRUE(head.ok()) << head.status();
    EXPECT_EQ(head->next_position, events);
    const auto read = ReadAll(host_.engine(), "a", 0, events);
    ASSERT_TRUE(read.ok()) << read.status();
    for (const auto& event : *read)
      EXPECT_EQ(event.record, RecordAt(event.position, "record", 100));
    EXPECT_EQ(host_.engine().FindStream("a", Stream(1, 1))->revision, events);
    EXPECT_EQ(ReadAllOf(host_.engine(), "a", Stream(1, 1))->size(), events);
    EXPECT_TRUE(AppendMany(host_.engine(), "a", 1, 100).ok());
  }

  void ExpectRefused() {
    const absl::Status status = host_.Open();
    EXPECT_EQ(status.code(), kDataLoss) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("restore the last backup"));
    EXPECT_THAT(std::string(status.message()), HasSubstr(host_.path()));
  }

  // Changes the closed database behind the engine's back.
  void Tamper(const std::function<void(rocksdb::DB&)>& change) {
    ASSERT_TRUE(host_.CloseEngine().ok());
    rocksdb::DB* raw = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open(rocksdb::Options(), host_.path(), &raw).ok());
    const std::unique_ptr<rocksdb::DB> db(raw);
    change(*db);
  }

  void TamperAndOpen(const std::function<void(rocksdb::DB&)>& change) {
    Tamper(change);
    const absl::Status status = host_.Open();
    ASSERT_TRUE(status.ok()) << status;
  }

  absl::StatusCode HeadCode() { return host_.engine().LoadHead("a").status().code(); }
  absl::StatusCode ReadCode() { return ReadAll(host_.engine(), "a", 0, kEvents).status().code(); }
  absl::StatusCode StreamCode() {
    return ReadAllOf(host_.engine(), "a", Stream(1, 1)).status().code();
  }

  RocksDbHost host_;
  uint64_t wal_bytes_before_last_ = 0;
};

TEST_F(RocksDbDamage, AnIntactLogOpensWithEverything) {
  host_.DropWithoutClose();
  ExpectOpensWith(kEvents);
}

// The last commit was cut while being written, as by a power cut before its sync: it was never
// acknowledged, so it goes; nothing else does.
TEST_F(RocksDbDamage, TornLastRecordOpensOneCommitShorter) {
  host_.DropWithoutClose();
  const std::string intact = ReadFile(WalPath());
  const std::string torn = intact.substr(0, intact.size() - 10);
  WriteFile(WalPath(), torn);
  ExpectOpensWith(kEvents - 1);
}

TEST_F(RocksDbDamage, WhereverTheLastRecordIsTornTheHeadIsOneCommitShorter) {
  host_.DropWithoutClose();
  const std::string wal = WalPath();
  const std::string intact = ReadFile(wal);
  const std::string saved = host_.path() + "-saved";
  std::filesystem::copy(host_.path(), saved);
  for (size_t bytes = wal_bytes_before_last_; bytes < intact.size(); bytes += 13) {
    SCOPED_TRACE(bytes);
    std::filesystem::remove_all(host_.path());
    std::filesystem::copy(saved, host_.path());
    WriteFile(wal, intact.substr(0, bytes));
    ExpectOpensWith(kEvents - 1);
    host_.DropWithoutClose();
  }
}

TEST_F(RocksDbDamage, FlippedByteInTheMiddleOfTheLogIsRefused) {
  host_.DropWithoutClose();
  std::string bytes = ReadFile(WalPath());
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  WriteFile(WalPath(), bytes);
  ExpectRefused();
  EXPECT_EQ(ReadFile(WalPath()), bytes) << "a refused log must be left as it is";
}

TEST_F(RocksDbDamage, FlippedByteInTheLastRecordOfTheLogIsRefused) {
  host_.DropWithoutClose();
  std::string bytes = ReadFile(WalPath());
  bytes[bytes.size() - 20] = static_cast<char>(bytes[bytes.size() - 20] ^ 1);
  WriteFile(WalPath(), bytes);
  ExpectRefused();
}

// RocksDB takes a record of a wrong length or type for the end of the log, wherever it stands, and
// drops it and all that follow.
TEST_F(RocksDbDamage, FlippedBitInARecordsHeaderIsRefused) {
  host_.DropWithoutClose();
  for (const std::string& file : {WalPath(), ManifestPath()}) {
    const std::string intact = ReadFile(file);
    const size_t last = file == WalPath() ? wal_bytes_before_last_ : 0;
    for (const size_t record : {size_t{0}, last}) {
      for (size_t bit = 0; bit < size_t{7} * 8; ++bit) {
        SCOPED_TRACE(::testing::Message() << file << " record " << record << " bit " << bit);
        std::string bytes = intact;
        char& byte = bytes[record + bit / 8];
        byte = static_cast<char>(byte ^ (1 << (bit % 8)));
        WriteFile(file, bytes);
        ExpectRefused();
      }
    }
    WriteFile(file, intact);
  }
  ExpectOpensWith(kEvents);
}

TEST_F(RocksDbDamage, RecordsThatReadAsZerosAreRefusedUnlessNothingFollows) {
  host_.DropWithoutClose();
  const std::string intact = ReadFile(WalPath());
  std::string bytes = intact;
  std::fill(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(wal_bytes_before_last_), 0);
  WriteFile(WalPath(), bytes);
  ExpectRefused();
  bytes = intact.substr(0, wal_bytes_before_last_);
  bytes.resize(intact.size());
  WriteFile(WalPath(), bytes);
  ExpectOpensWith(kEvents - 1);
}

TEST_F(RocksDbDamage, ZeroedPageInTheLogIsRefused) {
  host_.DropWithoutClose();
  std::string bytes = ReadFile(WalPath());
  bytes.replace(1024, 1024, std::string(1024, '\0'));
  WriteFile(WalPath(), bytes);
  ExpectRefused();
}

// Wherever a table file is damaged: refused at opening, or DATA_LOSS when read, or (in bytes that
// nothing depends on) read as written. Never different bytes.
TEST_F(RocksDbDamage, FlippedByteInATableNeverGivesOtherBytes) {
  ASSERT_TRUE(host_.CloseEngine().ok());
  const std::string table = TablePath();
  const std::string intact = ReadFile(table);
  const std::string saved = host_.path() + "-saved";
  std::filesystem::copy(host_.path(), saved);
  uint64_t detected = 0;
  uint64_t tried = 0;
  const size_t step = intact.size() / 97 + 1;
  for (size_t at = 0; at < intact.size(); at += step, ++tried) {
    SCOPED_TRACE(at);
    std::filesystem::remove_all(host_.path());
    std::filesystem::copy(saved, host_.path());
    std::string bytes = intact;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x40);
    WriteFile(table, bytes);
    if (const absl::Status opened = host_.Open(); !opened.ok()) {
      EXPECT_EQ(opened.code(), kDataLoss) << opened;
      ++detected;
      continue;
    }
    const auto head = host_.engine().LoadHead("a");
    const auto read = ReadAll(host_.engine(), "a", 0, kEvents);
    if (head.ok()) {
      EXPECT_EQ(head->next_position, kEvents);
    } else {
      EXPECT_EQ(head.status().code(), kDataLoss);
    }
    if (read.ok()) {
      for (const auto& event : *read) {
        ASSERT_EQ(event.record, RecordAt(event.position, "record", 100));
        ASSERT_EQ(event.leaf_hash, Sha256({event.record}));
      }
    } else {
      EXPECT_EQ(read.status().code(), kDataLoss);
    }
    detected += read.ok() && head.ok() ? 0 : 1;
    host_.DropWithoutClose();
  }
  EXPECT_GT(detected, tried / 2) << "of " << tried;
}

TEST_F(RocksDbDamage, FlippedByteInAnEventBlockIsDataLossOnRead) {
  ASSERT_TRUE(host_.CloseEngine().ok());
  std::string bytes = ReadFile(TablePath());
  bytes[64] = static_cast<char>(bytes[64] ^ 1);  // the first data block begins with the events
  WriteFile(TablePath(), bytes);
  const absl::Status opened = host_.Open();
  if (opened.ok()) {
    EXPECT_EQ(ReadCode(), kDataLoss);
  } else {
    EXPECT_EQ(opened.code(), kDataLoss);
  }
}

TEST_F(RocksDbDamage, MissingTableIsRefused) {
  ASSERT_TRUE(host_.CloseEngine().ok());
  std::filesystem::remove(TablePath());
  ExpectRefused();
}

TEST_F(RocksDbDamage, MissingCatalogueIsRefusedAndTheDataFilesAreKept) {
  ASSERT_TRUE(host_.CloseEngine().ok());
  const std::string table = TablePath();
  std::filesystem::remove(host_.path() + "/CURRENT");
  ExpectRefused();
  EXPECT_TRUE(std::filesystem::exists(table));
}

TEST_F(RocksDbDamage, MissingManifestIsRefused) {
  ASSERT_TRUE(host_.CloseEngine().ok());
  for (const auto& entry : std::filesystem::directory_iterator(host_.path())) {
    if (entry.path().filename().string().starts_with("MANIFEST")) {
      std::filesystem::remove(entry.path());
    }
  }
  ExpectRefused();
}

TEST_F(RocksDbDamage, HoleIsDataLossForReadersAndLeavesTheRestReadable) {
  TamperAndOpen([](rocksdb::DB& db) { ASSERT_TRUE(db.Delete({}, kKeys.Event(7)).ok()); });
  EXPECT_EQ(ReadCode(), kDataLoss);
  EXPECT_EQ(StreamCode(), kDataLoss);
  EXPECT_EQ(ReadAll(host_.engine(), "a", 0, 7)->size(), 7u);
  EXPECT_EQ(ReadAll(host_.engine(), "a", 8, kEvents)->size(), kEvents - 8);
}

TEST_F(RocksDbDamage, HeadWithoutItsLastEventIsDataLoss) {
  TamperAndOpen([](rocksdb::DB& db) { ASSERT_TRUE(db.Delete({}, kKeys.Event(kEvents - 1)).ok()); });
  EXPECT_EQ(HeadCode(), kDataLoss);
  EXPECT_EQ(AppendMany(host_.engine(), "a", 1).code(), kDataLoss);
}

TEST_F(RocksDbDamage, EventBeyondTheHeadIsDataLoss) {
  TamperAndOpen([](rocksdb::DB& db) {
    ASSERT_TRUE(db.Put({}, kKeys.Event(kEvents + 5), std::string(100, 'x')).ok());
  });
  EXPECT_EQ(HeadCode(), kDataLoss);
  EXPECT_EQ(AppendMany(host_.engine(), "a", 1).code(), kDataLoss);
}

TEST_F(RocksDbDamage, EventsOfTheNextLedgerAreNotBeyondTheHead) {
  ASSERT_TRUE(host_.engine().CreateLedger(InfoOf("b")).ok());
  ASSERT_TRUE(AppendMany(host_.engine(), "b", kEvents + 5).ok());
  EXPECT_EQ(HeadCode(), absl::StatusCode::kOk);
}

TEST_F(RocksDbDamage, LastEventWithAnotherLeafHashIsDataLoss) {
  TamperAndOpen([](rocksdb::DB& db) {
    std::string value;
    ASSERT_TRUE(db.Get({}, kKeys.Event(kEvents - 1), &value).ok());
    value[30] = static_cast<char>(value[30] ^ 1);
    ASSERT_TRUE(db.Put({}, kKeys.Event(kEvents - 1), value).ok());
  });
  EXPECT_EQ(HeadCode(), kDataLoss);
}

TEST_F(RocksDbDamage, MissingOrUnreadableHeadIsDataLoss) {
  TamperAndOpen([](rocksdb::DB& db) { ASSERT_TRUE(db.Put({}, kKeys.Head(), "?").ok()); });
  EXPECT_EQ(HeadCode(), kDataLoss);
  TamperAndOpen([](rocksdb::DB& db) { ASSERT_TRUE(db.Delete({}, kKeys.Head()).ok()); });
  EXPECT_EQ(HeadCode(), kDataLoss);
}

TEST_F(RocksDbDamage, StreamIndexThatLacksARevisionOrPointsAstrayIsDataLoss) {
  const auto stream = Stream(1, 1);
  TamperAndOpen([&](rocksdb::DB& db) {
    ASSERT_TRUE(
        db.Put({}, kKeys.Revision(stream, 3), eventstore::rocksdb_engine::EncodePosition(9)).ok());
  });
  EXPECT_EQ(StreamCode(), kDataLoss);
  TamperAndOpen(
      [&](rocksdb::DB& db) { ASSERT_TRUE(db.Delete({}, kKeys.Revision(stream, 3)).ok()); });
  EXPECT_EQ(StreamCode(), kDataLoss);
  EXPECT_EQ(ReadCode(), absl::StatusCode::kOk) << "the events themselves are whole";
}

TEST_F(RocksDbDamage, NewerFormatOrUnknownFeatureIsRefusedAtOpening) {
  storage::v1::LedgerInfo info = InfoOf("a");
  info.set_format_version(eventstore::kLedgerFormatVersion + 1);
  Tamper([&](rocksdb::DB& db) {
    ASSERT_TRUE(db.Put({}, kKeys.Info(), info.SerializeAsString()).ok());
  });
  absl::Status status = host_.Open();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("format version " + std::to_string(eventstore::kLedgerFormatVersion + 1)));

  info.set_format_version(eventstore::kLedgerFormatVersion);
  info.add_incompatible_features("sealed-heads");
  {
    rocksdb::DB* raw = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open(rocksdb::Options(), host_.path(), &raw).ok());
    const std::unique_ptr<rocksdb::DB> db(raw);
    ASSERT_TRUE(db->Put({}, kKeys.Info(), info.SerializeAsString()).ok());
  }
  status = host_.Open();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("sealed-heads"));
}

TEST_F(RocksDbDamage, LedgerOfANewerFormatIsNotCreated) {
  storage::v1::LedgerInfo info = InfoOf("b");
  info.set_format_version(eventstore::kLedgerFormatVersion + 1);
  EXPECT_EQ(host_.engine().CreateLedger(info).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(host_.engine().CreateLedger(InfoOf("")).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(host_.engine().CreateLedger(InfoOf(std::string(256, 'x'))).code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(RocksDbDamage, SecondOpenOfTheDirectoryIsRefusedAndHarmsNothing) {
  const absl::Status status = eventstore::OpenRocksDbEngine(host_.options()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(host_.path()));
  EXPECT_THAT(std::string(status.message()), HasSubstr("in use"));
  EXPECT_TRUE(AppendMany(host_.engine(), "a", 1).ok());
}

TEST_F(RocksDbDamage, DirectoryHeldByAnotherProcessIsRefused) {
  ASSERT_TRUE(host_.CloseEngine().ok());
  const std::string lock_path = host_.path() + "/LOCK";
  int locked[2];
  int done[2];
  ASSERT_EQ(pipe(locked), 0);
  ASSERT_EQ(pipe(done), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {  // only system calls here: the parent's threads do not exist in the child
    close(done[1]);
    const int file = open(lock_path.c_str(), O_RDWR);
    struct flock lock = {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    const char ok = file >= 0 && fcntl(file, F_SETLK, &lock) == 0 ? 1 : 0;
    char ignored = 0;
    const bool told = write(locked[1], &ok, 1) == 1;
    _exit(told && read(done[0], &ignored, 1) == 0 ? 0 : 1);
  }
  char ok = 0;
  ASSERT_EQ(read(locked[0], &ok, 1), 1);
  ASSERT_EQ(ok, 1);
  const absl::Status status = host_.Open();
  for (const int end : {done[0], done[1], locked[0], locked[1]}) close(end);
  int exit_status = 0;
  ASSERT_EQ(waitpid(child, &exit_status, 0), child);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("another process"));
  ExpectOpensWith(kEvents);
}

TEST_F(RocksDbDamage, MissingDirectoryIsNotFoundUnlessItMayBeCreated) {
  host_.DropWithoutClose();
  std::filesystem::remove_all(host_.path());
  host_.options().create_if_missing = false;
  EXPECT_EQ(host_.Open().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(FilesEndingIn(std::filesystem::path(host_.path()).parent_path(), ".sst").empty());
  host_.options().create_if_missing = true;
  EXPECT_TRUE(host_.Open().ok());
  host_.options().path = "";
  EXPECT_EQ(eventstore::OpenRocksDbEngine(host_.options()).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace caseledger::testing
