// The vault beside a log: what crashes, wrong keys and lost vaults do to it.
#include "eventstore/vault/vault.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include "caseledger/storage/v1/vault.pb.h"
#include "eventstore/vault/eraser.h"
#include "eventstore/vault/vault_rows.h"
#include "tests/eventstore/vault/vault_fixture.h"
#include "tests/support/forwarding_vault_store.h"

namespace caseledger::eventstore::testing {
namespace {

using caseledger::testing::ForwardingVaultStore;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// Refuses writes while told to.
class FailingStore final : public ForwardingVaultStore {
 public:
  using ForwardingVaultStore::ForwardingVaultStore;

  absl::Status Write(const VaultChanges& changes, bool durable) override {
    if (fails) return absl::UnavailableError("the disk is full");
    return ForwardingVaultStore::Write(changes, durable);
  }

  bool fails = false;
};

TEST_F(VaultTest, EverythingOpensAfterAStopAndAStart) {
  ASSERT_TRUE(Start().ok());
  ASSERT_TRUE(RecordName(1).ok() && RecordNote(2).ok() && RecordName(1).ok());
  const std::vector<std::string> before = Opened();
  EXPECT_THAT(before, ::testing::ElementsAre("name 1", "note 2", "name 1"));
  log_->Close();
  ASSERT_TRUE(vault_->Close().ok());
  Stop();
  ASSERT_TRUE(Start().ok());
  EXPECT_EQ(Opened(), before);
  ASSERT_TRUE(RecordName(1).ok());
  const std::vector<Uuid> ids = KeyIds();
  EXPECT_EQ(ids.back(), ids.front()) << "a person keeps their key";
}

// Counts looks.
class CountingStore final : public ForwardingVaultStore {
 public:
  using ForwardingVaultStore::ForwardingVaultStore;

  absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const override {
    ++looks;
    return ForwardingVaultStore::Get(key);
  }
  absl::StatusOr<std::vector<std::optional<std::string>>> GetMany(
      std::span<const std::string> keys) const override {
    ++looks;
    return ForwardingVaultStore::GetMany(keys);
  }

  mutable int looks = 0;
};

TEST_F(VaultTest, KeysThatAreExpectedAreLookedUpAtOnceAndAreTheSame) {
  CountingStore store(store_);
  ASSERT_TRUE(Start(store, wrapping_).ok());
  ASSERT_TRUE(RecordName(1).ok() && RecordName(2).ok());
  const std::vector<Uuid> before = KeyIds();
  Stop();
  options_.cached_keys = 0;
  ASSERT_TRUE(Start(store, wrapping_).ok());
  ASSERT_TRUE(RecordName(9).ok());  // there are spare keys now
  const std::vector<StreamId> records = {{2, IdOf(1)}, {2, IdOf(2)}, {2, IdOf(3)}, {2, IdOf(4)}};
  store.looks = 0;
  vault_->Expect(kLedger, records);
  EXPECT_EQ(store.looks, 1);
  const Uuid third = vault_->ForRecord(kLedger, records[2], 3)->id;
  const Uuid fourth = vault_->ForRecord(kLedger, records[3], 3)->id;
  EXPECT_EQ(store.looks, 1) << "new ones need no look of their own";
  EXPECT_EQ(vault_->ForRecord(kLedger, records[0], 3)->id, before[0]);
  EXPECT_EQ(vault_->ForRecord(kLedger, records[1], 3)->id, before[1]);
  EXPECT_THAT((std::set<Uuid>{before[0], before[1], third, fourth}), SizeIs(4));
  vault_->Expect(kLedger, records);
  EXPECT_EQ(vault_->ForRecord(kLedger, records[2], 4)->id, third);
  EXPECT_EQ(vault_->ForRecord(kLedger, records[3], 4)->id, fourth);
}

TEST_F(VaultTest, KeysThatAreToBeFoundAreLookedUpTogetherAndAreTheSame) {
  CountingStore store(store_);
  ASSERT_TRUE(Start(store, wrapping_).ok());
  ASSERT_TRUE(RecordName(1).ok() && RecordNote(2).ok() && RecordName(3).ok() && RecordName(1).ok());
  Stop();
  ASSERT_TRUE(Start(store, wrapping_).ok());  // nothing is remembered
  std::vector<Uuid> ids = KeyIds();
  const std::vector<std::string> opened = {"name 1", "note 2", "name 3", "name 1"};
  const Uuid unknown = IdOf(77);
  ids.push_back(unknown);
  store.looks = 0;
  vault_->ExpectToFind(kLedger, ids);
  EXPECT_EQ(store.looks, 2) << "before and after they are remembered";
  EXPECT_EQ(Opened(), opened);
  EXPECT_EQ(store.looks, 2);
  vault_->ExpectToFind(kLedger, ids);
  EXPECT_EQ(store.looks, 2) << "one alone is looked up when it is asked for";
  EXPECT_TRUE(absl::IsNotFound(vault_->Find(kLedger, unknown).status()));
}

TEST_F(VaultTest, AsManyKeysAreLookedUpTogetherAsStayInMemory) {
  CountingStore store(store_);
  ASSERT_TRUE(Start(store, wrapping_).ok());
  for (int i = 0; i < 12; ++i) ASSERT_TRUE(RecordName(i).ok());
  Stop();
  options_.cached_keys = 16;
  ASSERT_TRUE(Start(store, wrapping_).ok());
  const std::vector<Uuid> ids = KeyIds();
  vault_->ExpectToFind(kLedger, ids);
  store.looks = 0;
  for (const Uuid& id : ids) ASSERT_TRUE(vault_->Find(kLedger, id).ok());
  EXPECT_EQ(store.looks, 2 * (12 - 4)) << "a quarter of the memory was filled, the rest one by one";
}

// Does something in the middle of a look at many rows, once.
class InterruptedStore final : public ForwardingVaultStore {
 public:
  using ForwardingVaultStore::ForwardingVaultStore;

