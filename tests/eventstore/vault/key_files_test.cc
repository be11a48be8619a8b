// Wrapping keys in files: the contract; what a folder may be; ends at every step.
#include "eventstore/vault/keys/key_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <limits>
#include <set>

#include "eventstore/backup/durable_file.h"
#include "tests/eventstore/vault/wrapping_keys_contract_suite.h"
#include "tests/integration/support/scratch_directory.h"

namespace caseledger::eventstore::testing {
namespace {

namespace fs = std::filesystem;
using caseledger::testing::FakeClock;
using caseledger::testing::ReadWholeFile;
using caseledger::testing::ScratchDirectory;
using caseledger::testing::WriteWholeFile;
using ::testing::AllOf;
using ::testing::HasSubstr;

class KeyFilesHost final : public KeysHost {
 public:
  absl::StatusOr<std::unique_ptr<WrappingKeys>> Open(Clock& clock) override {
    const std::string path = scratch_ / "keys";
    return fs::exists(path) ? KeyFiles::Open(path, clock, SystemRandom())
                            : KeyFiles::CreateFolder(path, clock, SystemRandom());
  }

 private:
  ScratchDirectory scratch_;
};

INSTANTIATE_TEST_SUITE_P(KeyFiles, WrappingKeysContract,
                         ::testing::Values([] { return std::make_unique<KeyFilesHost>(); }));

mode_t ModeOf(const std::string& path) {
  struct stat found {};
  EXPECT_EQ(lstat(path.c_str(), &found), 0) << path;
  return found.st_mode & 0777U;
}

class KeyFilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const absl::StatusOr<std::unique_ptr<KeyFiles>> made =
        KeyFiles::CreateFolder(path_, clock_, SystemRandom());
    ASSERT_TRUE(made.ok()) << made.status();
    id_ = (*made)->List()->back().id;
    file_ = path_ + "/" + id_.ToString() + ".key";
  }

  absl::Status Open() const { return OpenAt(path_); }
  absl::Status OpenAt(const std::string& path) const {
    return KeyFiles::Open(path, clock_, SystemRandom()).status();
  }
  void ExpectRefused(const absl::Status& status, absl::StatusCode code, const std::string& says) {
    EXPECT_EQ(status.code(), code) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(says));
  }

  mutable FakeClock clock_;
  ScratchDirectory scratch_;
  const std::string path_ = scratch_ / "keys";
  Uuid id_;
  std::string file_;
};

TEST_F(KeyFilesTest, FolderAndFilesAreTheirUsersAlone) {
  EXPECT_EQ(ModeOf(path_), 0700U);
  EXPECT_EQ(ModeOf(file_), 0600U);
}

TEST_F(KeyFilesTest, TheFileIsWhatItsHeaderSays) {
  EXPECT_THAT(ReadWholeFile(file_), ::testing::MatchesRegex("caseledger wrapping key 1\n"
                                                            "id " +
                                                            id_.ToString() +
                                                            "\n"
                                                            "created 2023-11-14T22:13:20.000Z\n"
                                                            "key [0-9a-f]{64}\n"
                                                            "check [0-9a-f]{64}\n"));
  EXPECT_EQ(ReadWholeFile(file_).size(), kKeyFileBytes);
}

TEST_F(KeyFilesTest, MissingFolderAndMissingKeysAreUnavailable) {
  ExpectRefused(OpenAt(scratch_ / "none"), absl::StatusCode::kUnavailable, "is missing: mount or");
  fs::remove(file_);
  ExpectRefused(Open(), absl::StatusCode::kUnavailable, "has no key: restore");
}

TEST_F(KeyFilesTest, KeysThatAreThereAreNotMadeAgain) {
  ExpectRefused(KeyFiles::CreateFolder(path_, clock_, SystemRandom()).status(),
                absl::StatusCode::kAlreadyExists, "there are wrapping keys in " + path_);
  EXPECT_TRUE(Open().ok());
}

TEST_F(KeyFilesTest, ThoseWhoTakeTurnsHaveItOpenTogetherAndNobodyElseDoes) {
  const auto open = [&](KeyFolderUse use) {
    return KeyFiles::Open(path_, clock_, SystemRandom(), use);
  };
  {
    const auto alone = open(KeyFolderUse::kAlone);
    ASSERT_TRUE(alone.ok()) << alone.status();
    ExpectRefused(open(KeyFolderUse::kByTurns).status(), absl::StatusCode::kFailedPrecondition,
                  "another program uses");
  }
  const auto one = open(KeyFolderUse::kByTurns);
  ASSERT_TRUE(one.ok()) << one.status();
  EXPECT_TRUE(open(KeyFolderUse::kByTurns).ok());
  ExpectRefused(open(KeyFolderUse::kAlone).status(), absl::StatusCode::kFailedPrecondition,
                "another program uses");
}

