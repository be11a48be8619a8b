// What a witness cosigns, what it refuses, and what it remembers.
#include "eventstore/witness/witness.h"

#include <sys/stat.h>

#include <filesystem>
#include <future>
#include <set>

#include "gmock/gmock.h"
#include "tests/eventstore/witness/witnessed_log.h"
#include "tests/integration/support/scratch_directory.h"
#include "tests/support/fake_clock.h"

namespace caseledger::eventstore {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::ReadWholeFile;
using ::testing::SizeIs;
using testing::WitnessedLog;
using testing::WriteWholeFile;

constexpr char kName[] = "witness.example/so-tu-phap";

class Witnessing : public ::testing::Test {
 protected:
  Witnessing() {
    log_.GrowTo(600);
    options_.key_file = directory_ / "witness.key";
    options_.state_dir = directory_ / "state";
    options_.name = kName;
    options_.logs = log_.Verifiers();
    options_.clock = &clock_;
    options_.random = &SystemRandom();
  }

  absl::StatusOr<std::unique_ptr<Witness>> TryOpen() { return Witness::Open(options_); }
  std::unique_ptr<Witness> Open() {
    auto witness = TryOpen();
    if (!witness.ok()) {
      ADD_FAILURE() << witness.status();
      std::abort();
    }
    return *std::move(witness);
  }
  // The witness must cosign the log's checkpoint.
  void MustCosign(Witness& witness, const WitnessedLog& log, uint64_t old_size, uint64_t size) {
    const WitnessAnswer answer = witness.Add(log.Request(old_size, size));
    ASSERT_EQ(answer.http_status, 200) << answer.body;
    const auto note = Note::Parse(log.NoteAt(size) + answer.body);
    ASSERT_TRUE(note.ok()) << note.status();
    const auto verified = VerifyNote(*note, witness.Verifiers());
    ASSERT_TRUE(verified.ok()) << verified.status();
    ASSERT_THAT(*verified, SizeIs(1));
    EXPECT_EQ(verified->front().time_seconds,
              static_cast<uint64_t>(clock_.Now() / kMicrosPerSecond));
  }
  static void ExpectSize(const WitnessAnswer& answer, uint64_t size) {
    EXPECT_EQ(answer.http_status, 409) << answer.body;
    EXPECT_EQ(answer.content_type, "text/x.tlog.size");
    EXPECT_EQ(answer.body, std::to_string(size) + "\n");
  }
  // The file of the only log's newest checkpoint.
  std::string StateFile() {
    std::string found;
    for (const auto& entry : fs::directory_iterator(options_.state_dir)) {
      if (entry.path().extension() == ".checkpoint") found = entry.path().string();
    }
    EXPECT_NE(found, "");
    return found;
  }

