// The restore drill, with the programs alone: what an operator does on a bad day.
#include <signal.h>

#include <chrono>
#include <filesystem>
#include <future>
#include <memory>

#include "eventstore/base/clock.h"
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
constexpr char kRules[] = "deploy/access/rules.txt";
constexpr char kRulesBegin[] = "access-rules 1";
constexpr char kTrailName[] = "drill.access";

const Who kAdministrator = Cast::Administrator();
const Who kSteward{"nhap-lieu", "so-qn", "data_steward"};
const Who kOperator{"lan", "ctxh-qn", "hotline_operator"};

class Drill : public ::testing::Test {
 protected:
  // `more` are flags. What a restore brings back has no keys and no checkpoint of its own. A new
  // directory begins with an administrator and rules.
  void StartServer(const std::string& data, const std::vector<std::string>& more = {}) {
    if (!fs::exists(directory_ / data)) {
      cast_.Begin(directory_ / data, kLedgerName, SystemClock());
    }
    std::vector<std::string> flags =
        cast_.ServerFlags({"--backup-dir", backups_, "--backup-mib-per-second", "0"});
    flags.insert(flags.end(), more.begin(), more.end());
    server_ = std::make_unique<ServerProcess>(directory_ / data,
                                              std::vector<std::string>{kLedgerName}, flags);
    ASSERT_FALSE(server_->address().empty());
    cast_.Serve(server_->address());
    client_ = std::make_unique<Client>(cast_, kLedgerName, kOperator);
    auditor_ = std::make_unique<Client>(cast_, kLedgerName, Cast::Auditor());
  }
  void StopServer() {
    server_->process().Signal(SIGTERM);
    EXPECT_EQ(server_->process().Wait(), 0) << server_->process().err();
  }
  // A server that must not start in `data`: what it says.
  Finished StartInVain(const std::string& data, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> flags =
        cast_.ServerFlags({"--data-dir", directory_ / data, "--ledger", kLedgerName, "--listen",
                           "127.0.0.1:0", "--metrics-listen", "none", "--log-listen", "none"});
    flags.insert(flags.begin(), CASELEDGERD_PATH);
    flags.insert(flags.end(), more.begin(), more.end());
    Finished finished = RunToEnd(flags);
    EXPECT_EQ(finished.code, 1) << finished.err;
    return finished;
  }

