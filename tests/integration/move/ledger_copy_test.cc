// A centre's server moves from RocksDB to PostgreSQL and back, with both programs as child
// processes: the same histories, figures, keys and checkpoints, and one head at a time.
#include <signal.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "eventstore/base/clock.h"
#include "eventstore/base/strings.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/integration/operation/raw_call.h"
#include "tests/integration/support/cast.h"
#include "tests/integration/support/child_process.h"
#include "tests/integration/support/client.h"
#include "tests/integration/support/scratch_directory.h"
#include "tests/support/test_storage.h"

namespace caseledger::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Json = nlohmann::json;

constexpr char kMovedLedger[] = "quang-ninh";
const Who kSteward{"nhap-lieu", "so-qn", "data_steward"};

class LedgerCopy : public ::testing::Test {
 protected:
  LedgerCopy() {
    app::StorageChoice rocksdb;
    cast_.BeginIn(rocksdb, data_, kMovedLedger, SystemClock());
  }

  // A server with these flags of the storage, whose keys are where they always were.
  void Serve(const std::string& data_dir, const std::vector<std::string>& storage) {
    server_ = std::make_unique<ServerProcess>(data_dir, std::vector<std::string>{kMovedLedger},
                                              ServerFlags(storage));
    ASSERT_FALSE(server_->address().empty()) << server_->process().err();
    cast_.Serve(server_->address());
    cast_.Admit(kMovedLedger, kSteward);
  }
  void Stop() {
    server_->process().Signal(SIGTERM);
    EXPECT_EQ(server_->process().Wait(), 0) << server_->process().err();
    server_.reset();
  }
  std::vector<std::string> ServerFlags(const std::vector<std::string>& storage) const {
    std::vector<std::string> flags = cast_.ServerFlags(NoAgencyLimits());
    for (const char* folder : {"key", "checkpoint", "wrapping-key"}) {
      flags.insert(flags.end(), {StrCat("--", folder, "-dir"), StrCat(data_, "/", folder, "s")});
    }
    flags.insert(flags.end(), storage.begin(), storage.end());
    return flags;
  }
  // What it says when it cannot start.
  Finished FailToServe(const std::string& data_dir, const std::vector<std::string>& storage) const {
    std::vector<std::string> words = {
        CASELEDGERD_PATH, "--data-dir",       data_dir, "--ledger",     kMovedLedger, "--listen",
        "127.0.0.1:0",    "--metrics-listen", "none",   "--log-listen", "none"};
    const auto flags = ServerFlags(storage);
    words.insert(words.end(), flags.begin(), flags.end());
    return RunToEnd(words);
  }
  static Finished Program(std::vector<std::string> words) {
    words.insert(words.begin(), CASELEDGER_PATH);
    return RunToEnd(words);
  }
  Finished Verify(const std::string& data_dir, const std::vector<std::string>& storage) const {
    std::vector<std::string> words = {
        "log",           "verify",           "--data-dir",           data_dir,   "--key-dir",
        data_ + "/keys", "--checkpoint-dir", data_ + "/checkpoints", "--format", "json"};
    words.insert(words.end(), storage.begin(), storage.end());
    return Program(words);
  }
  Finished Ask(const Who& who, const std::vector<std::string>& arguments) {
    cast_.Admit(kMovedLedger, who);
    std::vector<std::string> words = {"--ledger", kMovedLedger};
    for (const std::string& flag : cast_.ProgramFlags(who)) words.push_back(flag);
    words.insert(words.end(), arguments.begin(), arguments.end());
    return Program(words);
  }

  // What a centre sees: the events, the report and a person's name.
  struct Seen {
    std::vector<std::string> events;
    std::string report;
    std::string person;
  };
  Seen Look(size_t most_events = SIZE_MAX) {
    Seen seen;
    const Client auditor(cast_, kMovedLedger, Cast::Auditor());
    auditor.Admit(Cast::Auditor());
    const auto events = auditor.Replay();
    EXPECT_TRUE(events.ok()) << events.status.error_message();
    for (const v1::RecordedEvent& event : events.value) {
      if (seen.events.size() < most_events) seen.events.push_back(event.SerializeAsString());
    }
    const Finished report = Ask(kSteward, {"report", "qn-half-year", "--from", "2024-01-01", "--to",
                                           "2024-07-01", "--format", "csv"});
    EXPECT_EQ(report.code, 0) << report.err;
    seen.report = report.out;
    const Finished person = Ask(Cast::Auditor(), {"record", "history", "person", person_});
    EXPECT_EQ(person.code, 0) << person.err;
    seen.person = person.out;
    return seen;
  }

  ScratchDirectory directory_;
  const std::string data_ = directory_ / "data";
  Cast cast_{directory_ / "pki"};
  std::unique_ptr<ServerProcess> server_;
  std::string person_;
};