  testing::ScratchDirectory directory_;
  testing::FakeClock clock_;
  WitnessedLog log_;
  WitnessOptions options_;
};

TEST_F(Witnessing, ALogIsCosignedAsItGrows) {
  auto witness = Open();
  MustCosign(*witness, log_, 0, 1);
  clock_.Advance(kMicrosPerSecond);
  uint64_t before = 1;
  for (const uint64_t size : {2U, 3U, 256U, 257U, 600U}) {
    MustCosign(*witness, log_, before, size);
    before = size;
  }
}

// A row for each answer, in the order in which they are decided.
TEST_F(Witnessing, RefusalsHaveTheStatusOfTheSpecification) {
  auto witness = Open();
  MustCosign(*witness, log_, 0, 300);
  WitnessedLog stranger("example.org/unknown");
  stranger.GrowTo(400);
  WitnessedLog impostor;  // the log's name, another key
  impostor.GrowTo(400);
  WitnessedLog fork = log_;
  WitnessedLog shorter;
  const auto with = [this](auto change) {
    AddCheckpoint request = log_.RequestFor(300, 400);
    change(request);
    return request.ToText();
  };
  const auto changed_note = [&](std::string_view from, std::string_view to) {
    return with([&](AddCheckpoint& request) {
      const size_t at = request.checkpoint.find(from);
      ASSERT_NE(at, std::string::npos);
      request.checkpoint.replace(at, from.size(), to);
    });
  };
  struct Row {
    const char* what;
    int status;
    std::string body;
  };
  const std::vector<Row> rows = {
      {"nothing", 400, ""},
      {"no checkpoint", 400, "old 300\n\n"},
      {"a note without a checkpoint", 400, "old 300\n\nhello\n\n\u2014 a YWJjZGVm\n"},
      {"a size that is no number", 400, changed_note("\n400\n", "\n0400\n")},
      {"an unknown log", 404, stranger.Request(0, 400)},
      {"an unknown log that also has another old size", 404, stranger.Request(7, 400)},
      {"a key that is not the log's", 403, impostor.Request(300, 400)},
      {"a changed size", 403, changed_note("\n400\n", "\n401\n")},
      {"an old size above the checkpoint's", 400, log_.Request(401, 400)},
      {"an old size that is too small", 409, log_.Request(299, 400)},
      {"an old size that is too large", 409, log_.Request(301, 400)},
      {"a log that begins anew", 409, log_.Request(0, 400)},
      {"an older checkpoint, replayed", 409, log_.Request(0, 200)},
      {"a proof that lacks a hash", 422, with([](AddCheckpoint& r) { r.proof.pop_back(); })},
      {"a proof with a hash more", 422,
       with([](AddCheckpoint& r) { r.proof.push_back(r.proof[0]); })},
      {"no proof", 422, with([](AddCheckpoint& r) { r.proof.clear(); })},
      {"a changed proof", 422, with([](AddCheckpoint& r) { r.proof[0].bytes[0] ^= 1; })},
      {"a proof where none belongs", 422,
       [this] {
         AddCheckpoint request = log_.RequestFor(300, 300);
         request.proof.push_back(Hash256{});
         return request.ToText();
       }()},
  };
  for (const Row& row : rows) {
    const WitnessAnswer answer = witness->Add(row.body);
    EXPECT_EQ(answer.http_status, row.status) << row.what << ": " << answer.body;
    if (row.status == 409) {
      ExpectSize(answer, 300);
    } else {
      EXPECT_EQ(answer.content_type, "text/plain; charset=utf-8") << row.what;
    }
    EXPECT_EQ(answer.body.find("\u2014 "), std::string::npos) << row.what << " was cosigned";
  }
  MustCosign(*witness, log_, 300, 400);
}

TEST_F(Witnessing, ItRemembersAcrossRestarts) {
  MustCosign(*Open(), log_, 0, 300);
  options_.name = "";  // the key is there
  auto witness = Open();
  ExpectSize(witness->Add(log_.Request(0, 300)), 300);
  MustCosign(*witness, log_, 300, 301);
}

TEST_F(Witnessing, AnOldCheckpointIsNeverCosignedAgain) {
  auto witness = Open();
  const std::string replayed = log_.Request(0, 100);
  EXPECT_EQ(witness->Add(replayed).http_status, 200);
  MustCosign(*witness, log_, 100, 200);
  ExpectSize(witness->Add(replayed), 200);
  ExpectSize(witness->Add(log_.Request(100, 200)), 200);
  witness.reset();
  ExpectSize(Open()->Add(replayed), 200);
}

TEST_F(Witnessing, TheSameCheckpointIsCosignedOnceMore) {
  auto witness = Open();
  MustCosign(*witness, log_, 0, 300);
  const std::string kept = ReadWholeFile(StateFile());
  clock_.Advance(60 * kMicrosPerSecond);
  MustCosign(*witness, log_, 300, 300);
  EXPECT_EQ(ReadWholeFile(StateFile()), kept) << "there is nothing new to keep";
}

TEST_F(Witnessing, TwoHistoriesOfOneSizeAreFoundOut) {
  WitnessedLog fork = log_;  // the same keys
  log_.GrowTo(700, 1);
  fork.GrowTo(700, 2);
  std::vector<std::string> conflicts;
  options_.on_conflict = [&](const std::string& origin, const std::string& note) {
    EXPECT_EQ(origin, log_.At(700).origin);
    conflicts.push_back(note);
  };
  auto witness = Open();
  MustCosign(*witness, log_, 0, 700);
  for (int i = 0; i < 3; ++i) {
    const WitnessAnswer answer = witness->Add(fork.Request(700, 700));
    EXPECT_EQ(answer.http_status, 409);
    EXPECT_THAT(answer.body, HasSubstr("two histories"));
  }
  ASSERT_THAT(conflicts, SizeIs(1)) << "told once";
  // What was told proves it to anyone: signed by the log, of the same size, with another root.
  const auto evidence = OpenCheckpoint(conflicts[0], log_.Verifiers());
  ASSERT_TRUE(evidence.ok()) << evidence.status();
  EXPECT_EQ(*evidence, fork.At(700));
}

TEST_F(Witnessing, AnotherHistoryThatIsLongerIsRefused) {
  WitnessedLog fork = log_;
  log_.GrowTo(700, 1);
  fork.GrowTo(800, 2);
  auto witness = Open();
  MustCosign(*witness, log_, 0, 700);
  EXPECT_EQ(witness->Add(fork.Request(700, 800)).http_status, 422);
  ExpectSize(witness->Add(fork.Request(600, 800)), 700);
}

TEST_F(Witnessing, AnEmptyLogHasOneRoot) {
  auto witness = Open();
  EXPECT_EQ(witness->Add(log_.Request(0, 0)).http_status, 200);
  Checkpoint other = log_.At(0);
  other.root = log_.At(1).root;
  const AddCheckpoint request{0, {}, SignCheckpoint(other, log_.keys())};
  EXPECT_EQ(witness->Add(request.ToText()).http_status, 409);
  MustCosign(*witness, log_, 0, 5);
}

TEST_F(Witnessing, WhatCannotBeKeptIsNotCosigned) {
  bool fails = false;
  options_.write_file = [&fails](const std::string& path, std::string_view bytes) {
    return fails ? absl::UnavailableError("the disk is full") : WriteFileDurably(path, bytes);
  };
  auto witness = Open();
  MustCosign(*witness, log_, 0, 300);
  fails = true;
  for (int i = 0; i < 2; ++i) {
    const WitnessAnswer answer = witness->Add(log_.Request(300, 400));
    EXPECT_EQ(answer.http_status, 500);
    EXPECT_EQ(answer.body.find("\u2014 "), std::string::npos);
  }
  fails = false;
  MustCosign(*witness, log_, 300, 400);
  fails = true;
  EXPECT_EQ(witness->Add(log_.Request(400, 500)).http_status, 500);
  fails = false;
  witness.reset();
  ExpectSize(Open()->Add(log_.Request(0, 500)), 400);
}

// As after a crash between keeping the checkpoint and answering.
TEST_F(Witnessing, WhatWasKeptAndNotAnsweredIsCosignedWhenAskedAgain) {
  bool crashes = false;
  options_.write_file = [&crashes](const std::string& path, std::string_view bytes) {
    const absl::Status written = WriteFileDurably(path, bytes);
    return crashes ? absl::UnavailableError("the machine stopped") : written;
  };
  {
    auto witness = Open();
    MustCosign(*witness, log_, 0, 300);
    crashes = true;
    EXPECT_EQ(witness->Add(log_.Request(300, 400)).http_status, 500);
  }
  crashes = false;
  auto witness = Open();
  ExpectSize(witness->Add(log_.Request(300, 400)), 400);
  MustCosign(*witness, log_, 400, 400);
}

TEST_F(Witnessing, NoByteOfItsStateCanBeChanged) {
  MustCosign(*Open(), log_, 0, 300);
  const std::string path = StateFile();
  const std::string good = ReadWholeFile(path);
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    WriteWholeFile(path, bad);
    EXPECT_TRUE(absl::IsDataLoss(TryOpen().status())) << "byte " << i << " " << TryOpen().status();
  }
  for (const std::string& bad :
       {std::string(), good.substr(0, good.size() / 2), log_.NoteAt(300)}) {
    WriteWholeFile(path, bad);
    EXPECT_TRUE(absl::IsDataLoss(TryOpen().status())) << TryOpen().status();
  }
  WriteWholeFile(path, good);
  EXPECT_TRUE(TryOpen().ok());
}