  // `caseledger` on this machine, with the directory of backups alone.
  static Finished RunLocally(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), CASELEDGER_PATH);
    return RunToEnd(arguments);
  }
  // The command line of somebody who calls the server.
  std::vector<std::string> ProgramOf(const Who& who, const std::vector<std::string>& arguments) {
    cast_.Admit(kLedgerName, who);
    std::vector<std::string> all = cast_.ProgramFlags(who);
    all.insert(all.begin(), {CASELEDGER_PATH, "--ledger", kLedgerName});
    all.insert(all.end(), arguments.begin(), arguments.end());
    return all;
  }
  Finished RunAs(const Who& who, const std::vector<std::string>& arguments) {
    return RunToEnd(ProgramOf(who, arguments));
  }
  void ExpectRefused(const Who& who, const std::vector<std::string>& arguments) {
    const Finished finished = RunAs(who, arguments);
    EXPECT_EQ(finished.code, 1) << finished.out;
    EXPECT_THAT(finished.err, HasSubstr("ACCESS_DENIED"));
  }
  static std::string OutOf(const Finished& finished) {
    EXPECT_EQ(finished.code, 0) << finished.err << finished.out;
    return finished.out;
  }
  static json JsonOf(const Finished& finished) {
    json parsed = json::parse(OutOf(finished), nullptr, false);
    EXPECT_FALSE(parsed.is_discarded());
    return parsed;
  }
  json CreateBackup() {
    return JsonOf(RunAs(kAdministrator, {"backup", "create", "--format", "json"}));
  }
  size_t BackupCount() const {
    return JsonOf(RunLocally({"backup", "list", backups_, "--format", "json"}))["backups"].size();
  }
  void Restore(const std::string& to, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = {"backup", "restore", backups_, "--to", directory_ / to};
    arguments.insert(arguments.end(), more.begin(), more.end());
    OutOf(RunLocally(arguments));
    // The vault and its wrapping keys are put back by themselves: the newest there are.
    for (const char* folder : {"/vault", "/wrapping-keys"}) {
      std::filesystem::copy(directory_ / "data" + folder, directory_ / to + folder,
                            std::filesystem::copy_options::recursive);
    }
  }
  // In `data`, with the trail that `backup` was made with; `trail` is what was read of it before.
  void StartRestored(const std::string& data, const json& backup,
                     const std::vector<std::string>& trail) {
    StartServer(data, {"--new-origin", kLedgerName});
    EXPECT_EQ(backup["ledgers"][1]["ledger"], kTrailName);
    EXPECT_EQ(TrailCount(), backup["ledgers"][1]["event_count"]);
    std::vector<std::string> restored = Trail();
    ASSERT_GE(restored.size(), trail.size());
    restored.resize(trail.size());
    EXPECT_EQ(restored, trail);
  }
  std::string Report(const std::string& as_of = "") {
    std::vector<std::string> arguments = {"report", "qn-half-year", "--from",   "2024-01-01",
                                          "--to",   "2024-07-01",   "--format", "csv"};
    if (!as_of.empty()) arguments.insert(arguments.end(), {"--as-of", as_of});
    return OutOf(RunAs(kSteward, arguments));
  }
  // The whole log, event by event, with the hash of each leaf.
  std::vector<std::string> Log() const { return EventsOf(*auditor_); }
  // The log of who saw what until now; what reads it is in it from then on.
  std::vector<std::string> Trail() { return EventsOf(Client(cast_, kTrailName, Cast::Auditor())); }
  static std::vector<std::string> EventsOf(const Client& reader) {
    const auto events = reader.Replay();
    EXPECT_TRUE(events.ok()) << events.status.error_message();
    std::vector<std::string> texts;
    for (const v1::RecordedEvent& event : events.value) {
      texts.push_back(event.SerializeAsString());
    }
    return texts;
  }
  // Makes a backup. How many short calls, one after another, last as long.
  int CallsWhileBackingUp() {
    auto backup = std::async(std::launch::async, [this] { CreateBackup(); });
    int calls = 0;
    while (backup.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
      client_->EventCount();
      ++calls;
    }
    return calls;
  }
  // How many events there are. Asking leaves nothing in the trail.
  uint64_t EventCount() const { return auditor_->EventCount(); }
  uint64_t TrailCount() { return Client(cast_, kTrailName, Cast::Auditor()).EventCount(); }
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
  Cast cast_{directory_ / "pki"};
  std::unique_ptr<ServerProcess> server_;
  std::unique_ptr<Client> client_;   // of the operator
  std::unique_ptr<Client> auditor_;  // reads all
  v1::Command last_command_;
};

