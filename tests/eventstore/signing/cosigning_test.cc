// What is published when witnesses must cosign it: with real witnesses, without HTTP.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <future>
#include <map>
#include <thread>

#include "eventstore/signing/publisher.h"
#include "eventstore/witness/witness.h"
#include "eventstore/witness/witness_client.h"
#include "tests/eventstore/signing/signing_fixture.h"

namespace caseledger::eventstore::testing {
namespace {

namespace fs = std::filesystem;
using caseledger::testing::ReadWholeFile;
using caseledger::testing::WriteWholeFile;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// A witness that the signer can reach or not, and what the signer sent it.
struct Reachable {
  std::unique_ptr<Witness> witness;
  std::atomic<bool> down = false;
  std::function<void()> before_answer = [] {};
  std::function<void(WitnessAnswer&)> change_answer = [](WitnessAnswer&) {};
  std::atomic<int> asked = 0;
  std::map<uint64_t, std::string> texts;  // of the checkpoints sent, by size

  absl::StatusOr<WitnessAnswer> Ask(const std::string& body) {
    ++asked;
    if (down) return absl::UnavailableError("nobody listens");
    const auto request = AddCheckpoint::Parse(body);
    EXPECT_TRUE(request.ok()) << request.status();
    const std::string text = Note::Parse(request->checkpoint)->text;
    const uint64_t size = Checkpoint::FromText(text)->size;
    const auto [sent, first] = texts.emplace(size, text);
    EXPECT_TRUE(first || sent->second == text) << "two checkpoints of size " << size;
    before_answer();
    WitnessAnswer answer = witness->Add(body);
    change_answer(answer);
    return answer;
  }
};

class Cosigning : public Signing {
 protected:
  // The log must be known before there can be witnesses of it.
  Cosigning() { log_keys_ = Open(store_)->Verifiers(); }

  Reachable& AddWitness() {
    const std::string name = "witness.example/w" + std::to_string(witnesses_.size() + 1);
    WitnessOptions options;
    options.name = name;
    options.key_file = directory_ / (name + "/key");
    options.state_dir = directory_ / (name + "/state");
    options.logs = log_keys_;
    options.clock = &clock_;
    options.random = &SystemRandom();
    auto witness = Witness::Open(options);
    EXPECT_TRUE(witness.ok()) << witness.status();
    witnesses_.push_back(std::make_unique<Reachable>());
    witnesses_.back()->witness = *std::move(witness);
    return *witnesses_.back();
  }
  // As the server is told to at its start.
  void Need(size_t cosignatures) {
    cosigning_.witnesses.clear();
    for (const auto& witness : witnesses_) {
      cosigning_.witnesses.push_back(std::make_shared<WitnessClient>(
          witness->witness->Verifiers()[0],
          [&reachable = *witness](const std::string& body) { return reachable.Ask(body); }));
    }
    cosigning_.min_cosignatures = cosignatures;
    cosigning_.on_change = [this](const std::string& witness, const absl::Status& status) {
      changes_.push_back(witness + (status.ok() ? " is back" : " fails"));
      reasons_.emplace_back(status.message());
    };
  }
  // Signs one event more.
  void GrowAndSign(Signer& signer) {
    Append(store_, 1);
    ASSERT_TRUE(signer.Sign(*store_.log->Tree()).ok());
  }
  static uint64_t PublishedSize(const Signer& signer) {
    const auto latest = signer.Latest();
    return latest == nullptr ? 0 : latest->checkpoint.size;
  }
  // How many of the witnesses have cosigned the note, which the log must have signed.
  size_t CosignaturesOn(const std::string& note) {
    EXPECT_TRUE(OpenCheckpoint(note, log_keys_).ok());
    std::vector<VerifierKey> keys;
    for (const auto& witness : witnesses_) keys.push_back(witness->witness->Verifiers()[0]);
    const auto verified = VerifyNote(*Note::Parse(note), keys);
    EXPECT_TRUE(verified.ok()) << verified.status();
    return verified.ok() ? verified->size() : 0;
  }
  // A witness that failed is left alone for a while.
  static bool CosignUntil(Signer& signer, const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (!done()) {
      if (std::chrono::steady_clock::now() > end) return false;
      signer.Cosign().IgnoreError();
      std::this_thread::yield();
    }
    return true;
  }