  absl::StatusOr<std::vector<std::optional<std::string>>> GetMany(
      std::span<const std::string> keys) const override {
    auto rows = ForwardingVaultStore::GetMany(keys);
    if (const auto act = std::exchange(meanwhile, nullptr)) act();
    return rows;
  }

  mutable std::function<void()> meanwhile;
};

TEST_F(VaultTest, AKeyThatIsDestroyedWhileManyAreLookedUpIsNotFoundAnyMore) {
  InterruptedStore store(store_);
  ASSERT_TRUE(Start(store, wrapping_).ok());
  ASSERT_TRUE(RecordName(1).ok() && RecordName(2).ok());
  Stop();
  ASSERT_TRUE(Start(store, wrapping_).ok());  // nothing is remembered
  const std::vector<Uuid> ids = KeyIds();
  const StreamId person{2, IdOf(1)};
  ASSERT_TRUE(Record(person, ErasureOf(*vault_, person)).ok());
  const RecordedEvent erasure = log_->ReadLedger(2, 1).value().at(0);
  size_t destroyed = 0;
  store.meanwhile = [&] { destroyed = vault_->CarryOut(kLedger, erasure).value_or(0); };
  vault_->ExpectToFind(kLedger, ids);
  ASSERT_EQ(destroyed, 1u);
  EXPECT_TRUE(absl::IsFailedPrecondition(vault_->Find(kLedger, ids[0]).status()));
  EXPECT_TRUE(vault_->Find(kLedger, ids[1]).ok());
}

// Cannot look at many rows at once, or not twice.
class OneByOneStore final : public ForwardingVaultStore {
 public:
  using ForwardingVaultStore::ForwardingVaultStore;

  absl::StatusOr<std::vector<std::optional<std::string>>> GetMany(
      std::span<const std::string> keys) const override {
    if (good_looks-- > 0) return ForwardingVaultStore::GetMany(keys);
    return absl::UnavailableError("the database is away");
  }

