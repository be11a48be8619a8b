// A store with two ledgers of real records, and a directory to back it up into.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "eventstore/backup/manifest.h"
#include "eventstore/engine/rocksdb/backup/rocksdb_backup.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/db.h"
#include "tests/contract/engine_test_data.h"
#include "tests/contract/rocksdb_host.h"
#include "tests/eventstore/log_fixture.h"
#include "tests/support/opaque_facts.h"

namespace caseledger::eventstore::testing {

using caseledger::testing::FilesEndingIn;
using caseledger::testing::RocksDbHost;
using caseledger::testing::TemporaryDirectory;

inline constexpr std::string_view kOtherLedger = "hai-phong";

inline bool KeepGoing(const BackupProgress& /*progress*/) { return true; }

// Every key and value of a database, in order.
using Contents = std::vector<std::pair<std::string, std::string>>;

inline Contents ContentsOf(rocksdb::DB& db) {
  Contents contents;
  const std::unique_ptr<rocksdb::Iterator> at(db.NewIterator({}));
  for (at->SeekToFirst(); at->Valid(); at->Next()) {
    contents.emplace_back(at->key().ToString(), at->value().ToString());
  }
  EXPECT_TRUE(at->status().ok()) << at->status().ToString();
  return contents;
}

class BackupTest : public ::testing::Test {
 protected:
  BackupTest() {
    EXPECT_TRUE(CreateLedger(host_.engine(), kLedger, clock_, SystemRandom()).ok());
    EXPECT_TRUE(CreateLedger(host_.engine(), kOtherLedger, clock_, SystemRandom()).ok());
    OpenLogs();
    options_.directory = scratch_.path() + "/backups";
    options_.bytes_per_second = 0;
    options_.clock = &clock_;
  }

  void OpenLogs() {
    SequencerOptions options;
    options.clock = &clock_;
    options.sealer = &caseledger::testing::SealsNothing();
    auto log = OpenLog(host_.engine(), kLedger, options);
    auto other = OpenLog(host_.engine(), kOtherLedger, options);
    ASSERT_TRUE(log.ok() && other.ok()) << log.status() << other.status();
    log_ = *std::move(log);
    other_log_ = *std::move(other);
  }
  void CloseLogs() {
    log_.reset();
    other_log_.reset();
  }

  // Appends of two events each, to 50 streams, with facts that do not compress and a name each.
  void Fill(EventLog& log, size_t appends, size_t fact_bytes = 200) {
    for (size_t i = 0; i < appends; ++i) {
      const auto result = log.Append(NextRequest(fact_bytes));
      ASSERT_TRUE(result.ok()) << result.status();
    }
  }

  static AppendRequest NextRequest(size_t fact_bytes = 200) {
    static std::atomic<uint64_t> next{0};
    const uint64_t number = next.fetch_add(1);
    std::string fact(fact_bytes, '\0');
    SystemRandom().Fill(reinterpret_cast<uint8_t*>(fact.data()), fact.size());
    Decision decision;
    decision.events = {EventFor(CaseStream(number % 50), fact),
                       EventFor(CaseStream((number + 7) % 50), "second")};
    decision.names = {{CaseStream(number % 50), "source", "name-" + std::to_string(number)}};
    return RequestWith(decision, NumberedId(number));
  }

  std::unique_ptr<BackupMaker> Maker() { return MakeRocksDbBackupMaker(host_.store(), options_); }

  MadeBackup MustCreate(uint32_t keep = 0) {
    absl::StatusOr<MadeBackup> made = Maker()->Create(keep, KeepGoing);
    EXPECT_TRUE(made.ok()) << made.status();
    return made.ok() ? *std::move(made) : MadeBackup();
  }

  absl::Status Verify(uint64_t id = 0) {
    return VerifyRocksDbBackup(options_.directory, id, KeepGoing).status();
  }
  absl::Status Restore(const std::string& target, uint64_t id = 0) {
    return RestoreRocksDbBackup(options_.directory, id, target, KeepGoing).status();
  }

  std::vector<uint64_t> ListedIds() const {
    std::vector<uint64_t> ids;
    const auto listed = ManifestStore(options_.directory).List();
    EXPECT_TRUE(listed.ok()) << listed.status();
    for (const ListedBackup& backup : *listed) ids.push_back(backup.id);
    return ids;
  }

  Contents StoreContents() {
    Contents contents;
    const absl::Status status = host_.store().WithDatabase([&](rocksdb::DB& db) {
      contents = ContentsOf(db);
      return absl::OkStatus();
    });
    EXPECT_TRUE(status.ok()) << status;
    return contents;
  }

  // A path that does not exist yet.
  std::string NewPath() { return scratch_.path() + "/new-" + std::to_string(++paths_); }

  FakeClock clock_;
  RocksDbHost host_;
  TemporaryDirectory scratch_;
  RocksDbBackupOptions options_;
  std::unique_ptr<EventLog> log_;
  std::unique_ptr<EventLog> other_log_;
  int paths_ = 0;
};

}  // namespace caseledger::eventstore::testing
