// A server dies, stops or loses the database, and another one goes on with the same ledger.
#include <chrono>
#include <cmath>
#include <thread>

#include "caseledger/v1/person.pb.h"
#include "gmock/gmock.h"
#include "nlohmann/json.hpp"
#include "tests/integration/support/scratch_directory.h"
#include "tests/integration/takeover/two_servers.h"

namespace caseledger::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Takeover : public TwoServersTest {
 protected:
  static std::string OpenCase(const Client& client) {
    return client.Record("", kOpened).record_id();
  }
  static std::string RegisterPerson(const Client& client) {
    return client
        .Record("",
                "person_registered { attributes { sex: 'female' birth_year: 1990 private_part { "
                "full_name: 'Nguyễn Thị Hoa' } } }")
        .record_id();
  }
  // Whether the person is found by their name, once the read models are there.
  static bool Finds(const Client& client, const std::string& person) {
    v1::SearchPersonsRequest search;
    search.set_name("nguyen thi hoa");
    return Eventually([&] {
      const auto found =
          client.Call<v1::SearchPersonsResponse>("PersonService/SearchPersons", search);
      return found.ok() && found.value.persons_size() >= 1 &&
             found.value.persons(0).person_id() == person;
    });
  }
  // Events of the ledger, as the auditor reads them.
  std::vector<v1::RecordedEvent> Replay() {
    const Client auditor(cast_, "", Cast::Auditor());
    auditor.Admit(Cast::Auditor());
    const auto events = auditor.Replay();
    EXPECT_TRUE(events.ok()) << events.status.error_message();
    return events.value;
  }
};

TEST_F(Takeover, AStandbyGoesOnWhereAKilledServerWas) {
  auto first = Work("one");
  std::string person, opened;
  {
    const Client client(cast_);
    person = RegisterPerson(client);
    opened = OpenCase(client);
  }
  const std::vector<v1::RecordedEvent> before = Replay();
  auto second = StandBy("two");
  ASSERT_TRUE(second->process().WaitForError("standing by"));
  EXPECT_THAT(second->process().err(), HasSubstr(StrCat("process ", first->process().pid())));
  EXPECT_TRUE(second->address().empty());
  // Its read models follow, though it serves nobody.
  ASSERT_TRUE(second->process().WaitForError("read models are up to date"));
  Kill(*first);
  Serve(*second);
  EXPECT_THAT(second->process().err(), HasSubstr("\"read_models_behind\":\"0\""));

  const std::vector<v1::RecordedEvent> after = Replay();
  ASSERT_GE(after.size(), before.size());
  for (size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ(after[i].SerializeAsString(), before[i].SerializeAsString()) << i;
  }
  const Client client(cast_);
  // Its read models catch up, what is personal is read with the same keys, and new is recorded.
  client.Record(opened,
                "participant_added { person_id: '" + person + "' role: PARTICIPANT_ROLE_CLIENT }");
  EXPECT_TRUE(Finds(client, person));
  const std::string another = RegisterPerson(client);
  EXPECT_NE(another, person);

  // The first one comes back behind it, and has its turn when the second one ends.
  auto third = StandBy("one");
  ASSERT_TRUE(third->process().WaitForError("standing by"));
  Stop(*second);
  Serve(*third);
  const Client of_third(cast_);
  OpenCase(of_third);
  // What it knew of persons when it was at work it has built anew.
  EXPECT_TRUE(Finds(of_third, person));
  Stop(*third);
  const Finished verified = Verify();
  EXPECT_EQ(verified.code, 0) << verified.err << verified.out;
}