  mutable int good_looks = 1000;
};

TEST_F(VaultTest, KeysThatCouldNotBeLookedUpTogetherAreFoundOneByOne) {
  for (const int good_looks : {0, 1}) {
    OneByOneStore store(store_);
    ASSERT_TRUE(Start(store, wrapping_).ok());
    ASSERT_TRUE(RecordName(1).ok() && RecordName(2).ok());
    Stop();
    ASSERT_TRUE(Start(store, wrapping_).ok());
    store.good_looks = good_looks;
    vault_->ExpectToFind(kLedger, KeyIds());
    EXPECT_LE(store.good_looks, 0) << "it was tried";
    for (const std::string& text : Opened()) EXPECT_THAT(text, ::testing::StartsWith("name "));
    Stop();
  }
}

TEST_F(VaultTest, AKeyThatIsDestroyedAfterItWasExpectedSealsNothing) {
  ASSERT_TRUE(Start().ok());
  ASSERT_TRUE(RecordName(1).ok());
  const Uuid before = KeyIds().at(0);
  const StreamId person{2, IdOf(1)};
  ASSERT_TRUE(Record(person, ErasureOf(*vault_, person)).ok());
  Stop();
  ASSERT_TRUE(Start().ok());  // nothing is remembered
  const RecordedEvent erasure = log_->ReadLedger(1, 1).value().at(0);
  const std::vector<StreamId> expected = {person};
  vault_->Expect(kLedger, expected);
  ASSERT_TRUE(vault_->CarryOut(kLedger, erasure).ok());
  EXPECT_NE(vault_->ForRecord(kLedger, person, 2)->id, before);
}

// The machine loses power after the log's commits: the vault forgets what its spare keys became.
TEST_F(VaultTest, WhatACrashForgetsIsFoundAgainInTheLog) {
  ASSERT_TRUE(Start().ok());
  const int kRecords = 21;  // spares are made anew in between
  for (int i = 0; i < kRecords; ++i) {
    ASSERT_TRUE((i % 2 == 0 ? RecordName(i / 4) : RecordNote(i)).ok());
    if (i % 5 != 4) continue;
    const std::vector<std::string> before = Opened();
    const std::vector<Uuid> ids = KeyIds();
    Stop();
    store_.LoseWhatIsNotDurable();
    const absl::Status started = Start();
    ASSERT_TRUE(started.ok()) << started;
    EXPECT_EQ(Opened(), before) << "after event " << i;
    EXPECT_EQ(KeyIds(), ids);
  }
  // No key was given out twice: each person has one, each note its own.
  const std::vector<Uuid> ids = KeyIds();
  ASSERT_THAT(ids, SizeIs(kRecords));
  EXPECT_THAT(std::set<Uuid>(ids.begin(), ids.end()), SizeIs(6 + 10));
}

TEST_F(VaultTest, AVaultWithoutTheLogsKeysIsRefusedAndSaysWhatToDo) {
  ASSERT_TRUE(Start().ok());
  ASSERT_TRUE(RecordName(1).ok() && RecordNote(2).ok());
  Stop();
  MemoryVaultStore empty;
  const absl::Status refused = Start(empty, wrapping_);
  EXPECT_EQ(refused.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(refused.ToString(), HasSubstr("KEYS_LOST"));
  EXPECT_THAT(refused.ToString(), HasSubstr("lacks 2 keys"));
  EXPECT_THAT(refused.ToString(), HasSubstr("newest backup"));
  Stop();
  options_.accept_lost_keys = true;
  ASSERT_TRUE(Start(empty, wrapping_).ok());
  const std::string lost = StrCat("state ", int{event::v1::SEAL_STATE_KEY_LOST});
  EXPECT_THAT(Opened(), ::testing::ElementsAre(lost, lost));
  EXPECT_TRUE(RecordName(1).ok()) << "what is new is sealed and kept";
  EXPECT_EQ(Opened().back(), "name 1");
}

TEST_F(VaultTest, AnotherWrappingKeyIsRefusedAndNamesTheRightOne) {
  ASSERT_TRUE(Start().ok());
  const std::string id = wrapping_.List().value().front().id.ToString();
  Stop();
  MemoryWrappingKeys others(clock_, SystemRandom());
  const absl::Status refused = Start(store_, others);
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(refused.ToString(), HasSubstr("WRAPPING_KEY_WRONG"));
  EXPECT_THAT(refused.ToString(), HasSubstr(id));
}

TEST_F(VaultTest, AVaultOfANewerProgramIsRefused) {
  storage::v1::VaultInfo info;
  info.set_format_version(2);
  ASSERT_TRUE(store_.Write({{VaultRows::Info(), info.SerializeAsString()}}, true).ok());
  EXPECT_EQ(Start().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(VaultTest, WithoutStorageWhatIsPersonalIsRefusedAndTheRestIsTaken) {
  FailingStore store(store_);
  ASSERT_TRUE(Start(store, wrapping_).ok());
  ASSERT_TRUE(RecordName(1).ok());
  store.fails = true;
  absl::Status refused;
  // What keys were made durable before may still seal something.
  for (size_t i = 0; i <= options_.spare_keys && refused.ok(); ++i) refused = RecordNote(2);
  EXPECT_EQ(refused.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(refused.ToString(), HasSubstr("VAULT_UNAVAILABLE"));
  Fact ended;
  ended.mutable_contact_ended()->set_outcome(event::v1::CONTACT_OUTCOME_SILENT);
  EXPECT_TRUE(Record({1, IdOf(2)}, ended).ok());
  store.fails = false;
  EXPECT_TRUE(RecordNote(2).ok()) << "nothing was lost";
}

TEST_F(VaultTest, AnErasureTakesThePersonsKeyAndNotesThatNameThemAndNothingElse) {
  ASSERT_TRUE(Start().ok());
  Eraser eraser(*vault_, kLedger, *log_, [](const StreamId&, const absl::StatusOr<size_t>&) {});
  ASSERT_TRUE(eraser.Start().ok());
  const StreamId person{2, IdOf(1)};
  ASSERT_TRUE(RecordName(1).ok() && RecordName(2).ok() && RecordNote(3).ok());
  ASSERT_TRUE(Record({1, IdOf(4)}, NoteAbout(person.id)).ok());
  ASSERT_TRUE(RecordName(1).ok());
  const Fact erasure = ErasureOf(*vault_, person);
  EXPECT_EQ(erasure.person_erased().key_fingerprints_size(), 2);
  EXPECT_THAT(Opened(),
              ::testing::ElementsAre("name 1", "name 2", "note 3", "about somebody", "name 1"))
      << "also in the cache";
  ASSERT_TRUE(Record(person, erasure).ok());
  while (!vault_->KeysAbout(kLedger, person, 100).value().empty()) std::this_thread::yield();
  EXPECT_THAT(Opened(), ::testing::ElementsAre(kErased, "name 2", "note 3", kErased, kErased, ""));
  eraser.Stop();
  Stop();
  ASSERT_TRUE(Start().ok());
  EXPECT_THAT(Opened(), ::testing::ElementsAre(kErased, "name 2", "note 3", kErased, kErased, ""));
}

// The fence is in the log and the program ends before any key is destroyed.
TEST_F(VaultTest, AFenceWithoutItsErasureIsMadeGoodAtTheNextStart) {
  ASSERT_TRUE(Start().ok());
  const StreamId person{2, IdOf(1)};
  ASSERT_TRUE(RecordName(1).ok());
  ASSERT_TRUE(Record(person, ErasureOf(*vault_, person)).ok());
  for (int i = 10; i < 30; ++i) ASSERT_TRUE(RecordNote(i).ok()) << "the marks go on meanwhile";
  EXPECT_EQ(Opened().front(), "name 1");
  log_->Close();
  ASSERT_TRUE(vault_->Close().ok());
  Stop();
  ASSERT_TRUE(Start().ok());
  EXPECT_EQ(Opened().front(), kErased);
  EXPECT_TRUE(vault_->KeysAbout(kLedger, person, 100).value().empty());
}

TEST_F(VaultTest, AnOlderVaultThatIsPutBackDoesNotBringThePersonBack) {
  ASSERT_TRUE(Start().ok());
  const StreamId person{2, IdOf(1)};
  ASSERT_TRUE(RecordName(1).ok());
  Stop();
  MemoryVaultStore before_the_note(store_);
  ASSERT_TRUE(Start().ok());
  // More than the spare keys: the older vault has never heard of the last ones.
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(Record({1, IdOf(100 + i)}, NoteAbout(person.id)).ok());
  }
  const absl::StatusOr<size_t> destroyed = [&]() -> absl::StatusOr<size_t> {
    const absl::Status recorded = Record(person, ErasureOf(*vault_, person));
    if (!recorded.ok()) return recorded;
    return vault_->CarryOut(kLedger, log_->ReadLedger(21, 1).value().at(0));
  }();
  ASSERT_TRUE(destroyed.ok()) << destroyed.status();
  EXPECT_EQ(*destroyed, 21U);
  Stop();
  const absl::Status started = Start(before_the_note, wrapping_);
  ASSERT_TRUE(started.ok()) << started;
  std::vector<std::string> expected(21, kErased);
  expected.emplace_back();
  EXPECT_EQ(Opened(), expected);
}

TEST_F(VaultTest, AnErasureThatFailsIsAnErrorAndCanBeGoneOnWith) {
  FailingStore store(store_);
  ASSERT_TRUE(Start(store, wrapping_).ok());
  const StreamId person{2, IdOf(1)};
  ASSERT_TRUE(RecordName(1).ok());
  ASSERT_TRUE(Record(person, ErasureOf(*vault_, person)).ok());
  const RecordedEvent erasure = log_->ReadLedger(1, 1).value().at(0);
  store.fails = true;
  EXPECT_EQ(vault_->CarryOut(kLedger, erasure).status().code(), absl::StatusCode::kUnavailable);
  store.fails = false;
  EXPECT_EQ(vault_->CarryOut(kLedger, erasure).value(), 1U);
  EXPECT_EQ(Opened().front(), kErased);
  EXPECT_EQ(vault_->CarryOut(kLedger, erasure).value(), 0U) << "done before";
}

TEST_F(VaultTest, MoreKeysThanMemoryHoldsAreFoundInTheStore) {
  options_.cached_keys = 4;
  ASSERT_TRUE(Start().ok());
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(RecordName(i).ok());
  const std::vector<std::string> names = Opened();
  for (int i = 0; i < 40; ++i) EXPECT_EQ(names[static_cast<size_t>(i)], StrCat("name ", i));
}

TEST_F(VaultTest, TheIndexKeyOfALedgerIsMadeOnceAndIsNoOtherLedgers) {
  FailingStore store(store_);
  ASSERT_TRUE(Start(store, wrapping_).ok());
  store.fails = true;
  EXPECT_EQ(vault_->IndexKey(kLedger).status().code(), absl::StatusCode::kUnavailable)
      << "not durable, not given out";
  store.fails = false;
  const std::string key(vault_->IndexKey(kLedger).value()->raw());
  EXPECT_EQ(vault_->IndexKey(kLedger).value()->raw(), key);
  EXPECT_NE(vault_->IndexKey("quang-ninh-2").value()->raw(), key);
  const Uuid first = wrapping_.List().value().back().id;
  ASSERT_TRUE(vault_->Rotate([](const RotationProgress&) { return true; }).ok());
  Stop();
  EXPECT_NE(wrapping_.List().value().front().id, first) << "the older wrapping key is gone";
  ASSERT_TRUE(Start(store, wrapping_).ok());
  EXPECT_EQ(vault_->IndexKey(kLedger).value()->raw(), key) << "under a newer wrapping key";
  size_t rows = 0;
  ASSERT_TRUE(store
                  .Visit(VaultRows::IndexOf(kLedger),
                         [&](std::string_view, std::string_view value) {
                           ++rows;
                           EXPECT_EQ(value.find(key), std::string_view::npos) << "wrapped";
                           return true;
                         })
                  .ok());
  EXPECT_EQ(rows, 1U);
}

TEST_F(VaultTest, ReadersAndTheLogShareIt) {
  options_.cached_keys = 8;
  ASSERT_TRUE(Start().ok());
  ASSERT_TRUE(RecordName(0).ok());
  std::atomic<bool> stop = false;
  std::vector<std::thread> readers;
  readers.reserve(3);
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!stop) {
        for (const Uuid& id : KeyIds()) EXPECT_TRUE(vault_->Find(kLedger, id).ok());
      }
    });
  }
  for (int i = 1; i < 60; ++i) EXPECT_TRUE((i % 2 == 0 ? RecordName(i) : RecordNote(i)).ok());
  stop = true;
  for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace caseledger::eventstore::testing