TEST_F(LedgerCopy, ToPostgresAndBack) {
  Serve(data_, {"--engine", "rocksdb"});
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"definition", "load", "deploy/reports/qn-half-year.textproto"},
        std::vector<std::string>{"import", "deploy/sample/quang-ninh-2024-h1"}}) {
    const Finished done = Ask(kSteward, words);
    ASSERT_EQ(done.code, 0) << done.err << done.out;
  }
  v1::Command registered = CommandOf(
      "",
      "person_registered { attributes { sex: 'female' birth_year: 1990 private_part { full_name: "
      "'Đoàn Thử Nghiệm' } } }");
  v1::CommandResult first;
  {
    const Client client(cast_, kMovedLedger);
    first = client.Record(registered);
    person_ = first.record_id();
  }
  const Seen before = Look();
  EXPECT_THAT(before.person, HasSubstr("Đoàn Thử Nghiệm"));
  const std::string checkpoint =
      HttpGet(server_->log_port(), StrCat("/", kMovedLedger, "/checkpoint"));

  const std::string dsn = NewDatabase().dsn;
  const std::vector<std::string> database = {"--engine", "postgres", "--dsn", dsn};
  const std::vector<std::string> to_database = {"ledger",      "copy",     "--data-dir", data_,
                                                "--to-engine", "postgres", "--to-dsn",   dsn};
  const Finished busy = Program(to_database);
  EXPECT_EQ(busy.code, 1) << busy.out;
  EXPECT_THAT(busy.err, HasSubstr("in use")) << "a server has the ledgers";
  Stop();

  std::vector<std::string> words = to_database;
  words.insert(words.end(), {"--format", "json"});
  const Finished moved = Program(words);
  ASSERT_EQ(moved.code, 0) << moved.err << moved.out;
  const Json told = Json::parse(moved.out);
  EXPECT_FALSE(told["was_done"].get<bool>());
  ASSERT_EQ(told["ledgers"].size(), 2U) << "the ledger and its access trail";
  EXPECT_EQ(told["ledgers"][0]["events"], told["ledgers"][0]["copied_now"]);
  EXPECT_GT(told["vault_rows"].get<int>(), 100);

  // One head: where the ledgers were nobody serves them, and from there they go nowhere else.
  const Finished old = FailToServe(data_, {"--engine", "rocksdb"});
  EXPECT_EQ(old.code, 1);
  EXPECT_THAT(old.err, HasSubstr("LEDGER_MOVED"));
  EXPECT_THAT(old.err, HasSubstr("PostgreSQL"));
  EXPECT_EQ(Verify(data_, {}).code, 0) << "it can be read";
  const Finished elsewhere = Program({"ledger", "copy", "--data-dir", data_, "--to-engine",
                                      "rocksdb", "--to-data-dir", directory_ / "elsewhere"});
  EXPECT_EQ(elsewhere.code, 1);
  EXPECT_THAT(elsewhere.err, HasSubstr("LEDGER_MOVED"));
  const Finished again = Program(words);
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_TRUE(Json::parse(again.out)["was_done"].get<bool>());

  Serve(data_, database);
  const Seen there = Look(before.events.size());
  EXPECT_EQ(there.events, before.events);
  EXPECT_EQ(there.report, before.report);
  EXPECT_EQ(there.person, before.person) << "with the same keys";
  {
    const Client client(cast_, kMovedLedger);
    const v1::CommandResult repeated = client.Record(registered);
    EXPECT_TRUE(repeated.already_recorded());
    EXPECT_EQ(repeated.record_id(), person_);
    client.Record("", "person_registered { attributes { sex: 'male' birth_year: 1991 } }");
  }
  const std::string newer = HttpGet(server_->log_port(), StrCat("/", kMovedLedger, "/checkpoint"));
  EXPECT_EQ(newer.substr(0, newer.find('\n')), checkpoint.substr(0, checkpoint.find('\n')))
      << "the same log by name";
  const Seen at_the_end = Look();
  EXPECT_GT(at_the_end.events.size(), before.events.size());
  Stop();
  const Finished verified = Verify(data_, database);
  EXPECT_EQ(verified.code, 0) << verified.err << verified.out;

  const std::string home = directory_ / "home";
  words = {"ledger",        "copy", "--to-engine",        "rocksdb",
           "--to-data-dir", home,   "--wrapping-key-dir", data_ + "/wrapping-keys"};
  words.insert(words.end(), database.begin(), database.end());
  const Finished back = Program(words);
  ASSERT_EQ(back.code, 0) << back.err << back.out;
  EXPECT_THAT(back.out, HasSubstr(home));
  EXPECT_THAT(FailToServe(data_, database).err, HasSubstr("LEDGER_MOVED"));
  Serve(home, {"--engine", "rocksdb"});
  const Seen at_home = Look(at_the_end.events.size());
  EXPECT_EQ(at_home.events, at_the_end.events);
  EXPECT_EQ(at_home.report, before.report);
  EXPECT_EQ(at_home.person, before.person);
  Stop();
  EXPECT_EQ(Verify(home, {}).code, 0);
}

