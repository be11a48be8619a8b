// The log's side: with a real witness, and with ones that do not keep to the protocol.
#include "eventstore/witness/witness_client.h"

#include "eventstore/witness/witness.h"
#include "gmock/gmock.h"
#include "tests/eventstore/witness/witnessed_log.h"
#include "tests/integration/support/scratch_directory.h"
#include "tests/support/fake_clock.h"

namespace caseledger::eventstore {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::WitnessedLog;

class AskingAWitness : public ::testing::Test {
 protected:
  AskingAWitness() {
    log_.GrowTo(1000);
    WitnessOptions options;
    options.key_file = directory_ / "key";
    options.state_dir = directory_ / "state";
    options.name = "witness.example/w1";
    options.logs = log_.Verifiers();
    options.clock = &clock_;
    options.random = &SystemRandom();
    auto witness = Witness::Open(options);
    EXPECT_TRUE(witness.ok()) << witness.status();
    witness_ = *std::move(witness);
    key_ = witness_->Verifiers()[0];
  }

  WitnessClient Client() {
    return WitnessClient(key_, [this](const std::string& body) -> absl::StatusOr<WitnessAnswer> {
      ++asked_;
      return witness_->Add(body);
    });
  }
  // One that answers the same whatever it is asked.
  WitnessClient Answering(WitnessAnswer answer) {
    return WitnessClient(key_, [this, answer](const std::string&) -> absl::StatusOr<WitnessAnswer> {
      ++asked_;
      return answer;
    });
  }
  absl::StatusOr<NoteSignature> Cosign(WitnessClient& client, uint64_t size) {
    asked_ = 0;
    return client.Cosign(log_.At(size), log_.NoteAt(size), log_.Tiles());
  }
  void ExpectCosigned(const absl::StatusOr<NoteSignature>& signature, uint64_t size) {
    ASSERT_TRUE(signature.ok()) << signature.status();
    const auto verified = VerifyNote({log_.At(size).ToText(), {*signature}}, std::vector{key_});
    ASSERT_TRUE(verified.ok()) << verified.status();
    EXPECT_EQ(verified->size(), 1u);
  }

  testing::ScratchDirectory directory_;
  testing::FakeClock clock_;
  WitnessedLog log_;
  std::unique_ptr<Witness> witness_;
  VerifierKey key_;
  int asked_ = 0;
};

TEST_F(AskingAWitness, TheSizeItHasIsLearntOnceAndRemembered) {
  WitnessClient client = Client();
  ExpectCosigned(Cosign(client, 3), 3);
  EXPECT_EQ(asked_, 1) << "it has nothing, and that is what is thought first";
  for (const uint64_t size : {4U, 300U, 301U, 1000U}) {
    ExpectCosigned(Cosign(client, size), size);
    EXPECT_EQ(asked_, 1) << size;
  }
  WitnessClient after_restart = Client();
  ExpectCosigned(Cosign(after_restart, 1000), 1000);
  EXPECT_EQ(asked_, 2);
  ExpectCosigned(Cosign(after_restart, 1000), 1000);
  EXPECT_EQ(asked_, 1);
}

TEST_F(AskingAWitness, WhatItRefusesIsSaid) {
  WitnessClient client = Client();
  ExpectCosigned(Cosign(client, 500), 500);
  WitnessClient older = Client();
  const auto behind = Cosign(older, 400);
  EXPECT_TRUE(absl::IsFailedPrecondition(behind.status()));
  EXPECT_THAT(std::string(behind.status().message()), HasSubstr("it has cosigned 500 events"));
  WitnessedLog stranger("example.org/unknown");
  stranger.GrowTo(5);
  const auto unknown = older.Cosign(stranger.At(5), stranger.NoteAt(5), stranger.Tiles());
  EXPECT_TRUE(absl::IsFailedPrecondition(unknown.status()));
  EXPECT_THAT(std::string(unknown.status().message()), HasSubstr("404"));
}

TEST_F(AskingAWitness, AnotherHistoryIsNotCosigned) {
  WitnessedLog fork("caseledger/quang-ninh/00c0ffee");
  WitnessClient client = Client();
  ExpectCosigned(Cosign(client, 1000), 1000);
  WitnessedLog other = log_;
  log_.GrowTo(1100, 1);
  other.GrowTo(1100, 2);
  ExpectCosigned(Cosign(client, 1100), 1100);
  WitnessClient of_fork = Client();
  const auto refused = of_fork.Cosign(other.At(1100), other.NoteAt(1100), other.Tiles());
  EXPECT_TRUE(absl::IsFailedPrecondition(refused.status()));
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("two histories"));
}