TEST_F(KeyFilesTest, AnEmptyFolderIsTakenForANewVault) {
  fs::remove(file_);
  EXPECT_TRUE(KeyFiles::CreateFolder(path_, clock_, SystemRandom()).ok());
  EXPECT_TRUE(Open().ok());
}

TEST_F(KeyFilesTest, WhatOthersMayReadIsRefused) {
  for (const mode_t bits : {0040U, 0020U, 0010U, 0004U, 0002U, 0001U}) {
    ASSERT_EQ(chmod(path_.c_str(), 0700U | bits), 0);
    ExpectRefused(Open(), absl::StatusCode::kFailedPrecondition, "run `chmod 700 " + path_ + "`");
    ASSERT_EQ(chmod(path_.c_str(), 0700), 0);
    ASSERT_EQ(chmod(file_.c_str(), 0600U | bits), 0);
    ExpectRefused(Open(), absl::StatusCode::kFailedPrecondition, "run `chmod 600 " + file_ + "`");
    ASSERT_EQ(chmod(file_.c_str(), 0600), 0);
  }
  EXPECT_TRUE(Open().ok());
}

TEST_F(KeyFilesTest, WhatBelongsToAnotherUserIsRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  constexpr uid_t kNobody = 65534;
  ASSERT_EQ(chown(file_.c_str(), kNobody, kNobody), 0);
  ExpectRefused(Open(), absl::StatusCode::kFailedPrecondition, file_ + " belongs to user 65534");
  ASSERT_EQ(chown(file_.c_str(), 0, 0), 0);
  ASSERT_EQ(chown(path_.c_str(), kNobody, kNobody), 0);
  ExpectRefused(Open(), absl::StatusCode::kFailedPrecondition, path_ + " belongs to user 65534");
}

TEST_F(KeyFilesTest, SymlinksAreRefused) {
  const std::string link = scratch_ / "link";
  fs::create_symlink(path_, link);
  ExpectRefused(OpenAt(link), absl::StatusCode::kFailedPrecondition, "is no folder");
  ExpectRefused(OpenAt(link + "/"), absl::StatusCode::kFailedPrecondition, "is no folder");
  fs::rename(file_, scratch_ / "elsewhere");
  fs::create_symlink(scratch_ / "elsewhere", file_);
  ExpectRefused(Open(), absl::StatusCode::kFailedPrecondition, file_ + " is no regular file");
}

TEST_F(KeyFilesTest, AFileThatIsNoKeyIsRefused) {
  const std::string copy = file_ + ".bak";
  fs::copy_file(file_, copy);
  ExpectRefused(Open(), absl::StatusCode::kFailedPrecondition, "copies outlive");
  fs::remove(copy);
  fs::create_directory(path_ + "/lost+found");
  EXPECT_TRUE(Open().ok()) << "the folder may be a volume of its own";
}

TEST_F(KeyFilesTest, OneProgramAtATime) {
  const absl::StatusOr<std::unique_ptr<KeyFiles>> keys =
      KeyFiles::Open(path_, clock_, SystemRandom());
  ASSERT_TRUE(keys.ok()) << keys.status();
  ExpectRefused(Open(), absl::StatusCode::kFailedPrecondition, "another program uses");
}

