// What the signer hands out, and which ledgers it refuses.
#include "eventstore/signing/signer.h"

#include <sys/stat.h>

#include <filesystem>
#include <map>

#include "eventstore/signing/publisher.h"
#include "tests/eventstore/signing/signing_fixture.h"

namespace caseledger::eventstore::testing {
namespace {

namespace fs = std::filesystem;
using caseledger::testing::ReadWholeFile;
using caseledger::testing::WriteWholeFile;
using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST_F(Signing, ACheckpointIsSignedKeptTwiceAndFoundAgain) {
  Append(store_, 3);
  auto signer = Open(store_);
  EXPECT_EQ(signer->Latest(), nullptr);
  EXPECT_TRUE(signer->origin().starts_with("caseledger/quang-ninh/"));
  ASSERT_TRUE(signer->Sign(*store_.log->Tree()).ok());
  const auto latest = signer->Latest();
  ASSERT_NE(latest, nullptr);
  const auto opened = OpenCheckpoint(latest->note, signer->Verifiers());
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(*opened, (Checkpoint{signer->origin(), 3, store_.log->Tree()->Root()}));
  EXPECT_EQ(ReadWholeFile(OuterPath()), latest->note);
  EXPECT_THAT(**store_.engine.FindSigningState(kLedger), HasSubstr(latest->note));
  EXPECT_EQ(Open(store_)->Latest()->note, latest->note);
  EXPECT_EQ(Open(store_)->origin(), signer->origin());
}

TEST_F(Signing, AnEmptyLedgerIsNotSigned) {
  auto signer = Open(store_);
  ASSERT_TRUE(signer->Sign(*store_.log->Tree()).ok());
  EXPECT_EQ(signer->Latest(), nullptr);
}

TEST_F(Signing, ALedgerThatDidNotGrowIsNotSignedAgain) {
  SignAt(3);
  auto signer = Open(store_);
  const auto before = signer->Latest();
  ASSERT_TRUE(signer->Sign(*store_.log->Tree()).ok());
  EXPECT_EQ(signer->Latest(), before);
  ASSERT_TRUE(signer->Sign(TreeEdge()).ok()) << "nor when it is shown smaller";
  EXPECT_EQ(signer->Latest(), before);
}

TEST_F(Signing, AShorterLedgerIsRefusedAndTheReasonSaysWhatToDo) {
  SignAt(300);
  Store shorter;
  MakeLedger(shorter);
  Append(shorter, 299);
  ASSERT_TRUE(
      shorter.engine.ReplaceSigningState(kLedger, **store_.engine.FindSigningState(kLedger)).ok());
  const absl::Status status = TryOpen(shorter).status();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("1 events are lost"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("--new-origin"));
}

TEST_F(Signing, AnotherHistoryOfTheSameLengthIsRefused) {
  SignAt(300);
  Store other;
  MakeLedger(other);
  Append(other, 300);
  ASSERT_TRUE(
      other.engine.ReplaceSigningState(kLedger, **store_.engine.FindSigningState(kLedger)).ok());
  EXPECT_TRUE(absl::IsDataLoss(TryOpen(other).status()));
  Append(other, 100);
  EXPECT_TRUE(absl::IsDataLoss(TryOpen(other).status())) << "nor when it is longer";
}

TEST_F(Signing, ADirectoryThatNeverSignedDoesNotTakeAnothersPlace) {
  SignAt(3);
  Store fresh;
  MakeLedger(fresh);
  EXPECT_TRUE(absl::IsDataLoss(TryOpen(fresh).status()));
}

TEST_F(Signing, AnOlderDirectoryIsCaughtByTheCheckpointOutside) {
  SignAt(10);
  const std::string state_at_10 = **store_.engine.FindSigningState(kLedger);
  SignAt(20);
  Store older;  // a copy of the ledger as it was at 10 events
  ASSERT_TRUE(CreateLedger(older.engine, kLedger, clock_, SystemRandom()).ok());
  EngineBatch batch;
  ASSERT_TRUE(store_.engine
                  .Read(kLedger, 0, 10,
                        [&batch](const StoredEvent& event) {
                          batch.events.push_back(event);
                          return true;
                        })
                  .ok());
  std::map<StreamId, StreamHead> heads;
  for (const StoredEvent& event : batch.events) {
    heads[event.stream] = {event.revision, event.position, event.leaf_hash};
  }
  batch.streams.assign(heads.begin(), heads.end());
  batch.head = {10, store_.log->Head().last_recorded_at, batch.events.back().leaf_hash};
  ASSERT_TRUE(older.engine.Commit(kLedger, [&batch](HeadView&) { return batch; }).ok());
  ASSERT_TRUE(older.engine.ReplaceSigningState(kLedger, state_at_10).ok());
  EXPECT_TRUE(absl::IsDataLoss(TryOpen(older).status()));
}

TEST_F(Signing, ALostCheckpointMustBeAccepted) {
  SignAt(3);
  fs::remove(OuterPath());
  EXPECT_TRUE(absl::IsFailedPrecondition(TryOpen(store_).status()));
  SignerOptions options = Options();
  options.accept_lost_checkpoint = true;
  EXPECT_TRUE(Signer::Open(store_.engine, options).ok());
}

// Or who empties the file could do without the flag.
TEST_F(Signing, AnEmptyCheckpointIsDamagedAndNotLost) {
  SignAt(3);
  WriteWholeFile(OuterPath(), "");
  SignerOptions options = Options();
  for (const bool accept : {false, true}) {
    options.accept_lost_checkpoint = accept;
    const absl::Status status = Signer::Open(store_.engine, options).status();
    EXPECT_TRUE(absl::IsDataLoss(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(OuterPath()));
  }
}

TEST_F(Signing, ACheckpointThatIsNotItsOwnIsNamedByItsPlace) {
  SignAt(3);
  WriteWholeFile(OuterPath(), "another/log\n3\nAAAA\n");
  EXPECT_THAT(std::string(TryOpen(store_).status().message()), HasSubstr("in " + OuterPath()));
}

// Keys of the same name verify nothing that the lost ones signed.
TEST_F(Signing, NewKeysDoNotTakeTheLostOnesPlace) {
  SignAt(3);
  const std::string origin = Open(store_)->origin();
  KeyRing others;
  ASSERT_TRUE(others.Add(origin, clock_.Now(), SystemRandom()).ok());
  ASSERT_TRUE(others.Save(Options().key_file).ok());
  const absl::Status status = TryOpen(store_).status();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("in the database"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("the keys that signed it"));
}

// A crash between the two writes leaves one of them older.
TEST_F(Signing, EitherOfTheTwoCheckpointsMayBeTheNewer) {
  SignAt(10);
  const std::string outer_at_10 = ReadWholeFile(OuterPath());
  const std::string inner_at_10 = **store_.engine.FindSigningState(kLedger);
  SignAt(20);
  const std::string outer_at_20 = ReadWholeFile(OuterPath());
  WriteWholeFile(OuterPath(), outer_at_10);
  EXPECT_EQ(Open(store_)->Latest()->checkpoint.size, 20u);
  WriteWholeFile(OuterPath(), outer_at_20);
  ASSERT_TRUE(store_.engine.ReplaceSigningState(kLedger, inner_at_10).ok());
  EXPECT_EQ(Open(store_)->Latest()->checkpoint.size, 20u);
}

TEST_F(Signing, NoByteOfTheCheckpointOutsideCanBeChanged) {
  SignAt(10);
  const std::string good = ReadWholeFile(OuterPath());
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    WriteWholeFile(OuterPath(), bad);
    EXPECT_FALSE(TryOpen(store_).ok()) << "byte " << i;
  }
  WriteWholeFile(OuterPath(), good);
  EXPECT_TRUE(TryOpen(store_).ok());
}

TEST_F(Signing, WhatCameAfterTheCheckpointIsComputedAgain) {
  SignAt(300);
  Append(store_, 400);
  const std::string tile = **store_.engine.FindTile(kLedger, 0, 1);  // leaves 256 to 511
  std::string bad = tile;
  bad[32 * 200] = static_cast<char>(bad[32 * 200] ^ 1);
  store_.engine.OverwriteTile(kLedger, 0, 1, bad);
  EXPECT_TRUE(absl::IsDataLoss(TryOpen(store_).status()));
  store_.engine.OverwriteTile(kLedger, 0, 1, tile);
  EXPECT_TRUE(TryOpen(store_).ok());
  std::string record;
  ASSERT_TRUE(store_.engine
                  .Read(kLedger, 650, 651,
                        [&record](const StoredEvent& event) {
                          record = event.record;
                          return true;
                        })
                  .ok());
  for (size_t i = 0; i < record.size(); ++i) {
    std::string damaged = record;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    store_.engine.OverwriteRecord(kLedger, 650, damaged);
    EXPECT_FALSE(TryOpen(store_).ok()) << "byte " << i;
  }
}

TEST_F(Signing, LostKeysAreNotReplacedInSilence) {
  SignAt(3);
  fs::remove(Options().key_file);
  const absl::Status status = TryOpen(store_).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("--new-origin quang-ninh"));
  SignerOptions options = Options();
  options.new_origin = true;
  EXPECT_TRUE(Signer::Open(store_.engine, options).ok()) << "what it says helps";
}

TEST_F(Signing, KeysThatOthersMayReadAreRefused) {
  SignAt(3);
  struct stat found {};
  ASSERT_EQ(stat(Options().key_file.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
  fs::permissions(Options().key_file, fs::perms::group_read, fs::perm_options::add);
  EXPECT_TRUE(absl::IsFailedPrecondition(TryOpen(store_).status()));
}

TEST_F(Signing, OldAndNewKeySignUntilTheOldOneEnds) {
  SignAt(3);
  auto signer = Open(store_);
  const VerifierKey old_key = signer->Verifiers().front();
  KeyRing ring = *KeyRing::Load(Options().key_file);
  const Micros until = clock_.Now() + 10 * kMicrosPerSecond;
  const VerifierKey new_key = *ring.Add(signer->origin(), until, SystemRandom());
  ASSERT_TRUE(ring.Save(Options().key_file).ok());
  Append(store_, 1);
  ASSERT_TRUE(signer->Sign(*store_.log->Tree()).ok()) << "without a restart";
  EXPECT_TRUE(OpenCheckpoint(signer->Latest()->note, std::vector{old_key}).ok());
  EXPECT_TRUE(OpenCheckpoint(signer->Latest()->note, std::vector{new_key}).ok());
  clock_.Advance(10 * kMicrosPerSecond);
  Append(store_, 1);
  ASSERT_TRUE(signer->Sign(*store_.log->Tree()).ok());
  EXPECT_FALSE(OpenCheckpoint(signer->Latest()->note, std::vector{old_key}).ok());
  EXPECT_TRUE(OpenCheckpoint(signer->Latest()->note, std::vector{new_key}).ok());
  EXPECT_THAT(Open(store_)->Verifiers(), SizeIs(2));
}

TEST_F(Signing, ANewOriginForgetsWhatWasSignedAndKeepsItAside) {
  SignAt(3);
  const auto before = Open(store_);
  SignerOptions options = Options();
  options.new_origin = true;
  auto signer = Signer::Open(store_.engine, options);
  ASSERT_TRUE(signer.ok()) << signer.status();
  EXPECT_NE((*signer)->origin(), before->origin());
  EXPECT_EQ((*signer)->Latest(), nullptr);
  ASSERT_TRUE((*signer)->Sign(*store_.log->Tree()).ok());
  EXPECT_FALSE(OpenCheckpoint((*signer)->Latest()->note, before->Verifiers()).ok());
  size_t aside = 0;
  for (const auto& entry : fs::recursive_directory_iterator(directory_ / "")) {
    if (entry.path().string().find(".old-") != std::string::npos) ++aside;
  }
  EXPECT_EQ(aside, 2u) << "the old keys and the old checkpoint";
  EXPECT_EQ(Open(store_)->origin(), (*signer)->origin());
}

TEST_F(Signing, NothingIsHandedOutThatIsNotKept) {
  SignAt(3);
  auto signer = Open(store_);
  const auto before = signer->Latest();
  Append(store_, 1);
  const std::string folder = fs::path(OuterPath()).parent_path().string();
  fs::remove_all(folder);
  WriteWholeFile(folder, "in the way");
  EXPECT_TRUE(absl::IsUnavailable(signer->Sign(*store_.log->Tree())));
  EXPECT_EQ(signer->Latest(), before);
  fs::remove(folder);
  EXPECT_TRUE(signer->Sign(*store_.log->Tree()).ok());
  EXPECT_EQ(signer->Latest()->checkpoint.size, 4u);
}

TEST_F(Signing, ThePublisherSignsAtItsEndWhatTheLogHas) {
  auto signer = Open(store_);
  Publisher publisher(*store_.log, *signer,
                      [](const absl::Status& status) { ADD_FAILURE() << status; });
  publisher.Start();
  Append(store_, 7);
  store_.log->Close();
  ASSERT_TRUE(publisher.Stop().ok());
  EXPECT_EQ(signer->Latest()->checkpoint.size, 7u);
}

TEST_F(Signing, ThePublisherSaysWhenItCannotSignAndWhenItCanAgain) {
  SignAt(1);
  auto signer = Open(store_);
  std::vector<bool> changes;
  const std::string keys = Options().key_file;
  fs::rename(keys, keys + ".away");
  Append(store_, 1);
  Publisher publisher(*store_.log, *signer,
                      [&changes](const absl::Status& status) { changes.push_back(status.ok()); });
  publisher.Start();
  EXPECT_FALSE(publisher.Stop().ok());
  EXPECT_EQ(changes, std::vector{false});
  EXPECT_EQ(signer->Latest()->checkpoint.size, 1u);
}

}  // namespace
}  // namespace caseledger::eventstore::testing