TEST_F(Witnessing, AnotherLogsStateIsNotTaken) {
  WitnessedLog other("example.org/other");
  other.GrowTo(5);
  options_.logs.push_back(other.Verifiers()[0]);
  {
    auto witness = Open();
    MustCosign(*witness, other, 0, 5);
  }
  const std::string of_other = StateFile();
  MustCosign(*Open(), log_, 0, 300);
  for (const auto& entry : fs::directory_iterator(options_.state_dir)) {
    if (entry.path().extension() == ".checkpoint" && entry.path() != of_other) {
      fs::copy_file(of_other, entry.path(), fs::copy_options::overwrite_existing);
    }
  }
  EXPECT_THAT(std::string(TryOpen().status().message()), HasSubstr("it is of another log"));
}

TEST_F(Witnessing, WithoutItsStateItDoesNotStart) {
  MustCosign(*Open(), log_, 0, 300);
  fs::rename(options_.state_dir, directory_ / "away");
  EXPECT_TRUE(absl::IsFailedPrecondition(TryOpen().status())) << TryOpen().status();
  EXPECT_THAT(std::string(TryOpen().status().message()), HasSubstr("another history"));
  fs::create_directories(options_.state_dir);
  EXPECT_TRUE(absl::IsFailedPrecondition(TryOpen().status()));
  fs::remove(options_.state_dir);
  fs::rename(directory_ / "away", options_.state_dir);
  EXPECT_TRUE(TryOpen().ok());
}

