// The restore drill, with the programs alone: what an operator does on a bad day.
#include <signal.h>

#include <filesystem>
#include <memory>

#include "gmock/gmock.h"
#include "nlohmann/json.hpp"
#include "tests/integration/sample/sample_fixture.h"

namespace caseledger::testing {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kLedgerName[] = "drill";

class Drill : public ::testing::Test {
 protected:
  // `more` are flags. What a restore brings back has no keys and no checkpoint of its own.
  void StartServer(const std::string& data, const std::vector<std::string>& more = {}) {
    std::vector<std::string> flags = {"--backup-dir", backups_, "--backup-mib-per-second", "0"};
    flags.insert(flags.end(), more.begin(), more.end());
    server_ = std::make_unique<ServerProcess>(directory_ / data,
                                              std::vector<std::string>{kLedgerName}, flags);
    ASSERT_FALSE(server_->address().empty());
    client_ = std::make_unique<Client>(server_->address(), kLedgerName);
  }
  void StopServer() {
    server_->process().Signal(SIGTERM);
    EXPECT_EQ(server_->process().Wait(), 0) << server_->process().err();
  }

  Finished Run(const std::vector<std::string>& arguments) const {
    std::vector<std::string> all = {CASELEDGER_PATH,
                                    "--server",
                                    server_->address(),
                                    "--ledger",
                                    kLedgerName,
                                    "--agency",
                                    "ctxh-qn",
                                    "--actor",
                                    "nv-07",
                                    "--roles",
                                    "administrator,data_steward"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return RunToEnd(all);
  }
  std::string RunWell(const std::vector<std::string>& arguments) const {
    const Finished finished = Run(arguments);
    EXPECT_EQ(finished.code, 0) << finished.err << finished.out;
    return finished.out;
  }
  // What the program prints as JSON.
  json RunForJson(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--format", "json"});
    json parsed = json::parse(RunWell(arguments), nullptr, false);
    EXPECT_FALSE(parsed.is_discarded());
    return parsed;
  }
  std::string Report(const std::string& as_of = "") const {
    std::vector<std::string> arguments = {"report", "qn-half-year", "--from",   "2024-01-01",
                                          "--to",   "2024-07-01",   "--format", "csv"};
    if (!as_of.empty()) arguments.insert(arguments.end(), {"--as-of", as_of});
    return RunWell(arguments);
  }
  // The whole log, event by event, with the hash of each leaf.
  std::vector<std::string> Log() const {
    const auto events = client_->Replay();
    EXPECT_TRUE(events.ok()) << events.status.error_message();
    std::vector<std::string> texts;
    for (const v1::RecordedEvent& event : events.value) {
      texts.push_back(event.SerializeAsString());
    }
    return texts;
  }
  // A contact in the time of the report, which changes its figures.
  void RecordContact() {
    v1::Command received = CommandOf("", "contact_received { channel: 'phone' line: '18001769' }");
    *received.mutable_header()->mutable_occurred_time() = Seconds(1'709'258'400);  // March 2024
    const std::string contact = client_->Record(received).record_id();
    v1::Command ended = CommandOf(contact, "contact_ended { outcome: CONTACT_OUTCOME_COUNSELLED }");
    *ended.mutable_header()->mutable_occurred_time() = Seconds(1'709'259'000);
    last_command_ = ended;
    client_->Record(ended);
  }

  ScratchDirectory directory_;
  const std::string backups_ = directory_ / "backups";
  std::unique_ptr<ServerProcess> server_;
  std::unique_ptr<Client> client_;
  v1::Command last_command_;
};

TEST_F(Drill, WhatIsRestoredAnswersAsTheOriginalDidAtThatPosition) {
  StartServer("data");
  RunWell({"definition", "load", kDefinitionFile});
  RunWell({"import", kSample});
  const std::string published = Report();
  const json first = RunForJson({"backup", "create"});
  RecordContact();
  const std::vector<std::string> log = Log();
  const v1::Command in_backup = last_command_;
  const std::string with_contact = Report();
  EXPECT_NE(with_contact, published);
  const json second = RunForJson({"backup", "create"});
  EXPECT_EQ(second["ledgers"][0]["event_count"], log.size());
  EXPECT_LT(second["copied_bytes"], 200'000) << "the second one copies only what is new";
  RecordContact();
  EXPECT_NE(Report(), with_contact);
  EXPECT_EQ(RunForJson({"backup", "list", backups_})["backups"].size(), 2u);
  const Finished over_living = Run({"backup", "restore", backups_, "--to", directory_ / "data"});
  EXPECT_EQ(over_living.code, 1);
  EXPECT_THAT(over_living.err, HasSubstr("a server has"));
  StopServer();

  for (const char* id : {"1", "2"}) {
    EXPECT_THAT(RunWell({"backup", "verify", backups_, "--id", id}), HasSubstr("is whole"));
  }
  const std::string as_of_first =
      std::to_string(first["ledgers"][0]["event_count"].get<uint64_t>() - 1);
  RunWell({"backup", "restore", backups_, "--to", directory_ / "restored"});
  StartServer("restored", {"--new-origin", kLedgerName});
  EXPECT_EQ(Log(), log);
  EXPECT_EQ(Report(), with_contact);
  EXPECT_EQ(Report(as_of_first), published);
  // Sent again, the last command is not carried out again.
  EXPECT_EQ(client_->Record(in_backup).events_size(), 1);
  EXPECT_EQ(client_->EventCount(), log.size());
  RecordContact();
  EXPECT_EQ(client_->EventCount(), log.size() + 2);
  StopServer();

  RunWell({"backup", "restore", backups_, "--id", "1", "--to", directory_ / "older"});
  StartServer("older", {"--new-origin", kLedgerName});
  EXPECT_EQ(client_->EventCount(), first["ledgers"][0]["event_count"].get<uint64_t>());
  EXPECT_EQ(Report(), published);
  const Finished other_history = Run({"backup", "create", "--keep", "1"});
  EXPECT_EQ(other_history.code, 1);
  EXPECT_THAT(other_history.err, HasSubstr("does not continue the newest backup"));
  StopServer();
}

TEST_F(Drill, DamageHasAnExitCodeOfItsOwn) {
  StartServer("data");
  RecordContact();
  RunWell({"backup", "create"});
  for (const auto& file : fs::directory_iterator(backups_ + "/log/shared_checksum")) {
    std::string bytes = ReadWholeFile(file.path().string());
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    WriteWholeFile(file.path().string(), bytes);
  }
  EXPECT_EQ(Run({"backup", "verify", backups_}).code, 2);
  EXPECT_EQ(Run({"backup", "restore", backups_, "--to", directory_ / "new"}).code, 2);
  EXPECT_FALSE(fs::exists(directory_ / "new/log"));
  WriteWholeFile(backups_ + "/manifests/0000000001", "not a manifest");
  const Finished list = Run({"backup", "list", backups_});
  EXPECT_EQ(list.code, 2);
  EXPECT_THAT(list.out, HasSubstr("damaged"));
  EXPECT_EQ(Run({"backup", "verify", directory_ / "nowhere"}).code, 1);
  EXPECT_EQ(Run({"backup", "list", directory_ / "nowhere"}).code, 0);
  EXPECT_EQ(Run({"backup", "create", "--keep", "-1"}).code, 1);
  EXPECT_EQ(Run({"backup"}).code, 1);
  for (const char* command : {"create", "list", "verify", "restore"}) {
    EXPECT_THAT(RunWell({"backup", command, "--help"}), HasSubstr("Example"));
  }
}

// The original's keys and its checkpoint outside say whether a restored ledger is the whole one.
TEST_F(Drill, ARestoredLedgerIsTheSameLogOnlyWhenNothingSignedIsLost) {
  StartServer("data");
  RecordContact();
  RunWell({"backup", "create"});
  StopServer();  // signs all that the backup holds
  const std::vector<std::string> originals = {"--key-dir", directory_ / "data/keys",
                                              "--checkpoint-dir", directory_ / "data/checkpoints"};
  RunWell({"backup", "restore", backups_, "--to", directory_ / "whole"});
  StartServer("whole", originals);
  const json restored = RunForJson({"log", "checkpoint"});
  EXPECT_EQ(restored["tree_size"], client_->EventCount());
  EXPECT_THAT(ReadWholeFile(directory_ / "data/checkpoints/drill/checkpoint"),
              restored["note"].get<std::string>());
  RecordContact();
  StopServer();  // signs more than the backup holds

  RunWell({"backup", "restore", backups_, "--to", directory_ / "older"});
  const auto start_older = [&](const std::vector<std::string>& more) {
    std::vector<std::string> flags = {CASELEDGERD_PATH, "--data-dir",   directory_ / "older",
                                      "--ledger",       kLedgerName,    "--plaintext",
                                      "--listen",       "127.0.0.1:0",  "--metrics-listen",
                                      "none",           "--log-listen", "none"};
    flags.insert(flags.end(), more.begin(), more.end());
    return RunToEnd(flags);
  };
  const Finished shorter = start_older(originals);
  EXPECT_EQ(shorter.code, 1);
  EXPECT_THAT(shorter.err, HasSubstr("2 events are lost"));
  const Finished without_keys = start_older({});
  EXPECT_EQ(without_keys.code, 1);
  StartServer("older", {"--new-origin", kLedgerName});
  RecordContact();
  StopServer();
  StartServer("older");
  EXPECT_NE(RunForJson({"log", "checkpoint"})["origin"], restored["origin"]);
  StopServer();
}

// Wherever the server is killed, older backups stay whole, and the next one works.
TEST_F(Drill, AServerKilledWhileBackingUpLeavesOlderBackupsWhole) {
  StartServer("data");
  RunWell({"import", kSample});
  RunWell({"backup", "create"});
  for (int round = 0; round < 6; ++round) {
    SCOPED_TRACE(round);
    RecordContact();
    const size_t listed = RunForJson({"backup", "list", backups_})["backups"].size();
    ChildProcess create({CASELEDGER_PATH, "--server", server_->address(), "--agency", "a",
                         "--actor", "b", "--roles", "administrator", "backup", "create"});
    // Later in each round: before, while and after files are copied.
    for (int i = 0; i < round * 50; ++i) client_->EventCount();
    server_->process().Signal(SIGKILL);
    server_->process().Wait();
    create.Wait();
    EXPECT_GE(RunForJson({"backup", "list", backups_})["backups"].size(), listed);
    EXPECT_THAT(RunWell({"backup", "verify", backups_}), HasSubstr("is whole"));
    StartServer("data");
  }
  RunWell({"backup", "create", "--keep", "1"});
  EXPECT_EQ(RunForJson({"backup", "list", backups_})["backups"].size(), 1u);
  EXPECT_THAT(RunWell({"backup", "verify", backups_}), HasSubstr("is whole"));
  StopServer();
}

TEST_F(Drill, AnUnfinishedRestoreDoesNotBecomeAnEmptyServer) {
  fs::create_directories(directory_ / "data/log.restoring");
  const Finished start =
      RunToEnd({CASELEDGERD_PATH, "--data-dir", directory_ / "data", "--ledger", "a", "--plaintext",
                "--listen", "127.0.0.1:0", "--metrics-listen", "", "--log-listen", "none"});
  EXPECT_EQ(start.code, 1);
  EXPECT_THAT(start.err, HasSubstr("was interrupted"));
  EXPECT_FALSE(fs::exists(directory_ / "data/log"));
}

TEST_F(Drill, BackupsDoNotLieWithWhatTheyAreOf) {
  for (const char* beside : {"data", "data/backups", "data/../data/log/"}) {
    const Finished start =
        RunToEnd({CASELEDGERD_PATH, "--data-dir", directory_ / "data", "--ledger", "a",
                  "--plaintext", "--listen", "127.0.0.1:0", "--metrics-listen", "", "--log-listen",
                  "none", "--backup-dir", directory_ / beside});
    EXPECT_EQ(start.code, 1) << beside;
    EXPECT_THAT(start.err, HasSubstr("must not hold one another"));
  }
}

TEST_F(Drill, NothingOfARecordIsInWhatBackupsSay) {
  StartServer("data");
  client_->Record("",
                  "contact_received { channel: 'phone' line: '18001769' "
                  "note { text: 'Nguyễn Thị Bí Mật' } }");
  const Finished create = Run({"backup", "create"});
  const Finished verify = Run({"backup", "verify", backups_});
  StopServer();
  for (const std::string& said :
       {create.out, create.err, verify.out, verify.err, server_->process().err()}) {
    EXPECT_THAT(said, Not(HasSubstr("Bí Mật")));
  }
}

}  // namespace
}  // namespace caseledger::testing
