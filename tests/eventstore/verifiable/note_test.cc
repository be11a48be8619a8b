// Signed notes, checkpoints and proof files, byte by byte.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "eventstore/verifiable/checkpoint.h"
#include "tests/eventstore/verifiable/plain_tree.h"
#include "tests/support/counting_random.h"

namespace caseledger::eventstore {
namespace {

using testing::CountingRandom;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::LeafNumber;
using ::testing::SizeIs;

// Key, text and signature of the documentation of Go's sumdb/note.
constexpr char kNeumannPrivate[] =
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
constexpr char kNeumannPublic[] =
    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr char kNeumannText[] =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n";
constexpr char kNeumannNote[] =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n\n"
    "— PeterNeumann "
    "x08go/ZJkuBS9UG/"
    "SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

TEST(Note, SignsAsGoDoes) {
  const auto key = SigningKey::Parse(kNeumannPrivate);
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(key->ToText(), kNeumannPrivate);
  EXPECT_EQ(key->verifier().ToText(), kNeumannPublic);
  const Note note{kNeumannText, {SignNote(kNeumannText, *key)}};
  EXPECT_EQ(note.ToBytes(), kNeumannNote);
}

TEST(Note, VerifiesWhatGoSigned) {
  const std::vector<VerifierKey> keys = {*VerifierKey::Parse(kNeumannPublic)};
  const auto note = Note::Parse(kNeumannNote);
  ASSERT_TRUE(note.ok()) << note.status();
  EXPECT_EQ(note->text, kNeumannText);
  EXPECT_THAT(*VerifyNote(*note, keys), SizeIs(1));
}

// Every byte of a note in turn: it is no note any more, or its signature is wrong or unknown.
TEST(Note, NoByteCanBeChanged) {
  const std::vector<VerifierKey> keys = {*VerifierKey::Parse(kNeumannPublic)};
  const std::string good = kNeumannNote;
  for (size_t i = 0; i < good.size(); ++i) {
    for (const char flip : {'\x01', '\x20', '\x80'}) {
      std::string bytes = good;
      bytes[i] = static_cast<char>(bytes[i] ^ flip);
      const auto note = Note::Parse(bytes);
      if (!note.ok()) continue;
      const auto verified = VerifyNote(*note, keys);
      EXPECT_TRUE(!verified.ok() || verified->empty()) << "byte " << i << " of " << bytes;
    }
  }
}

TEST(Note, KeysThatAreNoneAreRefused) {
  for (const std::string text :
       {"", "name", "name+12345678",
        "name+1234567g+AA==", "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeuman+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T",
        "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", kNeumannPrivate}) {
    EXPECT_FALSE(VerifierKey::Parse(text).ok()) << text;
  }
  EXPECT_FALSE(SigningKey::Parse(kNeumannPublic).ok());
  std::string damaged = kNeumannPrivate;
  damaged[50] = damaged[50] == 'A' ? 'B' : 'A';
  EXPECT_FALSE(SigningKey::Parse(damaged).ok());
  for (const char* name : {"", "two words", "a+b", "a\nb", "a\u00a0b", "a\u2003b", "a\u3000b"}) {
    EXPECT_FALSE(IsKeyName(name)) << name;
  }
  EXPECT_TRUE(IsKeyName("caseledger/quảng-ninh/1234abcd"));
}

TEST(Note, AnErrorNeverShowsAKey) {
  std::string damaged = kNeumannPrivate;
  damaged.back() = '!';
  EXPECT_THAT(std::string(SigningKey::Parse(damaged).status().message()),
              ::testing::Not(HasSubstr("AYEKF")));
}

TEST(Note, OneKeyCannotSignTwice) {
  const auto key = *SigningKey::Parse(kNeumannPrivate);
  const NoteSignature signature = SignNote(kNeumannText, key);
  const std::vector<VerifierKey> keys = {key.verifier()};
  EXPECT_FALSE(VerifyNote({kNeumannText, {signature, signature}}, keys).ok());
}

TEST(Note, ACosignatureSignsItsTimeToo) {
  CountingRandom random;
  const auto witness = *SigningKey::Generate("witness", KeyAlgorithm::kCosignatureV1, random);
  const std::vector<VerifierKey> keys = {witness.verifier()};
  Note note{kNeumannText, {SignNote(kNeumannText, witness, 1'790'000'000)}};
  const auto verified = VerifyNote(note, keys);
  ASSERT_TRUE(verified.ok()) << verified.status();
  ASSERT_THAT(*verified, SizeIs(1));
  EXPECT_EQ(verified->front().time_seconds, 1'790'000'000u);
  note.signatures[0].signature[7] ^= 1;  // the time's last byte
  EXPECT_FALSE(VerifyNote(note, keys).ok());
}

class Checkpoints : public ::testing::Test {
 protected:
  CountingRandom random_;
  const SigningKey old_key_ = *SigningKey::Generate("log/a", KeyAlgorithm::kNote, random_);
  const SigningKey new_key_ = *SigningKey::Generate("log/a", KeyAlgorithm::kNote, random_);
  const SigningKey foreign_ = *SigningKey::Generate("log/b", KeyAlgorithm::kNote, random_);
  const Checkpoint checkpoint_{"log/a", 70'000, LeafNumber(7)};
};

TEST_F(Checkpoints, TextIsThreeLines) {
  const Checkpoint empty{"log/a", 0, EmptyTreeRoot()};
  EXPECT_EQ(empty.ToText(), "log/a\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n");
  EXPECT_EQ(*Checkpoint::FromText(checkpoint_.ToText()), checkpoint_);
}

TEST_F(Checkpoints, OldAndNewKeyBothOpenWhatBothSigned) {
  const std::string note = SignCheckpoint(checkpoint_, std::vector{new_key_, old_key_});
  for (const SigningKey& key : {old_key_, new_key_}) {
    const auto opened = OpenCheckpoint(note, std::vector{key.verifier()});
    ASSERT_TRUE(opened.ok()) << opened.status();
    EXPECT_EQ(*opened, checkpoint_);
  }
}

TEST_F(Checkpoints, AnotherLogsKeyOpensNothing) {
  const std::string unsigned_by_it = SignCheckpoint(checkpoint_, std::vector{old_key_});
  EXPECT_FALSE(OpenCheckpoint(unsigned_by_it, std::vector{foreign_.verifier()}).ok());
  const std::string signed_by_it = SignCheckpoint(checkpoint_, std::vector{foreign_});
  EXPECT_FALSE(OpenCheckpoint(signed_by_it, std::vector{foreign_.verifier()}).ok());
  EXPECT_FALSE(OpenCheckpoint(signed_by_it, {}).ok());
}

TEST_F(Checkpoints, NoNumberHasTwoSpellings) {
  const std::string root = checkpoint_.ToText().substr(12);
  for (const char* size : {"070000", "+70000", "-1", "", "70000 ", "18446744073709551616"}) {
    EXPECT_FALSE(Checkpoint::FromText("log/a\n" + std::string(size) + "\n" + root).ok()) << size;
  }
  EXPECT_FALSE(Checkpoint::FromText("log/a\n1\n").ok());
  EXPECT_FALSE(Checkpoint::FromText("\n1\n" + root).ok());
  EXPECT_TRUE(Checkpoint::FromText("log/a\n1\n" + root + "extension\n").ok());
}

TEST_F(Checkpoints, AProofFileSurvivesItsText) {
  const ProofFile file{
      5, {LeafNumber(1), LeafNumber(2)}, SignCheckpoint(checkpoint_, std::vector{old_key_})};
  const std::string text = file.ToText();
  EXPECT_TRUE(text.starts_with("c2sp.org/tlog-proof@v1\nindex 5\n"));
  const auto read = ProofFile::FromText(text);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->index, 5u);
  EXPECT_EQ(read->proof, file.proof);
  EXPECT_EQ(read->checkpoint, file.checkpoint);
  for (size_t cut = 0; cut < text.find("\n\n") + 2; ++cut) {
    EXPECT_FALSE(ProofFile::FromText(text.substr(0, cut)).ok()) << cut;
  }
}

}  // namespace
}  // namespace caseledger::eventstore