TEST_F(Drill, WhatIsRestoredAnswersAsTheOriginalDidAtThatPosition) {
  StartServer("data");
  auditor_->Admit(Cast::Auditor());
  OutOf(RunAs(kSteward, {"definition", "load", kDefinitionFile}));
  OutOf(RunAs(kSteward, {"import", kSample}));
  const std::string published = Report();
  const json first = CreateBackup();
  RecordContact();
  const std::vector<std::string> log = Log();
  const v1::Command in_backup = last_command_;
  const std::string with_contact = Report();
  EXPECT_NE(with_contact, published);
  const json second = CreateBackup();
  EXPECT_EQ(second["ledgers"][0]["event_count"], log.size());
  EXPECT_LT(second["copied_bytes"], 200'000) << "the second one copies only what is new";
  RecordContact();
  EXPECT_NE(Report(), with_contact);
  EXPECT_EQ(BackupCount(), 2u);
  const Finished over_living =
      RunLocally({"backup", "restore", backups_, "--to", directory_ / "data"});
  EXPECT_EQ(over_living.code, 1);
  EXPECT_THAT(over_living.err, HasSubstr("a server has"));
  StopServer();

  for (const char* id : {"1", "2"}) {
    EXPECT_THAT(OutOf(RunLocally({"backup", "verify", backups_, "--id", id})),
                HasSubstr("is whole"));
  }
  const std::string as_of_first =
      std::to_string(first["ledgers"][0]["event_count"].get<uint64_t>() - 1);
  Restore("restored");
  StartServer("restored", {"--new-origin", kLedgerName});
  EXPECT_EQ(Log(), log);
  EXPECT_EQ(Report(), with_contact);
  EXPECT_EQ(Report(as_of_first), published);
  // Sent again, the last command is not carried out again.
  EXPECT_EQ(client_->Record(in_backup).events_size(), 1);
  EXPECT_EQ(EventCount(), log.size());
  RecordContact();
  EXPECT_EQ(EventCount(), log.size() + 2);
  StopServer();

  Restore("older", {"--id", "1"});
  StartServer("older", {"--new-origin", kLedgerName});
  EXPECT_EQ(EventCount(), first["ledgers"][0]["event_count"].get<uint64_t>());
  EXPECT_EQ(Report(), published);
  const Finished other_history = RunAs(kAdministrator, {"backup", "create", "--keep", "1"});
  EXPECT_EQ(other_history.code, 1);
  EXPECT_THAT(other_history.err, HasSubstr("does not continue the newest backup"));
  StopServer();
}

// Rules, grants and the trail stand where they stood, each with its backup.
TEST_F(Drill, WhoMayDoWhatAndWhoSawWhatAreRestoredToo) {
  const Who worker{"hoa", "ctxh-qn", "case_worker"};
  const Who supervisor{"minh", "ctxh-qn", "supervisor"};
  StartServer("data");
  auditor_->Admit(Cast::Auditor());
  const Client opener(cast_, kLedgerName, worker);
  const std::string id =
      opener
          .Record("",
                  "case_opened { case_type: 'gender_based_violence' concerns: 'domestic_violence' "
                  "owner_agency_id: 'ctxh-qn' }")
          .record_id();
  const std::vector<std::string> show = {"case", "show", id};
  const std::vector<std::string> history = {"case", "history", id};
  OutOf(RunAs(worker, history));
  const std::vector<std::string> first_trail = Trail();
  const json first = CreateBackup();

  std::string rules = ReadWholeFile(kRules);
  ASSERT_TRUE(rules.starts_with(kRulesBegin));
  rules.replace(0, std::string(kRulesBegin).size(), "access-rules 2");
  rules += "\ncase_worker may never ReplayCase on case_record\n";
  WriteWholeFile(directory_ / "rules.txt", rules);
  OutOf(RunAs(kAdministrator, {"access", "load", directory_ / "rules.txt"}));
  ExpectRefused(worker, history);
  OutOf(RunAs(supervisor, show));
  const std::vector<std::string> second_trail = Trail();
  EXPECT_GT(second_trail.size(), first_trail.size());
  const json second = CreateBackup();
  StopServer();

  Restore("newer");
  StartRestored("newer", second, second_trail);
  OutOf(RunAs(worker, show));
  ExpectRefused(worker, history);
  OutOf(RunAs(supervisor, history));
  StopServer();
  Restore("older", {"--id", "1"});
  StartRestored("older", first, first_trail);
  OutOf(RunAs(worker, history));
  ExpectRefused(supervisor, history);  // who had no role yet
  StopServer();
}

TEST_F(Drill, DamageHasAnExitCodeOfItsOwn) {
  StartServer("data");
  RecordContact();
  CreateBackup();
  for (const auto& file : fs::directory_iterator(backups_ + "/log/shared_checksum")) {
    std::string bytes = ReadWholeFile(file.path().string());
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    WriteWholeFile(file.path().string(), bytes);
  }
  EXPECT_EQ(RunLocally({"backup", "verify", backups_}).code, 2);
  EXPECT_EQ(RunLocally({"backup", "restore", backups_, "--to", directory_ / "new"}).code, 2);
  EXPECT_FALSE(fs::exists(directory_ / "new/log"));
  WriteWholeFile(backups_ + "/manifests/0000000001", "not a manifest");
  const Finished list = RunLocally({"backup", "list", backups_});
  EXPECT_EQ(list.code, 2);
  EXPECT_THAT(list.out, HasSubstr("damaged"));
  EXPECT_EQ(RunLocally({"backup", "verify", directory_ / "nowhere"}).code, 1);
  EXPECT_EQ(RunLocally({"backup", "list", directory_ / "nowhere"}).code, 0);
  EXPECT_EQ(RunAs(kAdministrator, {"backup", "create", "--keep", "-1"}).code, 1);
  EXPECT_EQ(RunLocally({"backup"}).code, 1);
  for (const char* command : {"create", "list", "verify", "restore"}) {
    EXPECT_THAT(OutOf(RunLocally({"backup", command, "--help"})), HasSubstr("Example"));
  }
}

// The original's keys and its checkpoint outside say whether a restored ledger is the whole one.
TEST_F(Drill, ARestoredLedgerIsTheSameLogOnlyWhenNothingSignedIsLost) {
  const auto checkpoint = [this] {
    return JsonOf(RunAs(kAdministrator, {"log", "checkpoint", "--format", "json"}));
  };
  StartServer("data");
  auditor_->Admit(Cast::Auditor());
  RecordContact();
  CreateBackup();
  StopServer();  // signs all that the backup holds
  const std::vector<std::string> originals = {"--key-dir", directory_ / "data/keys",
                                              "--checkpoint-dir", directory_ / "data/checkpoints"};
  Restore("whole");
  StartServer("whole", originals);
  const json restored = checkpoint();
  EXPECT_EQ(restored["tree_size"], EventCount());
  EXPECT_THAT(ReadWholeFile(directory_ / "data/checkpoints/drill/checkpoint"),
              restored["note"].get<std::string>());
  RecordContact();
  StopServer();  // signs more than the backup holds

  Restore("older");
  EXPECT_THAT(StartInVain("older", originals).err, HasSubstr("2 events are lost"));
  StartInVain("older");
  StartServer("older", {"--new-origin", kLedgerName});
  RecordContact();
  StopServer();
  StartServer("older");
  EXPECT_NE(checkpoint()["origin"], restored["origin"]);
  StopServer();
}

// Wherever the server is killed, older backups stay whole, and the next one works.
TEST_F(Drill, AServerKilledWhileBackingUpLeavesOlderBackupsWhole) {
  StartServer("data", NoAgencyLimits());  // calls tell how much time passes
  OutOf(RunAs(kSteward, {"import", kSample}));
  const int calls_of_a_backup = CallsWhileBackingUp();
  for (int round = 0; round < 6; ++round) {
    SCOPED_TRACE(round);
    RecordContact();
    const size_t listed = BackupCount();
    ChildProcess create(ProgramOf(kAdministrator, {"backup", "create"}));
    // Later in each round: before, while and after files are copied.
    for (int i = 0; i < calls_of_a_backup * round / 3; ++i) client_->EventCount();
    server_->process().Signal(SIGKILL);
    server_->process().Wait();
    create.Wait();
    EXPECT_GE(BackupCount(), listed);
    EXPECT_THAT(OutOf(RunLocally({"backup", "verify", backups_})), HasSubstr("is whole"));
    StartServer("data", NoAgencyLimits());
  }
  OutOf(RunAs(kAdministrator, {"backup", "create", "--keep", "1"}));
  EXPECT_EQ(BackupCount(), 1u);
  EXPECT_THAT(OutOf(RunLocally({"backup", "verify", backups_})), HasSubstr("is whole"));
  StopServer();
}

TEST_F(Drill, AnUnfinishedRestoreDoesNotBecomeAnEmptyServer) {
  fs::create_directories(directory_ / "data/log.restoring");
  EXPECT_THAT(StartInVain("data").err, HasSubstr("was interrupted"));
  EXPECT_FALSE(fs::exists(directory_ / "data/log"));
}

TEST_F(Drill, BackupsDoNotLieWithWhatTheyAreOf) {
  for (const char* beside : {"data", "data/backups", "data/../data/log/"}) {
    EXPECT_THAT(StartInVain("data", {"--backup-dir", directory_ / beside}).err,
                HasSubstr("must not hold one another"))
        << beside;
  }
}

TEST_F(Drill, NothingOfARecordIsInWhatBackupsSay) {
  StartServer("data");
  client_->Record("",
                  "contact_received { channel: 'phone' line: '18001769' "
                  "note { text: 'Nguyễn Thị Bí Mật' } }");
  const Finished create = RunAs(kAdministrator, {"backup", "create"});
  const Finished verify = RunLocally({"backup", "verify", backups_});
  StopServer();
  for (const std::string& said :
       {create.out, create.err, verify.out, verify.err, server_->process().err()}) {
    EXPECT_THAT(said, Not(HasSubstr("Bí Mật")));
  }
}

}  // namespace
}  // namespace caseledger::testing