TEST_F(KeyFilesTest, EveryChangedByteOfAFileIsDataLossThatNamesTheFile) {
  const std::string whole = ReadWholeFile(file_);
  const std::string key = whole.substr(whole.find("key ", whole.find("created")) + 4, 64);
  for (size_t i = 0; i < whole.size(); ++i) {
    std::string changed = whole;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    WriteWholeFile(file_, changed);
    const absl::Status status = Open();
    const bool version = i == whole.find('\n') - 1;
    EXPECT_EQ(status.code(),
              version ? absl::StatusCode::kFailedPrecondition : absl::StatusCode::kDataLoss)
        << "byte " << i << ": " << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(file_)) << "byte " << i;
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr(key.substr(0, 8)))) << "byte " << i;
  }
  for (size_t size = 0; size < whole.size(); ++size) {
    WriteWholeFile(file_, whole.substr(0, size));
    EXPECT_EQ(Open().code(), absl::StatusCode::kDataLoss) << size << " bytes";
  }
  WriteWholeFile(file_, whole + "\n");
  EXPECT_EQ(Open().code(), absl::StatusCode::kDataLoss) << "a byte more";
  WriteWholeFile(file_, whole + std::string(KeyFolder::kMaxFileBytes, 'x'));
  ExpectRefused(Open(), absl::StatusCode::kResourceExhausted, file_);
  WriteWholeFile(file_, whole);
  EXPECT_TRUE(Open().ok());
}

TEST_F(KeyFilesTest, AKeyUnderAnotherNameIsDataLoss) {
  const Uuid other = Uuid::Generate(clock_, SystemRandom());
  fs::rename(file_, path_ + "/" + other.ToString() + ".key");
  ExpectRefused(Open(), absl::StatusCode::kDataLoss, "another key than its name says");
}

// Ends the program at one change of the folder: before it, in the middle of it, or after it when
// nobody has heard of it yet. Nothing can be changed afterwards.
class EndingFolder final : public KeyFolder {
 public:
  enum class End { kBefore, kMidway, kAfter };

  EndingFolder(std::unique_ptr<KeyFolder> folder, int end_at, End end)
      : folder_(std::move(folder)), end_at_(end_at), end_(end) {}

  const std::string& path() const override { return folder_->path(); }
  absl::StatusOr<std::vector<std::string>> Names() override { return folder_->Names(); }
  absl::StatusOr<std::string> Read(const std::string& name) override { return folder_->Read(name); }
  absl::Status Make(const std::string& name, std::string_view bytes) override {
    return Change([&] { return folder_->Make(name, bytes); },
                  [&] { Put(name + ".part", bytes.substr(0, bytes.size() / 2)); });
  }
  absl::Status Overwrite(const std::string& name, std::string_view bytes) override {
    return Change(
        [&] { return folder_->Overwrite(name, bytes); },
        [&] { EXPECT_TRUE(folder_->Overwrite(name, bytes.substr(0, bytes.size() / 2)).ok()); });
  }
  absl::Status Rename(const std::string& from, const std::string& to) override {
    return Change([&] { return folder_->Rename(from, to); }, [] {});
  }
  absl::Status Remove(const std::string& name) override {
    return Change([&] { return folder_->Remove(name); }, [] {});
  }
  absl::Status Sync() override {
    return Change([&] { return folder_->Sync(); }, [] {});
  }

  bool ended() const { return ended_; }
  // The program runs on: only that one change failed.
  void Recover() { ended_ = false, end_at_ = std::numeric_limits<int>::max(); }

 private:
  absl::Status Change(const std::function<absl::Status()>& whole,
                      const std::function<void()>& half) {
    absl::Status failed = absl::UnavailableError("the test ends the program here");
    if (ended_) return failed;
    if (changes_++ != end_at_) return whole();
    ended_ = true;
    if (end_ == End::kMidway) half();
    if (end_ == End::kAfter) {
      EXPECT_TRUE(whole().ok());
    }
    return failed;
  }
  void Put(const std::string& name, std::string_view bytes) {
    WriteWholeFile(path() + "/" + name, std::string(bytes));
    fs::permissions(path() + "/" + name, fs::perms::owner_read | fs::perms::owner_write);
  }

  const std::unique_ptr<KeyFolder> folder_;
  int end_at_;
  const End end_;
  int changes_ = 0;
  bool ended_ = false;
};

struct Ending {
  int at;
  EndingFolder::End how;
};

// Each step of a change that has so many, in each of the three ways.
std::vector<Ending> AllEndings(int steps) {
  using End = EndingFolder::End;
  std::vector<Ending> endings;
  for (int at = 0; at < steps; ++at) {
    for (const End how : {End::kBefore, End::kMidway, End::kAfter}) endings.push_back({at, how});
  }
  return endings;
}

// A folder with two keys, of which the first wrapped something.
class EndsAtEveryStep : public ::testing::Test {
 protected:
  struct Kept {
    ScratchDirectory scratch;
    std::string path = scratch / "keys";
    std::vector<Uuid> ids;
    std::string wrapped;
    std::string file;      // of the first key
    std::string key_text;  // its line of key
  };