TEST_F(Takeover, WithoutStandbyTheSecondServerSaysWhoIsAtWork) {
  const auto first = Work("one");
  const auto flags = Flags();
  std::vector<std::string> words = {CASELEDGERD_PATH,
                                    "--data-dir",
                                    directory_ / "two",
                                    "--ledger",
                                    kSharedLedger,
                                    "--listen",
                                    "127.0.0.1:0",
                                    "--metrics-listen",
                                    "none",
                                    "--log-listen",
                                    "none"};
  words.insert(words.end(), flags.begin(), flags.end());
  const Finished second = RunToEnd(words);
  EXPECT_EQ(second.code, 1);
  EXPECT_THAT(second.err, HasSubstr(StrCat("process ", first->process().pid())));
  EXPECT_THAT(second.err, HasSubstr("--standby"));
  // Read models of two servers do not lie in one directory.
  words[2] = directory_ / "one";
  EXPECT_THAT(RunToEnd(words).err, HasSubstr("a data directory of its own"));
  // Nor does anything else that writes get in between.
  const Finished verified = Verify();
  EXPECT_EQ(verified.code, 1) << verified.out;
  EXPECT_THAT(verified.err, HasSubstr(StrCat("process ", first->process().pid())));
}

TEST_F(Takeover, AStandbyTellsHowFarItIs) {
  auto first = Work("one");
  EXPECT_EQ(MetricAt(first->metrics_port(), "caseledger_standing_by"), 0);
  OpenCase(Client(cast_));
  const auto second = StandBy("two");
  ASSERT_TRUE(second->process().WaitForError("\"metrics_port\":"));
  const int port = std::stoi(ValueInLog(second->process().err(), "metrics_port"));
  const std::string lag = StrCat("caseledger_projection_lag_events{ledger=\"", kSharedLedger,
                                 "\",projection=\"case-list@2\"}");
  EXPECT_TRUE(Eventually([&] { return MetricAt(port, lag) == 0; }));
  EXPECT_EQ(MetricAt(port, "caseledger_standing_by"), 1);
  const std::string accepting = StrCat("caseledger_accepting{ledger=\"", kSharedLedger, "\"}");
  EXPECT_TRUE(std::isnan(MetricAt(port, accepting)));
  Kill(*first);
  Serve(*second);
  EXPECT_EQ(second->metrics_port(), port);
  EXPECT_EQ(MetricAt(port, "caseledger_standing_by"), 0);
  EXPECT_EQ(MetricAt(port, accepting), 1);
  EXPECT_TRUE(Eventually([&] { return MetricAt(port, lag) == 0; }));
}

TEST_F(Takeover, AStandbyEndsWhenItIsTold) {
  const auto first = Work("one");
  const auto second = StandBy("two");
  ASSERT_TRUE(second->process().WaitForError("standing by"));
  Stop(*second);
  OpenCase(Client(cast_));
}

TEST_F(Takeover, AStoppedServerThatGoesOnWritesNothingAndEnds) {
  const auto first = Work("one");
  const Client of_first(cast_);
  const std::string opened = OpenCase(of_first);
  const auto second = StandBy("two");
  ASSERT_TRUE(second->process().WaitForError("standing by"));
  first->process().Signal(SIGSTOP);
  Serve(*second);
  const Client of_second(cast_);
  of_second.Record(opened, "case_closed { reason: 'goals_met' }");
  const std::vector<v1::RecordedEvent> before = Replay();
  // Goes on with an old view of the world: whoever calls it is refused, with or without events.
  first->process().Signal(SIGCONT);
  grpc::StatusCode code = grpc::StatusCode::OK;
  for (int i = 0; i < 1000 && code != grpc::StatusCode::UNAVAILABLE; ++i) {
    const auto answer = of_first.Send(CommandOf(opened, "case_closed { reason: 'goals_met' }"));
    EXPECT_FALSE(answer.ok());
    code = answer.status.error_code();
  }
  EXPECT_EQ(first->process().Wait(), 1);
  EXPECT_THAT(first->process().err(), HasSubstr("another server has taken the ledgers over"));
  EXPECT_EQ(Replay().size(), before.size());
  OpenCase(of_second);
  Stop(*second);
  const Finished verified = Verify();
  EXPECT_EQ(verified.code, 0) << verified.err << verified.out;
}