// Two would each cosign a history of its own.
TEST_F(Witnessing, AStateHasOneWitnessAtATime) {
  auto first = Open();
  const absl::Status second = TryOpen().status();
  EXPECT_TRUE(absl::IsFailedPrecondition(second)) << second;
  EXPECT_THAT(std::string(second.message()), HasSubstr("another witness is running"));
  MustCosign(*first, log_, 0, 300);
  first.reset();
  MustCosign(*Open(), log_, 300, 400);
}

TEST_F(Witnessing, WithoutItsKeyItIsNoOtherWitness) {
  MustCosign(*Open(), log_, 0, 300);
  fs::rename(options_.key_file, directory_ / "away");
  EXPECT_TRUE(absl::IsFailedPrecondition(TryOpen().status())) << "not with another key";
  options_.name = "";
  EXPECT_THAT(std::string(TryOpen().status().message()), HasSubstr("--name"));
  fs::rename(directory_ / "away", options_.key_file);
  options_.name = "witness.example/other";
  EXPECT_TRUE(absl::IsFailedPrecondition(TryOpen().status()));
  EXPECT_THAT(std::string(TryOpen().status().message()), HasSubstr(kName));
}

TEST_F(Witnessing, ItsKeyIsForItAlone) {
  const std::vector<VerifierKey> made = Open()->Verifiers();
  ASSERT_THAT(made, SizeIs(1));
  EXPECT_EQ(made[0].algorithm, KeyAlgorithm::kCosignatureV1);
  EXPECT_EQ(made[0].id.name, kName);
  EXPECT_EQ(Open()->Verifiers(), made);
  struct stat found {};
  ASSERT_EQ(stat(options_.key_file.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
  fs::permissions(options_.key_file, fs::perms::group_read, fs::perm_options::add);
  EXPECT_TRUE(absl::IsFailedPrecondition(TryOpen().status()));
  fs::permissions(options_.key_file, fs::perms::group_read, fs::perm_options::remove);
  WriteWholeFile(options_.key_file, log_.keys()[0].ToText() + "\n");
  EXPECT_THAT(std::string(TryOpen().status().message()), HasSubstr("sign logs"));
}

TEST_F(Witnessing, BadOptionsAreRefused) {
  WitnessOptions no_logs = options_;
  no_logs.logs.clear();
  EXPECT_TRUE(absl::IsInvalidArgument(Witness::Open(no_logs).status()));
  WitnessOptions bad_name = options_;
  bad_name.name = "has a space";
  EXPECT_TRUE(absl::IsInvalidArgument(Witness::Open(bad_name).status()));
  const std::vector<VerifierKey> own = Open()->Verifiers();
  options_.logs.push_back(own[0]);
  EXPECT_TRUE(absl::IsInvalidArgument(TryOpen().status())) << "a witness's key is no log's";
}

TEST_F(Witnessing, BothKeysOfALogAreGoodWhileItRotates) {
  auto witness = Open();
  MustCosign(*witness, log_, 0, 100);
  log_.AddKey();
  MustCosign(*witness, log_, 100, 200);  // the new key's signature is unknown and left out
  options_.logs = log_.Verifiers();
  witness.reset();
  witness = Open();
  MustCosign(*witness, log_, 200, 300);
  witness.reset();
  options_.logs = {log_.Verifiers().front()};
  EXPECT_THAT(std::string(TryOpen().status().message()), HasSubstr("give the old one, too"));
}

TEST_F(Witnessing, BothKeysOfItsOwnCosignWhileItRotates) {
  const std::vector<VerifierKey> before = Open()->Verifiers();
  MustCosign(*Open(), log_, 0, 100);
  KeyRing ring = *KeyRing::Load(options_.key_file);
  ASSERT_TRUE(ring.Add(kName, clock_.Now() + kMicrosPerSecond, SystemRandom()).ok());
  ASSERT_TRUE(ring.Save(options_.key_file).ok());
  auto witness = Open();
  ASSERT_THAT(witness->Verifiers(), SizeIs(2));
  const WitnessAnswer answer = witness->Add(log_.Request(100, 200));
  const auto note = Note::Parse(log_.NoteAt(200) + answer.body);
  ASSERT_TRUE(note.ok()) << note.status();
  EXPECT_THAT(*VerifyNote(*note, witness->Verifiers()), SizeIs(2));
  EXPECT_THAT(*VerifyNote(*note, before), SizeIs(1));
  clock_.Advance(2 * kMicrosPerSecond);
  MustCosign(*witness, log_, 200, 300);
  witness.reset();
  EXPECT_TRUE(TryOpen().ok()) << "what the old key cosigned is still its own";
}

// An origin is a name, not a path.
TEST_F(Witnessing, StateStaysInItsDirectory) {
  for (const char* origin : {"../../outside", "/etc/passwd", "a/b/c", "..", "%2e%2e/x"}) {
    WitnessedLog log(origin);
    log.GrowTo(3);
    options_.logs = log.Verifiers();
    MustCosign(*Open(), log, 0, 3);
  }
  size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(directory_.path())) {
    if (entry.is_regular_file()) {
      ++files;
      const std::string folder = entry.path().parent_path().string();
      EXPECT_TRUE(folder == options_.state_dir || entry.path() == options_.key_file)
          << entry.path();
    }
  }
  EXPECT_EQ(files, 5u + 3) << "five logs, the key, whose state it is, and its lock";
}

// Of many that would go on from one size, one does.
TEST_F(Witnessing, RacingRequestsDoNotRollItBack) {
  auto witness = Open();
  MustCosign(*witness, log_, 0, 100);
  constexpr uint64_t kRequests = 8;
  for (uint64_t round = 0; round < 5; ++round) {
    const uint64_t from = 100 + round * kRequests;
    std::vector<std::future<int>> racing;
    for (uint64_t i = 1; i <= kRequests; ++i) {
      racing.push_back(std::async(std::launch::async, [&, i, from] {
        return witness->Add(log_.Request(from, from + i)).http_status;
      }));
    }
    std::multiset<int> statuses;
    for (std::future<int>& status : racing) statuses.insert(status.get());
    EXPECT_EQ(statuses.count(200), 1u);
    EXPECT_EQ(statuses.count(409), kRequests - 1);
    const uint64_t now = std::stoull(witness->Add(log_.Request(0, 600)).body);
    MustCosign(*witness, log_, now, from + kRequests);
  }
}

}  // namespace
}  // namespace caseledger::eventstore