  std::unique_ptr<Kept> TwoKeys() {
    auto kept = std::make_unique<Kept>();
    auto keys = KeyFiles::CreateFolder(kept->path, clock_, SystemRandom());
    EXPECT_TRUE(keys.ok()) << keys.status();
    EXPECT_TRUE((*keys)->Create().ok());
    const std::vector<WrappingKeyInfo> all = (*keys)->List().value();
    for (const WrappingKeyInfo& info : all) kept->ids.push_back(info.id);
    kept->wrapped = (*keys)->Wrap(kept->ids[0], data_key_, "a").value();
    kept->file = kept->path + "/" + kept->ids[0].ToString() + ".key";
    const std::string text = ReadWholeFile(kept->file);
    kept->key_text = text.substr(text.find("key ", text.find("created")) + 4, 64);
    return kept;
  }

  // Opens the folder so that it ends at that step; `folder` stays the opened one's.
  std::unique_ptr<KeyFiles> OpenEnding(const std::string& path, const Ending& ending,
                                       EndingFolder*& folder) {
    auto opened = OpenKeyFolder(path);
    EXPECT_TRUE(opened.ok()) << opened.status();
    auto ends = std::make_unique<EndingFolder>(*std::move(opened), ending.at, ending.how);
    folder = ends.get();
    auto keys = KeyFiles::In(std::move(ends), clock_, SystemRandom());
    EXPECT_TRUE(keys.ok()) << keys.status();
    return *std::move(keys);
  }

  static std::set<std::string> NamesIn(const std::string& path) {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(path)) {
      names.insert(entry.path().filename().string());
    }
    return names;
  }

  FakeClock clock_;
  const SecretKey data_key_ = SecretKey::Random(SystemRandom());
};

constexpr int kStepsOfDestroying = 3;  // new name, bytes, removal

TEST_F(EndsAtEveryStep, DestroyedOnceItHasItsNewNameAndWholeUntilThen) {
  for (const Ending& ending : AllEndings(kStepsOfDestroying)) {
    SCOPED_TRACE(::testing::Message() << "step " << ending.at << ", way " << int(ending.how));
    const auto kept = TwoKeys();
    EndingFolder* folder = nullptr;
    {
      const auto keys = OpenEnding(kept->path, ending, folder);
      EXPECT_EQ(keys->Destroy(kept->ids[0]).code(), absl::StatusCode::kUnavailable);
      EXPECT_TRUE(folder->ended());
    }
    const bool renamed = ending.at > 0 || ending.how == EndingFolder::End::kAfter;
    const auto keys = KeyFiles::Open(kept->path, clock_, SystemRandom());
    ASSERT_TRUE(keys.ok()) << keys.status();
    const absl::StatusOr<SecretKey> unwrapped = (*keys)->Unwrap(kept->ids[0], kept->wrapped, "a");
    if (renamed) {
      EXPECT_EQ(unwrapped.status().code(), absl::StatusCode::kNotFound);
      EXPECT_EQ(NamesIn(kept->path), std::set<std::string>{kept->ids[1].ToString() + ".key"});
    } else {
      ASSERT_TRUE(unwrapped.ok()) << unwrapped.status();
      EXPECT_TRUE(unwrapped->raw() == data_key_.raw());
    }
    EXPECT_EQ((*keys)->List()->size(), renamed ? 1u : 2u);
  }
}

TEST_F(EndsAtEveryStep, ADestructionThatFailedIsDoneWhenTriedAgain) {
  for (const Ending& ending : AllEndings(kStepsOfDestroying)) {
    SCOPED_TRACE(::testing::Message() << "step " << ending.at << ", way " << int(ending.how));
    const auto kept = TwoKeys();
    EndingFolder* folder = nullptr;
    const auto keys = OpenEnding(kept->path, ending, folder);
    ASSERT_FALSE(keys->Destroy(kept->ids[0]).ok());
    if (ending.at > 0) {
      EXPECT_EQ(keys->Unwrap(kept->ids[0], kept->wrapped, "a").status().code(),
                absl::StatusCode::kNotFound)
          << "has its new name, durably: it counts as destroyed";
    }
    folder->Recover();
    const absl::Status again = keys->Destroy(kept->ids[0]);
    EXPECT_TRUE(again.ok()) << again;
    EXPECT_EQ(keys->List()->size(), 1u);
    EXPECT_EQ(NamesIn(kept->path), std::set<std::string>{kept->ids[1].ToString() + ".key"});
  }
}

