// Wrapping keys that change while records are sealed, read and erased, and what a crash makes of
// it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "caseledger/storage/v1/vault.pb.h"
#include "eventstore/vault/vault.h"
#include "eventstore/vault/vault_rows.h"
#include "tests/eventstore/vault/vault_fixture.h"
#include "tests/support/forwarding_vault_store.h"

namespace caseledger::eventstore::testing {
namespace {

using caseledger::testing::ForwardingVaultStore;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

bool GoOn(const RotationProgress& /*progress*/) { return true; }

// Rows in memory; from the `writes`-th write or purge on it fails.
class StoppingStore final : public ForwardingVaultStore {
 public:
  using ForwardingVaultStore::ForwardingVaultStore;

  absl::Status Write(const VaultChanges& changes, bool durable) override {
    if (writes == 0) return absl::UnavailableError("stopped");
    --writes;
    return ForwardingVaultStore::Write(changes, durable);
  }
  absl::Status Purge() override {
    if (writes == 0) return absl::UnavailableError("stopped");
    --writes;
    return ForwardingVaultStore::Purge();
  }

  size_t writes = SIZE_MAX;
};

class VaultRotationTest : public VaultTest {
 protected:
  // Names of the wrapping keys that anything is wrapped with.
  std::set<std::string> UsedWrappingKeys() {
    std::set<std::string> ids;
    EXPECT_TRUE(store_
                    .Visit(VaultRows::AllKeys(),
                           [&](std::string_view, std::string_view value) {
                             storage::v1::VaultKey key;
                             EXPECT_TRUE(key.ParseFromString(std::string(value)));
                             if (key.has_key()) ids.insert(key.key().wrapping_key_id());
                             return true;
                           })
                    .ok());
    EXPECT_TRUE(store_
                    .Visit(VaultRows::AllSpares(),
                           [&](std::string_view, std::string_view value) {
                             storage::v1::WrappedKey key;
                             EXPECT_TRUE(key.ParseFromString(std::string(value)));
                             ids.insert(key.wrapping_key_id());
                             return true;
                           })
                    .ok());
    return ids;
  }
  Uuid OnlyWrappingKey() {
    const std::vector<WrappingKeyInfo> keys = wrapping_.List().value();
    EXPECT_THAT(keys, SizeIs(1));
    return keys.back().id;
  }
  void ExpectOnlyTheNewestIsUsed() {
    EXPECT_EQ(UsedWrappingKeys(), std::set<std::string>{std::string(OnlyWrappingKey().raw())});
  }
};

TEST_F(VaultRotationTest, EverythingIsWrappedAnewAndTheOlderKeyIsGone) {
  ASSERT_TRUE(Start().ok());
  for (int i = 0; i < 300; ++i) ASSERT_TRUE((i % 2 == 0 ? RecordName(i) : RecordNote(i)).ok());
  const std::vector<std::string> before = Opened();
  const Uuid first = OnlyWrappingKey();
  RotationProgress last;
  ASSERT_TRUE(vault_
                  ->Rotate([&](const RotationProgress& progress) {
                    EXPECT_GE(progress.total, progress.done);
                    last = progress;
                    return true;
                  })
                  .ok());
  EXPECT_GE(last.total, 300U);
  EXPECT_EQ(last.done, last.total);
  EXPECT_NE(OnlyWrappingKey(), first);
  ExpectOnlyTheNewestIsUsed();
  EXPECT_FALSE(vault_->RotationUnfinished().value());
  ASSERT_TRUE(RecordName(0).ok() && RecordNote(1000).ok()) << "spare keys of before are used on";
  const std::vector<std::string> after = Opened();
  EXPECT_TRUE(std::equal(before.begin(), before.end(), after.begin()));
  EXPECT_EQ(after.back(), "note 1000");
  Stop();
  ASSERT_TRUE(Start().ok());
  EXPECT_EQ(Opened(), after);
  ExpectOnlyTheNewestIsUsed();
}

TEST_F(VaultRotationTest, ItGoesOnWhereItWasStopped) {
  ASSERT_TRUE(Start().ok());
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(RecordName(i).ok());
  const std::vector<std::string> before = Opened();
  EXPECT_TRUE(absl::IsCancelled(vault_->Rotate([](const RotationProgress&) { return false; })));
  EXPECT_TRUE(vault_->RotationUnfinished().value());
  EXPECT_THAT(wrapping_.List().value(), SizeIs(2));
  EXPECT_EQ(Opened(), before);
  Stop();
  ASSERT_TRUE(Start().ok());
  EXPECT_TRUE(vault_->RotationUnfinished().value());
  ASSERT_TRUE(vault_->FinishRotation(GoOn).ok());
  EXPECT_FALSE(vault_->RotationUnfinished().value());
  ExpectOnlyTheNewestIsUsed();
  EXPECT_EQ(Opened(), before);
}

// The machine loses power at each of the writes, and what was not durable is gone.
// A copy that is made then needs the newest key alone, while older copies still open.
TEST_F(VaultRotationTest, BeforeTheOlderKeyGoesNothingNeedsItAndItMayStay) {
  ASSERT_TRUE(Start().ok());
  ASSERT_TRUE(RecordName(1).ok());
  const std::string older = OnlyWrappingKey().ToString();
  int asked = 0;
  const auto look = [&](bool go_on) {
    return [&, go_on] {
      ++asked;
      EXPECT_THAT(wrapping_.List().value(), SizeIs(2));
      EXPECT_EQ(wrapping_.List()->front().id.ToString(), older);
      EXPECT_EQ(UsedWrappingKeys(),
                std::set<std::string>{std::string(wrapping_.List()->back().id.raw())});
      return go_on;
    };
  };
  EXPECT_TRUE(absl::IsCancelled(vault_->Rotate(GoOn, look(false))));
  EXPECT_THAT(wrapping_.List().value(), SizeIs(2));
  EXPECT_TRUE(vault_->RotationUnfinished().value());
  EXPECT_TRUE(vault_->FinishRotation(GoOn, look(true)).ok());
  EXPECT_NE(OnlyWrappingKey().ToString(), older);
  EXPECT_EQ(asked, 2);
  EXPECT_TRUE(vault_->FinishRotation(GoOn, look(true)).ok());
  EXPECT_EQ(asked, 2) << "nothing is left to be destroyed";
}

TEST_F(VaultRotationTest, ACrashAtAnyWriteLosesNothing) {
  StoppingStore store(store_);
  size_t stops = 0;
  for (size_t writes = 0;; ++writes) {
    ASSERT_TRUE(Start(store, wrapping_).ok());
    for (int i = 0; i < 40; ++i) ASSERT_TRUE((i % 3 == 0 ? RecordNote(i) : RecordName(i)).ok());
    const std::vector<std::string> before = Opened();
    store.writes = writes;
    const absl::Status rotated = vault_->Rotate(GoOn);
    Stop();
    store_.LoseWhatIsNotDurable();
    store.writes = SIZE_MAX;
    const absl::Status started = Start(store, wrapping_);
    ASSERT_TRUE(started.ok()) << "after " << writes << " writes: " << started;
    EXPECT_EQ(Opened(), before) << "after " << writes << " writes";
    ASSERT_TRUE(vault_->FinishRotation(GoOn).ok());
    ExpectOnlyTheNewestIsUsed();
    EXPECT_EQ(Opened(), before);
    Stop();
    if (rotated.ok()) break;
    ++stops;
  }
  EXPECT_GE(stops, 5U) << "not every step was stopped at";
}

TEST_F(VaultRotationTest, RecordsAreSealedReadAndErasedMeanwhile) {
  options_.cached_keys = 8;  // so that readers go to the rows
  ASSERT_TRUE(Start().ok());
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(RecordName(i).ok());
  std::atomic<bool> stop = false;
  std::thread reader([&] {
    while (!stop) {
      for (const Uuid& id : KeyIds()) {
        const absl::Status found = vault_->Find(kLedger, id).status();
        EXPECT_TRUE(found.ok() || absl::IsFailedPrecondition(found)) << found;
      }
    }
  });
  std::atomic<int> written = 200;
  std::thread writer([&] {
    while (!stop && written < 2000) EXPECT_TRUE(RecordName(written++).ok());
  });
  const StreamId person{2, IdOf(7)};
  for (int i = 0; i < 5; ++i) {
    if (i == 2) {
      const Fact erasure = ErasureOf(*vault_, person);
      const uint64_t position = log_->Head().next_position;
      ASSERT_TRUE(Record(person, erasure).ok());
      uint64_t at = position;
      while (!IsErasure(log_->ReadLedger(at, 1).value().at(0))) ++at;
      EXPECT_EQ(vault_->CarryOut(kLedger, log_->ReadLedger(at, 1).value().at(0)).value(), 1U);
    }
    const absl::Status rotated = vault_->Rotate(GoOn);
    EXPECT_TRUE(rotated.ok()) << rotated;
  }
  stop = true;
  writer.join();
  reader.join();
  ASSERT_TRUE(vault_->FinishRotation(GoOn).ok());
  log_->Close();
  ASSERT_TRUE(vault_->Close().ok());
  ExpectOnlyTheNewestIsUsed();
  const std::vector<std::string> texts = [&] {
    Stop();
    EXPECT_TRUE(Start().ok());
    return Opened();
  }();
  for (size_t i = 0; i < 200; ++i) {
    EXPECT_EQ(texts[i], i == 7 ? kErased : StrCat("name ", i)) << "nobody comes back";
  }
}

TEST_F(VaultRotationTest, AnErasureWaitsForEveryWrappingKeyThatWasThere) {
  ASSERT_TRUE(Start().ok());
  const StreamId person{2, IdOf(1)};
  ASSERT_TRUE(RecordName(1).ok() && RecordName(2).ok());
  EXPECT_EQ(vault_->ErasureOf(kLedger, person).value().remaining_keys, 1U);
  ASSERT_TRUE(absl::IsCancelled(vault_->Rotate([](const RotationProgress&) { return false; })));
  const std::vector<WrappingKeyInfo> both = wrapping_.List().value();
  ASSERT_THAT(both, SizeIs(2));
  ASSERT_TRUE(Record(person, ErasureOf(*vault_, person)).ok());
  ASSERT_EQ(vault_->CarryOut(kLedger, log_->ReadLedger(2, 1).value().at(0)).value(), 1U);
  ErasureState state = vault_->ErasureOf(kLedger, person).value();
  EXPECT_EQ(state.destroyed_keys, 1U);
  EXPECT_EQ(state.remaining_keys, 0U);
  ASSERT_TRUE(state.waits_for.has_value());
  EXPECT_EQ(state.waits_for->id, both.back().id);

  // The end of the change under way destroys the older one alone.
  ASSERT_TRUE(vault_->FinishRotation(GoOn).ok());
  state = vault_->ErasureOf(kLedger, person).value();
  ASSERT_TRUE(state.waits_for.has_value());
  EXPECT_EQ(state.waits_for->id, both.back().id);

  ASSERT_TRUE(vault_->Rotate(GoOn).ok());
  EXPECT_FALSE(vault_->ErasureOf(kLedger, person).value().waits_for.has_value());
  EXPECT_EQ(vault_->ErasureOf(kLedger, {2, IdOf(2)}).value().remaining_keys, 1U);
}

// What an erasure is complete by: a copy of vault and log from before it opens nothing any more.
TEST_F(VaultRotationTest, AnOldCopyOfTheVaultOpensNothingAfterTheChange) {
  ASSERT_TRUE(Start().ok());
  ASSERT_TRUE(RecordName(1).ok());
  MemoryVaultStore copy(store_);
  ASSERT_TRUE(vault_->Rotate(GoOn).ok());
  Stop();
  const absl::Status refused = Start(copy, wrapping_);
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(refused.ToString(), HasSubstr("WRAPPING_KEY_WRONG"));
  EXPECT_THAT(refused.ToString(), HasSubstr("before the last change of wrapping keys"));
  Stop();

  // Somebody has no newer one: what it sealed is lost, and what comes is not.
  options_.accept_lost_keys = true;
  const absl::Status started = Start(copy, wrapping_);
  ASSERT_TRUE(started.ok()) << started;
  EXPECT_EQ(Opened().front(), StrCat("state ", int{event::v1::SEAL_STATE_KEY_LOST}));
  ASSERT_TRUE(RecordName(1).ok());
  EXPECT_EQ(Opened().back(), "name 1");
  ASSERT_TRUE(vault_->Rotate(GoOn).ok());
  Stop();
  options_.accept_lost_keys = false;
  ASSERT_TRUE(Start(copy, wrapping_).ok()) << "accepted once";
  EXPECT_EQ(Opened().back(), "name 1");
}

}  // namespace
}  // namespace caseledger::eventstore::testing
