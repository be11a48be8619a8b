// Backups of the vault: what they hold and what they must not, what they are refused for, damage at
// every byte, and ends at every step.
#include "eventstore/vault/backup/vault_backups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "eventstore/base/big_endian.h"
#include "tests/eventstore/vault/memory_backup_folder.h"
#include "tests/eventstore/vault/vault_fixture.h"
#include "tests/support/forwarding_vault_store.h"

namespace caseledger::eventstore::testing {
namespace {

using caseledger::testing::ForwardingVaultStore;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kFirst[] = "0000000001.vault";
constexpr char kSecond[] = "0000000002.vault";

bool AnyRow(std::string_view, std::string_view) { return true; }

std::vector<std::string> NamesOf(const MemoryBackupFolder& folder) {
  std::vector<std::string> names;
  for (const auto& [name, bytes] : folder.AfterTheProgram()) names.push_back(name);
  return names;
}

class VaultBackupsTest : public VaultTest {
 protected:
  void SetUp() override { ASSERT_TRUE(Start().ok()); }

  absl::StatusOr<MadeVaultBackup> Create(BackupFolder& folder) {
    return VaultBackups(folder).Create(*vault_, clock_, [] { return true; });
  }
  MadeVaultBackup MustCreate() {
    auto made = Create(folder_);
    EXPECT_TRUE(made.ok()) << made.status();
    return made.ok() ? *std::move(made) : MadeVaultBackup();
  }
  absl::Status Refusal() { return Create(folder_).status(); }
  std::string FileOf(const char* name) const { return folder_.AfterTheProgram().at(name); }
  // What reading a file of these bytes says.
  static absl::Status Reading(const std::string& bytes) {
    MemoryBackupFolder folder({{kFirst, bytes}});
    return VaultBackups(folder).Read(1, AnyRow).status();
  }
  // All that is there is lost but the log and the wrapping keys; the newest backup is put back.
  absl::Status StartWithTheBackupIn(BackupFolder& folder) {
    Stop();
    restored_ = std::make_unique<MemoryVaultStore>();
    const absl::Status put = VaultBackups(folder).PutInto(*restored_, 0).status();
    return put.ok() ? Start(*restored_, wrapping_) : put;
  }