TEST_F(EndsAtEveryStep, BytesAreOverwrittenWhereTheyLieBeforeTheFileIsRemoved) {
  const auto kept = TwoKeys();
  const std::string link = kept->scratch / "the same bytes";
  fs::create_hard_link(kept->file, link);
  ASSERT_THAT(ReadWholeFile(link), HasSubstr(kept->key_text));
  const auto keys = KeyFiles::Open(kept->path, clock_, SystemRandom());
  ASSERT_TRUE(keys.ok()) << keys.status();
  ASSERT_TRUE((*keys)->Destroy(kept->ids[0]).ok());
  const std::string left = ReadWholeFile(link);
  EXPECT_EQ(left.size(), kKeyFileBytes);
  for (size_t i = 0; i + 8 <= kept->key_text.size(); ++i) {
    EXPECT_EQ(left.find(kept->key_text.substr(i, 8)), std::string::npos) << "digit " << i;
  }
}

TEST_F(EndsAtEveryStep, AKeyIsMadeWholeOrNotAtAll) {
  for (const Ending& ending : AllEndings(1)) {
    SCOPED_TRACE(::testing::Message() << "way " << int(ending.how));
    const auto kept = TwoKeys();
    EndingFolder* folder = nullptr;
    {
      const auto keys = OpenEnding(kept->path, ending, folder);
      EXPECT_EQ(keys->Create().status().code(), absl::StatusCode::kUnavailable);
      EXPECT_TRUE(folder->ended());
      EXPECT_EQ(keys->List()->size(), 2u) << "what may not be durable wraps nothing";
    }
    const auto keys = KeyFiles::Open(kept->path, clock_, SystemRandom());
    ASSERT_TRUE(keys.ok()) << keys.status();
    const size_t whole = ending.how == EndingFolder::End::kAfter ? 3 : 2;
    EXPECT_EQ((*keys)->List()->size(), whole);
    EXPECT_EQ(NamesIn(kept->path).size(), whole) << "what is not whole is removed";
    EXPECT_TRUE((*keys)->Create().ok());
  }
}

TEST_F(EndsAtEveryStep, RemovingLeftoversCanEndAsWell) {
  for (const Ending& ending : AllEndings(2)) {
    SCOPED_TRACE(::testing::Message() << "step " << ending.at << ", way " << int(ending.how));
    const auto kept = TwoKeys();
    fs::rename(kept->file, kept->path + "/" + kept->ids[0].ToString() + ".destroying");
    auto folder = OpenKeyFolder(kept->path);
    ASSERT_TRUE(folder.ok()) << folder.status();
    EXPECT_EQ(
        KeyFiles::In(std::make_unique<EndingFolder>(*std::move(folder), ending.at, ending.how),
                     clock_, SystemRandom())
            .status()
            .code(),
        absl::StatusCode::kUnavailable);
    const auto keys = KeyFiles::Open(kept->path, clock_, SystemRandom());
    ASSERT_TRUE(keys.ok()) << keys.status();
    EXPECT_EQ((*keys)->List()->size(), 1u);
    EXPECT_EQ(NamesIn(kept->path).size(), 1u);
  }
}

TEST_F(EndsAtEveryStep, AFolderWithoutItsFirstKeyIsMadeAgain) {
  for (const Ending& ending : AllEndings(1)) {
    SCOPED_TRACE(::testing::Message() << "way " << int(ending.how));
    const ScratchDirectory scratch;
    const std::string path = scratch / "keys";
    ASSERT_TRUE(MakeDirectoryDurably(path).ok());
    {
      auto folder = OpenKeyFolder(path);
      ASSERT_TRUE(folder.ok()) << folder.status();
      EXPECT_FALSE(KeyFiles::FirstIn(
                       std::make_unique<EndingFolder>(*std::move(folder), ending.at, ending.how),
                       clock_, SystemRandom())
                       .ok());
    }
    if (ending.how != EndingFolder::End::kAfter) {
      EXPECT_TRUE(KeyFiles::CreateFolder(path, clock_, SystemRandom()).ok());
    }
    EXPECT_TRUE(KeyFiles::Open(path, clock_, SystemRandom()).ok());
  }
}

}  // namespace
}  // namespace caseledger::eventstore::testing