// What would be missed only when nothing goes back any more.
TEST_F(LedgerCopy, WithoutTheKeysOfTheLedgersNothingIsEnded) {
  namespace fs = std::filesystem;
  Serve(data_, {"--engine", "rocksdb"});
  Stop();
  const std::string old_vault = directory_ / "old-vault";
  fs::copy(data_ + "/vault", old_vault, fs::copy_options::recursive);
  Serve(data_, {"--engine", "rocksdb"});
  {
    const Client client(cast_, kMovedLedger);
    person_ = client
                  .Record("",
                          "person_registered { attributes { sex: 'female' private_part { "
                          "full_name: 'Đoàn Thử Nghiệm' } } }")
                  .record_id();
  }
  Stop();
  int number = 0;
  const auto copy = [&](const std::vector<std::string>& more) {
    std::vector<std::string> words = {
        "ledger",      "copy",    "--data-dir",    data_,
        "--to-engine", "rocksdb", "--to-data-dir", directory_ / StrCat("to-", ++number)};
    words.insert(words.end(), more.begin(), more.end());
    return Program(words);
  };
  const Finished with_old = copy({"--vault-dir", old_vault});
  EXPECT_EQ(with_old.code, 1) << with_old.out;
  EXPECT_THAT(with_old.err, HasSubstr("KEYS_LOST"));
  EXPECT_THAT(with_old.err, HasSubstr("--vault-dir"));
  const Finished no_wrapping = copy({"--wrapping-key-dir", directory_ / "nowhere"});
  EXPECT_EQ(no_wrapping.code, 1) << no_wrapping.out;
  EXPECT_THAT(no_wrapping.err, HasSubstr("Give --wrapping-key-dir"));
  fs::rename(data_ + "/vault", data_ + "/vault.away");
  const Finished no_vault = copy({});
  EXPECT_EQ(no_vault.code, 1) << no_vault.out;
  EXPECT_THAT(no_vault.err, HasSubstr("give --vault-dir the server's"));
  EXPECT_FALSE(fs::exists(data_ + "/vault")) << "nothing is left where there was none";
  fs::rename(data_ + "/vault.away", data_ + "/vault");

  // The same directories under other names.
  fs::create_directory_symlink(data_, directory_ / "link");
  for (const std::vector<std::string>& same :
       {std::vector<std::string>{"--to-data-dir", directory_ / "link"},
        {"--to-data-dir", data_ + "/../data"},
        {"--to-data-dir", data_ + "/below"},
        {"--to-data-dir", directory_ / "apart", "--to-vault-dir",
         StrCat(directory_ / "link", "/vault")}}) {
    std::vector<std::string> words = {"ledger", "copy",        "--data-dir",
                                      data_,    "--to-engine", "rocksdb"};
    words.insert(words.end(), same.begin(), same.end());
    const Finished refused = Program(words);
    EXPECT_EQ(refused.code, 1) << refused.out;
    EXPECT_THAT(refused.err, HasSubstr("give new ones")) << same.back();
  }
  Serve(data_, {"--engine", "rocksdb"});
  const Finished person = Ask(Cast::Auditor(), {"record", "history", "person", person_});
  EXPECT_THAT(person.out, HasSubstr("Đoàn Thử Nghiệm")) << "the original is as it was";
}

TEST_F(LedgerCopy, SaysWhatIsMissing) {
  const auto copy = [](std::vector<std::string> words) {
    words.insert(words.begin(), {"ledger", "copy"});
    return Program(words);
  };
  const Finished nothing = copy({"--data-dir", directory_ / "nowhere", "--to-engine", "rocksdb",
                                 "--to-data-dir", directory_ / "to"});
  EXPECT_EQ(nothing.code, 1);
  EXPECT_THAT(nothing.err, HasSubstr("there are no ledgers in"));
  EXPECT_THAT(copy({"--to-engine", "rocksdb", "--to-data-dir", directory_ / "to"}).err,
              HasSubstr("--data-dir says where the ledgers are"));
  EXPECT_THAT(copy({"--data-dir", data_, "--to-engine", "rocksdb"}).err,
              HasSubstr("--to-data-dir says where to"));
  const Finished no_dsn = copy({"--data-dir", data_, "--to-engine", "postgres"});
  EXPECT_EQ(no_dsn.code, 1);
  EXPECT_THAT(no_dsn.err, HasSubstr("--to-dsn"));
}

}  // namespace
}  // namespace caseledger::testing