  MemoryBackupFolder folder_;
  std::unique_ptr<MemoryVaultStore> restored_;
};

TEST_F(VaultBackupsTest, OpensAllThatWasSealedBefore) {
  for (int i = 0; i < 20; ++i) {  // more than spare keys are made at a time, some not written yet
    ASSERT_TRUE(RecordName(i).ok());
    ASSERT_TRUE(RecordNote(100 + i).ok());
  }
  const std::vector<std::string> texts = Opened();
  const MadeVaultBackup made = MustCreate();
  EXPECT_EQ(made.info.id, 1U);
  EXPECT_EQ(made.info.created_at, clock_.Now());
  EXPECT_THAT(made.info.wrapping_key_ids, ElementsAre(wrapping_.List()->back().id));
  EXPECT_THAT(made.removed_ids, IsEmpty());
  EXPECT_EQ(made.info.bytes, FileOf(kFirst).size());
  ASSERT_TRUE(StartWithTheBackupIn(folder_).ok());
  EXPECT_EQ(Opened(), texts);
  ASSERT_TRUE(RecordName(500).ok());
  EXPECT_EQ(Opened().back(), "name 500");
}

TEST_F(VaultBackupsTest, WhatWasGivenOutBesidesIsFoundInTheLog) {
  ASSERT_TRUE(RecordName(1).ok());
  MustCreate();
  ASSERT_TRUE(RecordName(2).ok());  // with a spare key that the backup holds
  ASSERT_TRUE(StartWithTheBackupIn(folder_).ok());
  EXPECT_THAT(Opened(), ElementsAre("name 1", "name 2"));
}

TEST_F(VaultBackupsTest, OneThatIsOlderThanTheLogIsRefused) {
  ASSERT_TRUE(RecordName(1).ok());
  MustCreate();
  for (int i = 2; i < 30; ++i) ASSERT_TRUE(RecordName(i).ok());
  EXPECT_THAT(std::string(StartWithTheBackupIn(folder_).message()), HasSubstr("KEYS_LOST"));
}

TEST_F(VaultBackupsTest, TheNewestReplacesThoseBefore) {
  ASSERT_TRUE(RecordName(1).ok());
  MustCreate();
  ASSERT_TRUE(RecordName(2).ok());
  const MadeVaultBackup second = MustCreate();
  EXPECT_EQ(second.info.id, 2U);
  EXPECT_THAT(second.removed_ids, ElementsAre(1U));
  EXPECT_TRUE(second.not_removed.ok());
  EXPECT_THAT(NamesOf(folder_), ElementsAre(kSecond));
  ASSERT_TRUE(StartWithTheBackupIn(folder_).ok());
  EXPECT_THAT(Opened(), ElementsAre("name 1", "name 2"));
}

TEST_F(VaultBackupsTest, HoldsNothingOfAKeyThatWasDestroyed) {
  ASSERT_TRUE(RecordName(1).ok());
  ASSERT_TRUE(RecordName(2).ok());
  MustCreate();
  const auto wrapped_of = [this](const Uuid& id) {
    storage::v1::VaultKey row;
    EXPECT_TRUE(row.ParseFromString(
        **store_.Get(StrCat(std::string("\x02\x00\x0a", 3), std::string_view(kLedger), id.raw()))));
    return row.key().wrapped();
  };
  const std::vector<Uuid> ids = KeyIds();
  const std::string erased = wrapped_of(ids[0]);
  const std::string kept = wrapped_of(ids[1]);
  ASSERT_THAT(FileOf(kFirst), HasSubstr(erased));
  const StreamId person{2, IdOf(1)};
  ASSERT_TRUE(Record(person, ErasureOf(*vault_, person)).ok());
  ASSERT_TRUE(vault_->CarryOut(kLedger, log_->ReadLedger(2, 1)->front()).ok());
  MustCreate();
  EXPECT_THAT(NamesOf(folder_), ElementsAre(kSecond));
  EXPECT_THAT(FileOf(kSecond), Not(HasSubstr(erased)));
  EXPECT_THAT(FileOf(kSecond), HasSubstr(kept));
  ASSERT_TRUE(StartWithTheBackupIn(folder_).ok());
  EXPECT_EQ(Opened()[0], kErased);
  EXPECT_EQ(Opened()[1], "name 2");
}

TEST_F(VaultBackupsTest, OneFromBeforeAnErasureBringsNobodyBack) {
  ASSERT_TRUE(RecordName(1).ok());
  MustCreate();
  MemoryBackupFolder aside(folder_.AfterTheProgram());
  const StreamId person{2, IdOf(1)};
  ASSERT_TRUE(Record(person, ErasureOf(*vault_, person)).ok());
  ASSERT_TRUE(StartWithTheBackupIn(aside).ok());
  EXPECT_EQ(Opened()[0], kErased);
}

TEST_F(VaultBackupsTest, OneFromBeforeAChangeOfWrappingKeysOpensNothing) {
  ASSERT_TRUE(RecordName(1).ok());
  MustCreate();
  MemoryBackupFolder aside(folder_.AfterTheProgram());
  ASSERT_TRUE(vault_->Rotate([](const RotationProgress&) { return true; }).ok());
  const MadeVaultBackup made = MustCreate();
  EXPECT_THAT(made.removed_ids, ElementsAre(1U));
  EXPECT_THAT(made.info.wrapping_key_ids, ElementsAre(wrapping_.List()->back().id));
  EXPECT_THAT(std::string(StartWithTheBackupIn(aside).message()), HasSubstr("WRAPPING_KEY_WRONG"));
  ASSERT_TRUE(StartWithTheBackupIn(folder_).ok());
  EXPECT_EQ(Opened().back(), "name 1");
}

TEST_F(VaultBackupsTest, InTheMiddleOfAChangeOfWrappingKeysItNamesBoth) {
  ASSERT_TRUE(RecordName(1).ok());
  ASSERT_TRUE(absl::IsCancelled(vault_->Rotate([](const RotationProgress&) { return false; })));
  EXPECT_THAT(MustCreate().info.wrapping_key_ids, SizeIs(2));
  ASSERT_TRUE(StartWithTheBackupIn(folder_).ok());
  EXPECT_THAT(Opened(), ElementsAre("name 1"));
}

TEST_F(VaultBackupsTest, AnotherVaultsBackupIsLetBe) {
  ASSERT_TRUE(RecordName(1).ok());
  MustCreate();
  const auto before = folder_.AfterTheProgram();
  MemoryVaultStore other_store;
  MemoryWrappingKeys other_keys(clock_, SystemRandom());
  const auto other = Vault::Open(other_store, other_keys, options_);
  ASSERT_TRUE(other.ok());
  const absl::Status refused =
      VaultBackups(folder_).Create(**other, clock_, [] { return true; }).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  EXPECT_EQ(folder_.AfterTheProgram(), before);
  // The other has no key that could be missed here.
  MemoryBackupFolder others;
  ASSERT_TRUE(VaultBackups(others).Create(**other, clock_, [] { return true; }).ok());
  EXPECT_THAT(std::string(Create(others).status().message()), HasSubstr("VAULT_BACKUP_OF_ANOTHER"));
  EXPECT_THAT(NamesOf(others), ElementsAre(kFirst));
}

// Put back by mistake, an old vault must not cost the backup of the newer one.
TEST_F(VaultBackupsTest, AnOlderVaultDoesNotReplaceTheBackupOfANewerOne) {
  ASSERT_TRUE(RecordName(1).ok());
  ASSERT_TRUE(vault_->Copy(AnyRow).ok());  // writes what was given out
  MemoryVaultStore older(store_);
  for (int i = 2; i < 30; ++i) ASSERT_TRUE(RecordName(i).ok());
  MustCreate();
  const auto before = folder_.AfterTheProgram();
  Stop();
  options_.accept_lost_keys = true;
  ASSERT_TRUE(Start(older, wrapping_).ok());
  const absl::Status refused = Refusal();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  EXPECT_THAT(std::string(refused.message()), HasSubstr("VAULT_BACKUP_IS_NEWER"));
  EXPECT_EQ(folder_.AfterTheProgram(), before);
  Stop();
}

TEST_F(VaultBackupsTest, ADamagedOneStaysAndIsToldOf) {
  ASSERT_TRUE(RecordName(1).ok());
  MustCreate();
  std::string bytes = FileOf(kFirst);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  MemoryBackupFolder damaged({{kFirst, bytes}, {"notes.txt", "an operator's"}});
  const auto made = Create(damaged);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->info.id, 2U);
  EXPECT_THAT(made->removed_ids, IsEmpty());
  EXPECT_TRUE(absl::IsDataLoss(made->not_removed)) << made->not_removed;
  EXPECT_THAT(NamesOf(damaged), ElementsAre(kFirst, kSecond, "notes.txt"));
  const auto listed = VaultBackups(damaged).List();
  ASSERT_TRUE(listed.ok());
  ASSERT_THAT(*listed, SizeIs(2));
  EXPECT_TRUE(absl::IsDataLoss((*listed)[0].info.status()));
  EXPECT_EQ((*listed)[1].info.value(), made->info);
  EXPECT_TRUE(StartWithTheBackupIn(damaged).ok());
}

TEST_F(VaultBackupsTest, EveryChangedOrMissingByteIsSeen) {
  ASSERT_TRUE(RecordName(1).ok());
  MustCreate();
  const std::string whole = FileOf(kFirst);
  ASSERT_TRUE(Reading(whole).ok());
  for (size_t i = 0; i < whole.size(); ++i) {
    std::string changed = whole;
    changed[i] = static_cast<char>(changed[i] ^ (1 << (i % 8)));
    ASSERT_TRUE(absl::IsDataLoss(Reading(changed))) << "byte " << i;
    ASSERT_TRUE(absl::IsDataLoss(Reading(whole.substr(0, i)))) << i << " bytes";
  }
  EXPECT_TRUE(absl::IsDataLoss(Reading(whole + '\0')));
  MemoryBackupFolder renamed({{kSecond, whole}});
  EXPECT_TRUE(absl::IsDataLoss(VaultBackups(renamed).Read(2, AnyRow).status()));
  MemoryBackupFolder empty;
  EXPECT_TRUE(absl::IsNotFound(VaultBackups(empty).Read(0, AnyRow).status()));
  EXPECT_TRUE(absl::IsNotFound(VaultBackups(folder_).Read(7, AnyRow).status()));
}

// A backup put together by hand, from what backup_file.h says.
class ByHand {
 public:
  ByHand() : bytes_("caseledger-vault"), hash_(Sha256({bytes_})) {}
  ByHand& Add(const std::string& body) {
    std::string length;
    AppendBigEndian(length, static_cast<uint32_t>(body.size()));
    hash_ = Sha256({hash_.raw(), length, body});
    bytes_ += StrCat(length, body, hash_.raw());
    return *this;
  }
  ByHand& Header(uint32_t version = 1) {
    storage::v1::VaultBackupFrame frame;
    frame.mutable_header()->set_format_version(version);
    frame.mutable_header()->set_backup_id(1);
    frame.mutable_header()->set_vault_id(std::string(16, 'v'));
    return Add(frame.SerializeAsString());
  }
  ByHand& Row(const std::string& key) {
    storage::v1::VaultBackupFrame frame;
    frame.mutable_rows()->add_rows()->set_key(key);
    return Add(frame.SerializeAsString());
  }
  ByHand& End(uint64_t rows) {
    storage::v1::VaultBackupFrame frame;
    frame.mutable_end()->set_row_count(rows);
    return Add(frame.SerializeAsString());
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
  Hash256 hash_;
};

TEST_F(VaultBackupsTest, TheFormatIsWhatItsTextSays) {
  EXPECT_TRUE(Reading(ByHand().Header().Row("a").Row("b").End(2).bytes()).ok());
  const absl::Status newer = Reading(ByHand().Header(2).End(0).bytes());
  EXPECT_TRUE(absl::IsFailedPrecondition(newer)) << newer;
  std::string too_long = ByHand().Header().bytes();
  AppendBigEndian(too_long, uint32_t{0xFFFFFFFF});
  const std::string wrong[] = {ByHand().Header().Row("a").End(2).bytes(),
                               ByHand().Header().Row("b").Row("a").End(2).bytes(),
                               ByHand().Header().Row("a").Row("a").End(2).bytes(),
                               ByHand().Row("a").End(1).bytes(),
                               ByHand().Header().Header().End(0).bytes(),
                               ByHand().Header().Add("").End(0).bytes(),
                               ByHand().Header().Add("\xFF").End(0).bytes(),
                               ByHand().Header().End(0).End(0).bytes(),
                               too_long};
  for (const std::string& bytes : wrong) {
    EXPECT_TRUE(absl::IsDataLoss(Reading(bytes))) << &bytes - wrong << ": " << Reading(bytes);
  }
}

// Whatever is left then: every backup that is listed is whole, there is one when there was one, and
// the next one is made as if nothing had been.
TEST_F(VaultBackupsTest, EndsAtEveryStepLeaveNoHalfBackup) {
  ASSERT_TRUE(RecordName(1).ok());
  MustCreate();
  const auto before = folder_.AfterTheProgram();
  ASSERT_TRUE(RecordName(2).ok());
  MemoryBackupFolder counting(before);
  ASSERT_TRUE(Create(counting).ok());
  const int steps = counting.changes();
  EXPECT_GT(steps, 6);  // prepare, make, append, sync, rename, remove
  using End = MemoryBackupFolder::End;
  for (int at = 0; at < steps; ++at) {
    for (const End how : {End::kBefore, End::kMidway, End::kAfter}) {
      SCOPED_TRACE(StrCat("change ", at, " way ", static_cast<int>(how)));
      MemoryBackupFolder ending(before);
      ending.EndAt(at, how);
      const auto cut = Create(ending);
      ASSERT_TRUE(ending.ended());
      // When only the removal of the older one fails, there is a new one.
      EXPECT_EQ(cut.ok(), at == steps - 1) << cut.status();
      for (const auto& left : {ending.AfterTheProgram(), ending.AfterThePowerCut()}) {
        MemoryBackupFolder folder(left);
        const auto listed = VaultBackups(folder).List();
        ASSERT_TRUE(listed.ok());
        ASSERT_THAT(*listed, Not(IsEmpty()));
        for (const ListedVaultBackup& backup : *listed) {
          EXPECT_TRUE(backup.info.ok()) << backup.id << ": " << backup.info.status();
        }
        const auto made = Create(folder);
        ASSERT_TRUE(made.ok()) << made.status();
        EXPECT_TRUE(made->not_removed.ok());
        EXPECT_THAT(folder.AfterTheProgram(), SizeIs(1));
        EXPECT_EQ(folder.AfterTheProgram(), folder.AfterThePowerCut());
        MemoryVaultStore store;
        EXPECT_EQ(VaultBackups(folder).PutInto(store, 0).value(), made->info);
      }
    }
  }
}

TEST_F(VaultBackupsTest, WhatDoesNotReadBackDoesNotCount) {
  class Forgetful final : public ForwardingVaultStore {
   public:
    using ForwardingVaultStore::ForwardingVaultStore;

    absl::Status Write(const VaultChanges& changes, bool durable) override {
      VaultChanges fewer = changes;
      if (!fewer.empty()) fewer.pop_back();
      return ForwardingVaultStore::Write(fewer, durable);
    }
  };
  MustCreate();
  MemoryVaultStore store;
  Forgetful forgetful(store);
  EXPECT_TRUE(absl::IsDataLoss(VaultBackups(folder_).PutInto(forgetful, 0).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(VaultBackups(folder_).PutInto(store_, 0).status()))
      << "nothing is overwritten";
}

TEST_F(VaultBackupsTest, StopsWhenItIsTold) {
  ASSERT_TRUE(RecordName(1).ok());
  MustCreate();
  int asked = 0;
  const auto count = [&asked] { return ++asked > 0; };
  MemoryBackupFolder counting(folder_.AfterTheProgram());
  ASSERT_TRUE(VaultBackups(counting).Create(*vault_, clock_, count).ok());
  const int in_all = asked;
  ASSERT_GT(in_all, 3);
  for (int most = 0; most < in_all; ++most) {
    MemoryBackupFolder folder(folder_.AfterTheProgram());
    asked = 0;
    const absl::Status stopped =
        VaultBackups(folder).Create(*vault_, clock_, [&] { return asked++ < most; }).status();
    ASSERT_TRUE(absl::IsCancelled(stopped)) << most << ": " << stopped;
    ASSERT_THAT(VaultBackups(folder).List().value(), SizeIs(1));
  }
}

// While rows are read, the store cannot let its old files go.
TEST_F(VaultBackupsTest, APurgeWaitsForTheCopy) {
  class Watched final : public ForwardingVaultStore {
   public:
    using ForwardingVaultStore::ForwardingVaultStore;

    absl::Status Visit(
        std::string_view prefix,
        absl::FunctionRef<bool(std::string_view, std::string_view)> visit) const override {
      if (prefix.empty()) copying_ = true;
      const absl::Status visited = ForwardingVaultStore::Visit(prefix, visit);
      if (prefix.empty()) copying_ = false;
      return visited;
    }
    absl::Status Purge() override {
      EXPECT_FALSE(copying_);
      ++purges_;
      return ForwardingVaultStore::Purge();
    }
    mutable std::atomic<bool> copying_ = false;
    std::atomic<int> purges_ = 0;
  };
  Stop();
  MemoryWrappingKeys wrapping(clock_, SystemRandom());
  MemoryVaultStore rows;
  Watched store(rows);
  options_.accept_lost_keys = true;
  ASSERT_TRUE(Start(store, wrapping).ok());
  ASSERT_TRUE(RecordName(1).ok());
  const StreamId person{2, IdOf(1)};
  const uint64_t fence = log_->Head().next_position;
  ASSERT_TRUE(Record(person, ErasureOf(*vault_, person)).ok());
  const RecordedEvent erasure = log_->ReadLedger(fence, 1)->front();
  const int before = store.purges_;
  std::thread eraser;
  const auto gone = [&] { return vault_->KeysAbout(kLedger, person, 10)->empty(); };
  ASSERT_TRUE(vault_
                  ->Copy([&](std::string_view, std::string_view) {
                    if (eraser.joinable()) return true;
                    eraser =
                        std::thread([&] { EXPECT_TRUE(vault_->CarryOut(kLedger, erasure).ok()); });
                    while (!gone()) std::this_thread::yield();
                    return true;
                  })
                  .ok());
  eraser.join();
  EXPECT_EQ(store.purges_, before + 1);
  Stop();
}

}  // namespace
}  // namespace caseledger::eventstore::testing