TEST_F(AskingAWitness, WhatIsNoCosignatureOfItsKeyIsNotTaken) {
  const auto other =
      *SigningKey::Generate("witness.example/w2", KeyAlgorithm::kCosignatureV1, SystemRandom());
  const auto line = [](const NoteSignature& signature) {
    return Note{"", {signature}}.ToBytes().substr(1);
  };
  NoteSignature of_another_text = SignNote("other\n", other, 1);
  of_another_text.key = key_.id;
  for (const std::string& body :
       {std::string(), std::string("\n"), std::string("thank you\n"),
        line(SignNote(log_.At(5).ToText(), other, 1)), line(of_another_text),
        line({key_.id, "short"}), line(SignNote(log_.At(5).ToText(), log_.keys()[0]))}) {
    WitnessClient client = Answering({200, "text/plain", body});
    EXPECT_TRUE(absl::IsInvalidArgument(Cosign(client, 5).status())) << body;
    EXPECT_EQ(asked_, 1);
  }
}

TEST_F(AskingAWitness, OtherSignaturesInItsAnswerAreLeftOut) {
  const auto other =
      *SigningKey::Generate("witness.example/w2", KeyAlgorithm::kCosignatureV1, SystemRandom());
  WitnessClient client(key_, [&](const std::string& body) -> absl::StatusOr<WitnessAnswer> {
    WitnessAnswer answer = witness_->Add(body);
    const Note more{"", {SignNote(log_.At(5).ToText(), other, 1)}};
    answer.body = more.ToBytes().substr(1) + answer.body;
    return answer;
  });
  ExpectCosigned(Cosign(client, 5), 5);
}

TEST_F(AskingAWitness, AWitnessThatLiesAboutItsSizeIsAskedTwiceAtMost) {
  const std::string type(AddCheckpoint::kSizeContentType);
  for (const char* size : {"0\n", "3\n", "5\n"}) {
    WitnessClient client = Answering({409, type, size});
    EXPECT_TRUE(absl::IsFailedPrecondition(Cosign(client, 5).status())) << size;
    EXPECT_LE(asked_, 2) << size;
  }
  for (const char* body : {"", "5", "05\n", "-1\n", "5\n5\n", "18446744073709551616\n"}) {
    WitnessClient client = Answering({409, type, body});
    EXPECT_THAT(std::string(Cosign(client, 5).status().message()), HasSubstr("409")) << body;
    EXPECT_EQ(asked_, 1);
  }
  WitnessClient ahead = Answering({409, type, "6\n"});
  EXPECT_THAT(std::string(Cosign(ahead, 5).status().message()), HasSubstr("has cosigned 6 events"));
}

TEST_F(AskingAWitness, WhatItSaysDoesNotFillTheLog) {
  WitnessClient client = Answering({500, "", "a\x1b[31m" + std::string(100'000, 'x')});
  const std::string said(Cosign(client, 5).status().message());
  EXPECT_LT(said.size(), 300u);
  EXPECT_THAT(said, Not(HasSubstr("\x1b")));
  EXPECT_THAT(said, HasSubstr("status 500: a?[31m"));
}

TEST_F(AskingAWitness, NoAnswerIsPassedOn) {
  WitnessClient client(key_, [](const std::string&) -> absl::StatusOr<WitnessAnswer> {
    return absl::UnavailableError("nobody listens");
  });
  EXPECT_TRUE(absl::IsUnavailable(Cosign(client, 5).status()));
}

}  // namespace
}  // namespace caseledger::eventstore