TEST_F(Takeover, WhileTheDatabaseIsAwayCallersAreToldSoAndThenServed) {
  const auto server = Work("one");
  const Client client(cast_);
  const std::string opened = OpenCase(client);
  PostgresCluster& cluster = *PostgresCluster::Shared();
  const std::string database = SqlSession(storage_.dsn).Query("select current_database()")->at(0);
  SqlSession outside(cluster.Dsn("postgres", PostgresCluster::kSuperuser));
  ASSERT_TRUE(outside.Query("alter database " + database + " allow_connections false").ok());
  ASSERT_TRUE(
      outside
          .Query("select pg_terminate_backend(pid) from pg_stat_activity where datname = '" +
                 database + "'")
          .ok());
  std::string reason;
  EXPECT_TRUE(Eventually([&] {
    const auto answer = client.Send(CommandOf(opened, "case_closed { reason: 'goals_met' }"));
    EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::UNAVAILABLE)
        << answer.status.error_message();
    reason = answer.status.error_message();
    return reason.find("DATABASE_AWAY") != std::string::npos;
  })) << reason;
  ASSERT_TRUE(outside.Query("alter database " + database + " allow_connections true").ok());
  EXPECT_TRUE(Eventually(
      [&] { return client.Send(CommandOf(opened, "case_closed { reason: 'goals_met' }")).ok(); }));
  Stop(*server);
  EXPECT_EQ(Verify().code, 0);
}

// One that could not do the work says so at once, and not when it is its turn.
TEST_F(Takeover, AStandbyThatLacksKeysDoesNotWait) {
  const auto first = Work("one");
  OpenCase(Client(cast_));
  const auto start = [&](const std::string& instead, const std::string& folder) {
    std::vector<std::string> words = {
        CASELEDGERD_PATH, "--data-dir",  directory_ / "two", "--ledger", kSharedLedger,
        "--listen",       "127.0.0.1:0", "--metrics-listen", "none",     "--log-listen",
        "none",           "--standby"};
    const std::vector<std::string> flags = Flags();
    for (size_t i = 0; i < flags.size(); ++i) {
      words.push_back(flags[i]);
      if (flags[i] != instead) continue;
      words.push_back(folder);
      ++i;
    }
    return RunToEnd(words);
  };
  // The first signature is there once a checkpoint is.
  ASSERT_TRUE(Eventually([&] {
    return !ReadWholeFile(directory_ / "shared/checkpoints/quang-ninh/checkpoint").empty();
  }));
  for (const std::string flag : {"--key-dir", "--checkpoint-dir", "--wrapping-key-dir"}) {
    SCOPED_TRACE(flag);
    const Finished elsewhere = start(flag, directory_ / "elsewhere");
    EXPECT_EQ(elsewhere.code, 1);
    EXPECT_THAT(elsewhere.err, HasSubstr(directory_ / "elsewhere"));
    const Finished without = start(flag, "");
    EXPECT_EQ(without.code, 1);
    EXPECT_THAT(without.err, HasSubstr("--standby needs " + flag));
  }
  OpenCase(Client(cast_));
  Stop(*first);
}

TEST_F(Takeover, AVerificationThatIsInterruptedGivesTheLedgersBack) {
  {
    const auto first = Work("one");
    OpenCase(Client(cast_));
    Stop(*first);
  }
  // Waits for a lock, so that it is under way.
  SqlSession super(PostgresCluster::Shared()->Dsn(
      SqlSession(storage_.dsn).Query("select current_database()")->at(0),
      PostgresCluster::kSuperuser));
  ASSERT_TRUE(super.Query("begin").ok());
  ASSERT_TRUE(super.Query("lock table caseledger.event in access exclusive mode").ok());
  ChildProcess verify({CASELEDGER_PATH, "log", "verify", "--data-dir", directory_ / "shared",
                       "--engine", "postgres", "--dsn", storage_.dsn});
  SqlSession watcher(storage_.dsn);
  ASSERT_TRUE(watcher.Await("select holder <> '' from caseledger.vault"));
  verify.Signal(SIGTERM);
  ASSERT_TRUE(super.Query("rollback").ok());
  EXPECT_NE(verify.Wait(), 0);
  EXPECT_THAT(*watcher.Query("select holder from caseledger.vault"), ElementsAre(""));
}

