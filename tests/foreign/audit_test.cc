// A ledger of 70,000 events, served by caseledgerd over HTTP and judged by a program that is built
// on Go's sumdb packages: it must find everything right, and nothing right that was changed.
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "eventstore/base/strings.h"
#include "eventstore/signing/key_ring.h"
#include "eventstore/verifiable/tile.h"
#include "gmock/gmock.h"
#include "tests/foreign/signed_ledger.h"
#include "tests/integration/support/child_process.h"
#include "tests/integration/support/client.h"
#include "tests/integration/support/scratch_directory.h"
#include "tests/support/identities.h"
#include "tests/support/identity_channels.h"

namespace caseledger::testing {
namespace {

using ::testing::HasSubstr;

constexpr char kLedgerName[] = "foreign";
constexpr uint64_t kEvents = 70'000;
// Around every border: of a tile, of a tile of the next level, of nothing.
const std::vector<uint64_t> kSignedSizes = {1,    2,      255,    256,    257,
                                            1000, 65'535, 65'536, 65'537, kEvents};
constexpr uint64_t kSecondKeyAt = 65'536;
// Whom the ledger knows; heads and proofs are for everyone with a role.
constexpr char kAgency[] = "so-qn";
constexpr char kAdministrator[] = "quan-tri";
constexpr std::chrono::seconds kCallLimit(30);

// The verifier's exit codes.
constexpr int kVerified = 0;
constexpr int kRefused = 1;
constexpr int kNotChecked = 2;

// Enough for tests in which something is refused before inclusions are looked at.
const std::vector<std::string> kFewLeaves = {"--leaves", "10"};

using Words = std::vector<std::string>;

Words operator+(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

class ForeignAudit : public ::testing::Test {
 protected:
  // One ledger and one server for all tests: none of them changes anything.
  static void SetUpTestSuite() {
    directory_.emplace();
    SignedLedgerPlan plan;
    plan.data_dir = *directory_ / "data";
    plan.ledger = kLedgerName;
    plan.signed_sizes = kSignedSizes;
    plan.second_key_at = kSecondKeyAt;
    auto made = MakeSignedLedger(plan);
    ASSERT_TRUE(made.ok()) << made.status();
    made_ = *std::move(made);
    ASSERT_EQ(made_.verifiers.size(), 2u);
    auto ring = eventstore::KeyRing::Load(KeyFileOf(plan));
    ASSERT_TRUE(ring.ok()) << ring.status();
    ring_ = *std::move(ring);
    identities_.emplace(*directory_ / "pki");
    const uint64_t begun = Bootstrap(plan.data_dir);
    ASSERT_GT(begun, kEvents);
    server_ = std::make_unique<ServerProcess>(
        plan.data_dir, Words{kLedgerName},
        Words{"--serve-entries", "--agency-calls-per-second", "0"} + identities_->ServerFlags());
    ASSERT_FALSE(server_->address().empty());
    channel_ = grpc::CreateChannel(server_->address(), ChannelCredentialsOf(*identities_, kAgency));
    // The server adds what was due: an event that commits to the heads of all streams. Nothing
    // after it, since nothing else changes.
    ASSERT_TRUE(Eventually([begun] { return NewestSize() == begun + 1; }));
  }
  static void TearDownTestSuite() {
    channel_.reset();
    server_.reset();
    identities_.reset();
    directory_.reset();
  }

  // Adds rules and an administrator; how many events there are then, 0 when that failed.
  static uint64_t Bootstrap(const std::string& data_dir) {
    const Finished made = RunToEnd(
        {CASELEDGER_PATH, "access", "bootstrap", "--data-dir", data_dir, "--of", kLedgerName,
         "--administrator", StrCat(kAgency, "/", kAdministrator), "--rules", CASELEDGER_RULES});
    EXPECT_EQ(made.code, 0) << made.err;
    // It ends in `; N events`.
    const Words told = absl::StrSplit(made.out, "; ");
    const Words last = absl::StrSplit(told.back(), ' ');
    uint64_t events = 0;
    EXPECT_TRUE(absl::SimpleAtoi(last.front(), &events)) << made.out;
    return events;
  }

  // The path of a new file.
  static std::string File(const std::string& name, const std::string& text) {
    std::string path = *directory_ / name;
    WriteWholeFile(path, text);
    return path;
  }
  static Words Key(const eventstore::VerifierKey& key) {
    return {"--vkey", File(StrCat("key-", key.id.hash), key.ToText() + "\n")};
  }
  static Words BothKeys() { return Key(made_.verifiers[0]) + Key(made_.verifiers[1]); }
  // Those of sizes `from` up to `to`.
  static Words Older(uint64_t from, uint64_t to) {
    Words words;
    for (size_t i = 0; i < kSignedSizes.size(); ++i) {
      const uint64_t size = kSignedSizes[i];
      if (size < from || size > to) continue;
      words = words + Words{"--older", File(StrCat("checkpoint-", size), made_.checkpoints[i])};
    }
    return words;
  }
  // A proof file that the command line makes.
  static std::string Proof(uint64_t position) {
    const auto [certificate, key] = identities_->CertificateFilesOf(kAgency);
    const Finished made = RunToEnd(
        {CASELEDGER_PATH, "--server", server_->address(), "--ledger", kLedgerName, "--ca",
         identities_->client_ca_file(), "--cert", certificate, "--key", key, "--token-file",
         identities_->TokenFileOf(kAgency, kAdministrator), "log", "prove", StrCat(position)});
    EXPECT_EQ(made.code, 0) << made.err;
    return made.out;
  }
  static Words ProofFile(const std::string& text) {
    return {"--proof", File("event.tlog-proof", text)};
  }
  // What the server's newest checkpoint covers.
  static uint64_t NewestSize() {
    grpc::ClientContext context;
    context.AddMetadata("authorization", identities_->Bearer(kAgency, kAdministrator));
    context.set_deadline(std::chrono::system_clock::now() + kCallLimit);
    v1::GetCheckpointRequest request;
    request.set_ledger(kLedgerName);
    v1::GetCheckpointResponse response;
    const grpc::Status status =
        v1::HistoryService::NewStub(channel_)->GetCheckpoint(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.tree_size();
  }

  static Finished Verify(const Words& arguments) {
    const std::string url = StrCat("http://127.0.0.1:", server_->log_port(), "/", kLedgerName);
    return RunToEnd(Words{FOREIGN_VERIFIER_PATH, "--url", url} + arguments);
  }
  static void ExpectVerified(const Words& arguments) {
    const Finished verified = Verify(arguments);
    EXPECT_EQ(verified.code, kVerified) << verified.err;
  }
  static void ExpectRefused(const Words& arguments, const std::string& why) {
    const Finished refused = Verify(arguments);
    EXPECT_EQ(refused.code, kRefused) << refused.out << refused.err;
    EXPECT_THAT(refused.err, HasSubstr(why));
  }

  static std::optional<ScratchDirectory> directory_;
  static SignedLedger made_;
  static eventstore::KeyRing ring_;
  static std::optional<Identities> identities_;
  static std::unique_ptr<ServerProcess> server_;
  static std::shared_ptr<grpc::Channel> channel_;
};

std::optional<ScratchDirectory> ForeignAudit::directory_;
SignedLedger ForeignAudit::made_;
eventstore::KeyRing ForeignAudit::ring_;
std::optional<Identities> ForeignAudit::identities_;
std::unique_ptr<ServerProcess> ForeignAudit::server_;
std::shared_ptr<grpc::Channel> ForeignAudit::channel_;

TEST_F(ForeignAudit, EverythingIsAsItWasSigned) {
  Words proofs;
  for (const uint64_t position : {uint64_t{0}, uint64_t{255}, uint64_t{256}, uint64_t{65'535},
                                  uint64_t{65'536}, kEvents - 1}) {
    proofs = proofs + Words{"--proof", File(StrCat("event-", position), Proof(position))};
  }
  const uint64_t size = NewestSize();
  const Finished verified = Verify(BothKeys() + Older(1, kEvents) + proofs);
  EXPECT_EQ(verified.code, kVerified) << verified.err;
  const size_t checkpoints = kSignedSizes.size();
  for (const std::string& part :
       {StrCat("size ", size, ","), StrCat("entries ", size, ","), std::string("signatures 2,"),
        StrCat("older checkpoints ", checkpoints, ","),
        StrCat("consistencies ", checkpoints * (checkpoints + 1) / 2, ","),
        std::string("proof files 6")}) {
    EXPECT_THAT(verified.out, HasSubstr(part));
  }
  RecordProperty("verified", verified.out);
}

TEST_F(ForeignAudit, WhileKeysAreRotatedEachOfThemSuffices) {
  ExpectVerified(Key(made_.verifiers[0]) + Older(1, kEvents) + kFewLeaves);
  ExpectVerified(Key(made_.verifiers[1]) + Older(kSecondKeyAt, kEvents) + kFewLeaves);
  ExpectRefused(Key(made_.verifiers[1]) + Older(1000, 1000) + kFewLeaves, "signature of");
}

TEST_F(ForeignAudit, AnotherKeyOfTheSameNameIsRefused) {
  const auto other = eventstore::SigningKey::Generate(made_.origin, eventstore::KeyAlgorithm::kNote,
                                                      SystemRandom());
  ASSERT_TRUE(other.ok());
  ExpectRefused(Key(other->verifier()), "signature of checkpoint: note has no verifiable");
  ExpectRefused(BothKeys() + Key(other->verifier()), "2 of 3 keys");
}

TEST_F(ForeignAudit, AFlippedBitOfTheCheckpointIsRefused) {
  const auto size_line = static_cast<long>(made_.origin.size()) + 1;
  for (const long at : {0L, size_line, size_line + 8, -30L, -130L, -1L}) {
    ExpectRefused(BothKeys() + Words{"--corrupt", StrCat("checkpoint:", at)},
                  at == -1 ? "malformed note" : "signature of checkpoint");
  }
}

// The right key signed both: only their comparison shows that somebody is being shown another
// history.
TEST_F(ForeignAudit, AForkIsRefused) {
  eventstore::Checkpoint fork{made_.origin, 1000, eventstore::EmptyTreeRoot()};
  const std::string note = eventstore::SignCheckpoint(fork, ring_.SigningAt(SystemClock().Now()));
  ExpectRefused(BothKeys() + Words{"--older", File("fork", note)},
                "consistency of checkpoint with");
  fork.size = kEvents;
  const std::string same_size =
      eventstore::SignCheckpoint(fork, ring_.SigningAt(SystemClock().Now()));
  ExpectRefused(BothKeys() + Words{"--older", File("fork", same_size)},
                "consistency of checkpoint with");
  // Rolled back: the server no longer shows what it signed.
  fork.size = NewestSize() + 1;
  const std::string longer = eventstore::SignCheckpoint(fork, ring_.SigningAt(SystemClock().Now()));
  ExpectRefused(BothKeys() + Words{"--older", File("fork", longer)}, "the newest checkpoint");
}

TEST_F(ForeignAudit, AFlippedBitOfATileIsRefused) {
  const uint64_t size = NewestSize();
  const auto last = [size](unsigned level) {
    const uint64_t hashes = eventstore::HashesAtLevel(size, level);
    return *eventstore::TileOfTree(size, level, (hashes - 1) / eventstore::kTileWidth);
  };
  for (const eventstore::TileId& tile : {eventstore::TileId{0, 0}, eventstore::TileId{0, 100},
                                         last(0), eventstore::TileId{1, 0}, last(1), last(2)}) {
    for (const int at : {0, -1}) {
      ExpectRefused(BothKeys() + kFewLeaves + Words{"--corrupt", StrCat(TilePath(tile), ":", at)},
                    "inconsistent tile");
    }
  }
}

TEST_F(ForeignAudit, AFlippedBitOfAnEntryIsRefused) {
  const uint64_t size = NewestSize();
  const eventstore::TileId last =
      *eventstore::TileOfTree(size, 0, (size - 1) / eventstore::kTileWidth);
  for (const eventstore::TileId& bundle :
       {eventstore::TileId{0, 0}, eventstore::TileId{0, 137}, last}) {
    const std::string path = EntryBundlePath(bundle);
    ExpectRefused(BothKeys() + Words{"--corrupt", path + ":2"}, "entry");
    ExpectRefused(BothKeys() + Words{"--corrupt", path + ":-1"}, "entry");
    // A length.
    ExpectRefused(BothKeys() + Words{"--corrupt", path + ":1"}, "entry");
  }
}

TEST_F(ForeignAudit, AChangedProofFileIsRefused) {
  const std::string proof = Proof(4711);
  ExpectVerified(BothKeys() + kFewLeaves + ProofFile(proof));
  const auto changed = [&proof](const std::string& from, const std::string& to) {
    EXPECT_THAT(proof, HasSubstr(from));
    return BothKeys() + kFewLeaves + ProofFile(absl::StrReplaceAll(proof, {{from, to}}));
  };
  ExpectRefused(changed("index 4711\n", "index 4712\n"), "event 4712: invalid transparency proof");
  const size_t first_hash = proof.find('\n', proof.find("index")) + 1;
  const std::string hash = proof.substr(first_hash, proof.find('\n', first_hash) - first_hash);
  std::string other = hash;
  other[0] = hash[0] == 'A' ? 'B' : 'A';
  ExpectRefused(changed(hash, other), "event 4711: invalid transparency proof");
  ExpectRefused(changed(hash + "\n", ""), "event 4711: invalid transparency proof");
  ExpectRefused(changed(StrCat("\n", NewestSize(), "\n"), StrCat("\n", NewestSize() - 1, "\n")),
                "signature of");
  ExpectRefused(changed("c2sp.org/tlog-proof@v1", "c2sp.org/tlog-proof@v2"), "not of the form");
}

// So that no refusal above is one of a verifier that cannot see the log.
TEST_F(ForeignAudit, WhatCannotBeCheckedIsNoRefusal) {
  const std::string nowhere = StrCat("http://127.0.0.1:", server_->log_port(), "/unknown");
  EXPECT_EQ(RunToEnd(Words{FOREIGN_VERIFIER_PATH, "--url", nowhere} + BothKeys()).code,
            kNotChecked);
  EXPECT_EQ(Verify({"--vkey", *directory_ / "absent"}).code, kNotChecked);
  EXPECT_EQ(Verify(BothKeys() + kFewLeaves + Words{"--corrupt", "tile/0/999:0"}).code, kNotChecked);
}

}  // namespace
}  // namespace caseledger::testing