  std::vector<VerifierKey> log_keys_;
  std::vector<std::unique_ptr<Reachable>> witnesses_;
  std::vector<std::string> changes_;
  std::vector<std::string> reasons_;
};

TEST_F(Cosigning, ACheckpointIsSignedThenCosignedThenPublished) {
  AddWitness();
  AddWitness();
  Need(2);
  auto signer = Open(store_);
  GrowAndSign(*signer);
  EXPECT_EQ(signer->Latest(), nullptr) << "published without its cosignatures";
  EXPECT_TRUE(OpenCheckpoint(ReadWholeFile(OuterPath()), log_keys_).ok()) << "it is kept already";
  ASSERT_TRUE(signer->Cosign().ok());
  const std::string note = signer->Latest()->note;
  EXPECT_EQ(CosignaturesOn(note), 2u);
  const std::vector<NoteSignature> signatures = Note::Parse(note)->signatures;
  ASSERT_THAT(signatures, SizeIs(3));
  EXPECT_EQ(signatures[0].key, log_keys_[0].id) << "the log's signature comes first";
  EXPECT_EQ(ReadWholeFile(PublishedPath(directory_ / "checkpoints", "quang-ninh")), note);
  for (int i = 0; i < 30; ++i) {
    GrowAndSign(*signer);
    if (i % 10 != 0) continue;
    ASSERT_TRUE(signer->Cosign().ok());
  }
  EXPECT_THAT(changes_, IsEmpty());
}

TEST_F(Cosigning, TooFewCosignaturesKeepTheOlderCheckpointPublished) {
  Reachable& first = AddWitness();
  Reachable& second = AddWitness();
  Need(2);
  auto signer = Open(store_);
  GrowAndSign(*signer);
  ASSERT_TRUE(signer->Cosign().ok());
  second.down = true;
  for (int i = 0; i < 5; ++i) {
    GrowAndSign(*signer);
    const absl::Status status = signer->Cosign();
    EXPECT_TRUE(absl::IsFailedPrecondition(status));
    EXPECT_THAT(std::string(status.message()), HasSubstr("1 of 2 cosignatures"));
    EXPECT_EQ(PublishedSize(*signer), 1u);
  }
  EXPECT_EQ(first.texts.rbegin()->first, 6u) << "signing goes on";
  EXPECT_THAT(changes_, ElementsAre("witness.example/w2 fails")) << "told once";
  second.down = false;
  ASSERT_TRUE(CosignUntil(*signer, [&] { return PublishedSize(*signer) == 6; }));
  EXPECT_EQ(CosignaturesOn(signer->Latest()->note), 2u);
  EXPECT_THAT(changes_, ElementsAre("witness.example/w2 fails", "witness.example/w2 is back"));
}

TEST_F(Cosigning, AWitnessThatIsDownIsNotAskedAllTheTime) {
  Reachable& witness = AddWitness();
  witness.down = true;
  Need(1);
  auto signer = Open(store_);
  GrowAndSign(*signer);
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(signer->Cosign().ok());
  EXPECT_LT(witness.asked, 10);
}

TEST_F(Cosigning, WhoeverIsNotNeededDelaysNothingAndIsAddedLater) {
  Reachable& first = AddWitness();
  Reachable& second = AddWitness();
  first.down = true;
  second.down = true;
  Need(0);
  auto signer = Open(store_);
  GrowAndSign(*signer);
  EXPECT_EQ(PublishedSize(*signer), 1u) << "published at once";
  EXPECT_TRUE(signer->Cosign().ok());
  EXPECT_EQ(CosignaturesOn(signer->Latest()->note), 0u);
  first.down = false;
  ASSERT_TRUE(CosignUntil(*signer, [&] { return CosignaturesOn(signer->Latest()->note) == 1; }));
  second.down = false;
  ASSERT_TRUE(CosignUntil(*signer, [&] { return CosignaturesOn(signer->Latest()->note) == 2; }));
}

TEST_F(Cosigning, WhatALyingWitnessSaysIsLeftOutAndItIsNamed) {
  AddWitness();
  Reachable& liar = AddWitness();
  liar.change_answer = [](WitnessAnswer& answer) {
    answer.body[answer.body.size() - 4] ^= 1;  // within the signature
  };
  Need(1);
  auto signer = Open(store_);
  GrowAndSign(*signer);
  ASSERT_TRUE(signer->Cosign().ok());
  EXPECT_EQ(CosignaturesOn(signer->Latest()->note), 1u);
  EXPECT_THAT(Note::Parse(signer->Latest()->note)->signatures, SizeIs(2));
  EXPECT_THAT(changes_, ElementsAre("witness.example/w2 fails"));
}

TEST_F(Cosigning, NoWitnessDelaysASignature) {
  Reachable& slow = AddWitness();
  std::promise<void> asked;
  std::promise<void> released;
  slow.before_answer = [&] {
    asked.set_value();
    released.get_future().wait();
  };
  Need(1);
  auto signer = Open(store_);
  GrowAndSign(*signer);
  auto cosigned = std::async(std::launch::async, [&] { return signer->Cosign(); });
  asked.get_future().wait();
  for (int i = 0; i < 3; ++i) GrowAndSign(*signer);
  EXPECT_THAT(ReadWholeFile(OuterPath()), HasSubstr("\n4\n"));
  EXPECT_EQ(signer->Latest(), nullptr);
  slow.before_answer = [] {};
  released.set_value();
  ASSERT_TRUE(cosigned.get().ok());
  EXPECT_EQ(PublishedSize(*signer), 1u) << "what was asked for";
  ASSERT_TRUE(signer->Cosign().ok());
  EXPECT_EQ(PublishedSize(*signer), 4u);
}

TEST_F(Cosigning, AfterARestartWhatLacksCosignaturesIsCosignedFirst) {
  Reachable& witness = AddWitness();
  Need(1);
  {
    auto signer = Open(store_);
    GrowAndSign(*signer);
    ASSERT_TRUE(signer->Cosign().ok());
    witness.down = true;
    GrowAndSign(*signer);
    EXPECT_FALSE(signer->Cosign().ok());
  }
  Need(1);
  auto signer = Open(store_);
  EXPECT_EQ(PublishedSize(*signer), 1u) << "what was published is still";
  EXPECT_EQ(CosignaturesOn(signer->Latest()->note), 1u);
  witness.down = false;
  ASSERT_TRUE(CosignUntil(*signer, [&] { return PublishedSize(*signer) == 2; }));
  EXPECT_EQ(witness.texts.size(), 2u);
}

TEST_F(Cosigning, MoreCosignaturesThanBeforeMayBeNeeded) {
  AddWitness();
  Need(1);
  {
    auto signer = Open(store_);
    GrowAndSign(*signer);
    ASSERT_TRUE(signer->Cosign().ok());
  }
  AddWitness();
  Need(2);
  auto signer = Open(store_);
  EXPECT_EQ(signer->Latest(), nullptr);
  ASSERT_TRUE(signer->Cosign().ok());
  EXPECT_EQ(CosignaturesOn(signer->Latest()->note), 2u);
  cosigning_ = {};
  EXPECT_EQ(PublishedSize(*Open(store_)), 1u) << "without witnesses none are needed";
  Need(3);
  EXPECT_TRUE(absl::IsInvalidArgument(TryOpen(store_).status()));
}

TEST_F(Cosigning, NoByteOfWhatWasPublishedCanBeChanged) {
  AddWitness();
  Need(1);
  {
    auto signer = Open(store_);
    GrowAndSign(*signer);
    ASSERT_TRUE(signer->Cosign().ok());
  }
  const std::string path = PublishedPath(directory_ / "checkpoints", "quang-ninh");
  const std::string good = ReadWholeFile(path);
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    WriteWholeFile(path, bad);
    const auto signer = TryOpen(store_);
    // A name that was changed makes the cosignature somebody else's, and one is missing.
    const bool published = signer.ok() && (*signer)->Latest() != nullptr;
    EXPECT_FALSE(published) << "byte " << i;
  }
  fs::remove(path);
  auto signer = Open(store_);
  EXPECT_EQ(signer->Latest(), nullptr);
  ASSERT_TRUE(signer->Cosign().ok());
  EXPECT_EQ(CosignaturesOn(signer->Latest()->note), 1u) << "witnesses cosign again";
}

TEST_F(Cosigning, ALedgerThatLostEventsIsKnownToItsWitness) {
  Reachable& witness = AddWitness();
  Need(1);
  {
    auto signer = Open(store_);
    Append(store_, 20);
    ASSERT_TRUE(signer->Sign(*store_.log->Tree()).ok());
    ASSERT_TRUE(signer->Cosign().ok());
  }
  // An older copy whose operator vouches for it, and removes what would tell.
  Store older;
  MakeLedger(older);
  Append(older, 10);
  fs::remove_all(directory_ / "checkpoints");
  SignerOptions options = Options();
  options.accept_lost_checkpoint = true;
  auto signer = Signer::Open(older.engine, options);
  ASSERT_TRUE(signer.ok()) << signer.status();
  ASSERT_TRUE((*signer)->Sign(*older.log->Tree()).ok());
  witness.texts.clear();
  EXPECT_FALSE((*signer)->Cosign().ok());
  EXPECT_EQ((*signer)->Latest(), nullptr);
  ASSERT_THAT(reasons_, SizeIs(1));
  EXPECT_THAT(reasons_[0], HasSubstr("it has cosigned 20 events"));
}

TEST_F(Cosigning, WhatWasPublishedAlsoTellsThatEventsAreLost) {
  AddWitness();
  Need(1);
  {
    auto signer = Open(store_);
    Append(store_, 20);
    ASSERT_TRUE(signer->Sign(*store_.log->Tree()).ok());
    ASSERT_TRUE(signer->Cosign().ok());
  }
  Store older;
  MakeLedger(older);
  Append(older, 10);
  fs::remove(OuterPath());
  SignerOptions options = Options();
  options.accept_lost_checkpoint = true;
  EXPECT_TRUE(absl::IsDataLoss(Signer::Open(older.engine, options).status()));
}

TEST_F(Cosigning, ThePublisherHasCosignedWhatItSigns) {
  Reachable& witness = AddWitness();
  Need(1);
  auto signer = Open(store_);
  std::vector<bool> trouble;
  Publisher publisher(
      *store_.log, *signer, [](const absl::Status& status) { ADD_FAILURE() << status; },
      [&trouble](const absl::Status& status) { trouble.push_back(status.ok()); });
  publisher.Start();
  Append(store_, 3);
  ASSERT_TRUE(publisher.PublishNow().ok());
  EXPECT_EQ(PublishedSize(*signer), 3u);
  witness.down = true;
  Append(store_, 4);
  ASSERT_TRUE(publisher.PublishNow().ok()) << "it is signed";
  EXPECT_EQ(PublishedSize(*signer), 3u);
  store_.log->Close();
  EXPECT_TRUE(publisher.Stop().ok()) << "no witness keeps a server from ending well";
  EXPECT_EQ(trouble, std::vector{false});
  EXPECT_THAT(ReadWholeFile(OuterPath()), HasSubstr("\n7\n"));
}

}  // namespace
}  // namespace caseledger::eventstore::testing