TEST_F(Takeover, TheProgramTellsOfTheDatabase) {
  const Finished before = Program({"db", "status", "--format", "json"});
  EXPECT_EQ(before.code, 0) << before.err;
  const nlohmann::json state = nlohmann::json::parse(before.out);
  EXPECT_EQ(state["schema_version"], state["known_schema_version"]);
  EXPECT_EQ(state["fsync"], true);
  EXPECT_EQ(state["vaults"][0]["holder"], "") << "who began the ledger gave it back";
  EXPECT_EQ(state["ledgers"][0]["ledger"], kSharedLedger);
  EXPECT_EQ(state["ledgers"][0]["events"], 3);
  const auto server = Work("one");
  const Finished table = Program({"db", "status"});
  EXPECT_EQ(table.code, 0);
  EXPECT_THAT(table.out, HasSubstr(StrCat("process ", server->process().pid(),
                                          ", which answers calls at ", server->address())));

  // As the server's role nothing can be migrated; an empty database can by its owner.
  PostgresCluster& cluster = *PostgresCluster::Shared();
  const std::string empty = *cluster.CreateDatabase();
  const std::string owner = cluster.Dsn(empty, PostgresCluster::kOwner);
  const Finished fresh = Program({"db", "status", "--dsn", owner}, false);
  EXPECT_EQ(fresh.code, 2);
  EXPECT_THAT(fresh.out, HasSubstr("caseledger db migrate"));
  const std::vector<std::string> migrate = {"db",  "migrate",       "--dsn",
                                            owner, "--server-role", PostgresCluster::kServerRole};
  const Finished migrated = Program(migrate, false);
  EXPECT_EQ(migrated.code, 0) << migrated.err;
  EXPECT_THAT(migrated.out, HasSubstr("it had none"));
  const Finished again = Program(migrate, false);
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_THAT(again.out, HasSubstr("already"));
  EXPECT_EQ(Program({"db", "status", "--dsn", owner}, false).code, 0);
  const Finished refused =
      Program({"db", "migrate", "--dsn", cluster.Dsn(empty, PostgresCluster::kServerRole)}, false);
  EXPECT_EQ(refused.code, 1) << refused.out;
}

TEST_F(Takeover, WrongChoicesAreRefusedBeforeAnythingIsWaitedFor) {
  const auto start = [&](const std::vector<std::string>& more) {
    const std::vector<std::string> flags = cast_.ServerFlags();
    std::vector<std::string> all = {CASELEDGERD_PATH, "--data-dir", directory_ / "new", "--ledger",
                                    kSharedLedger};
    all.insert(all.end(), flags.begin(), flags.end());
    all.insert(all.end(), more.begin(), more.end());
    return RunToEnd(all);
  };
  EXPECT_THAT(start({"--engine", "postgres"}).err, HasSubstr("needs --dsn"));
  EXPECT_THAT(start({"--dsn", "dbname=x"}).err, HasSubstr("--engine postgres"));
  EXPECT_THAT(start({"--engine", "postgres", "--dsn", "host=/nowhere", "--backup-dir",
                     directory_ / "backups"})
                  .err,
              HasSubstr("deploy/postgres"));
  EXPECT_THAT(start({"--engine", "oracle"}).err, HasSubstr("postgres"));
  EXPECT_THAT(start({"--standby"}).err, HasSubstr("--engine postgres"));
  const Finished malformed =
      start({"--engine", "postgres", "--dsn", "host=db password=geheim wort", "--standby"});
  EXPECT_EQ(malformed.code, 1);
  EXPECT_THAT(malformed.err, HasSubstr("single quotes"));
  EXPECT_THAT(malformed.err, ::testing::Not(HasSubstr("wort")));
  const Finished away =
      start({"--engine", "postgres", "--dsn", "host=/nowhere dbname=x", "--lease-seconds", "2"});
  EXPECT_EQ(away.code, 1);
  EXPECT_THAT(away.err, HasSubstr("/nowhere"));
}

}  // namespace
}  // namespace caseledger::testing
