// What becomes of a commit whose session is lost, held up or refused.
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "eventstore/postgres/hosts.h"
#include "gmock/gmock.h"
#include "tests/contract/engine_test_data.h"
#include "tests/contract/postgres_host.h"
#include "tests/contract/postgres_standbys.h"

namespace caseledger::testing {
namespace {

using eventstore::EngineBatch;
using eventstore::HeadView;
using eventstore::PostgresOptions;
using ::testing::HasSubstr;

const eventstore::StreamId kRecord = Stream(3, 1);

class PostgresOutcome : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(host_.engine().CreateLedger(InfoOf("a")).ok()); }

  // One event, a mark and a tile, by a thread of its own; `within` runs in each resolve.
  void Start(eventstore::Engine& engine, std::function<void(HeadView&)> within = nullptr) {
    commit_ = std::thread([this, &engine, within] {
      outcome_ = engine.Commit("a", [&](HeadView& view) -> absl::StatusOr<EngineBatch> {
        ++runs_;
        if (within != nullptr) within(view);
        auto batch = NextBatch(view, {kRecord});
        if (!batch.ok()) return EngineBatch{{}, {}, {}, view.head()};  // as if nothing had failed
        batch->marks.emplace_back("mark", "value");
        batch->tiles = {{{0, 1, 256}, std::string(256 * 32, 'x')}};
        return batch;
      });
      ended_ = true;
    });
  }
  void Join() { commit_.join(); }
  void ExpectWrittenOnce() {
    EXPECT_TRUE(outcome_.ok()) << outcome_;
    EXPECT_EQ(host_.engine().LoadHead("a")->next_position, 1u);
    EXPECT_EQ(ReadAllOf(host_.engine(), "a", kRecord)->size(), 1u);
    EXPECT_EQ(*host_.engine().FindMark("a", "mark"), "value");
  }
  // Ends the sessions of servers for which the condition holds; how many there were.
  void Terminate(const std::string& condition, const std::string& how = "pg_terminate_backend") {
    const auto ended =
        super_.Query("select " + how + "(pid) from pg_stat_activity where usename = '" +
                     std::string(PostgresCluster::kServerRole) + "' and " + condition);
    ASSERT_TRUE(ended.ok()) << ended.status();
    EXPECT_EQ(ended->size(), 1u) << condition;
  }
  bool AwaitLock() {
    return super_.Await(
        "select count(*) = 1 from pg_stat_activity where datname = current_database() and "
        "wait_event_type = 'Lock'");
  }

  PostgresHost host_;
  SqlSession super_{host_.cluster().Dsn(host_.database(), PostgresCluster::kSuperuser)};
  SqlSession holder_{host_.cluster().Dsn(host_.database(), PostgresCluster::kSuperuser)};
  std::thread commit_;
  absl::Status outcome_;
  std::atomic<int> runs_ = 0;
  std::atomic<bool> ended_ = false;
};

TEST_F(PostgresOutcome, ASessionLostWhileDecidingIsTriedAgainWhateverTheDecisionMadeOfIt) {
  Start(host_.engine(), [&](HeadView&) {
    if (runs_ == 1) Terminate("state = 'idle in transaction'");
  });
  Join();
  ExpectWrittenOnce();
  EXPECT_EQ(runs_, 2);
}

TEST_F(PostgresOutcome, ACommitThatWasSentAndNotCarriedOutIsTriedAgain) {
  ASSERT_TRUE(holder_.Query("begin").ok());
  ASSERT_TRUE(holder_.Query("lock table caseledger.mark in share mode").ok());
  Start(host_.engine());
  ASSERT_TRUE(AwaitLock());
  Terminate("wait_event_type = 'Lock'");
  ASSERT_TRUE(holder_.Query("commit").ok());
  Join();
  ExpectWrittenOnce();
  EXPECT_EQ(runs_, 2);
}

TEST_F(PostgresOutcome, ACommitWhoseAnswerWasLostIsFoundAndNotRepeated) {
  AbsentStandby standby(host_);
  Start(host_.engine());
  ASSERT_TRUE(standby.AwaitCommit());
  const std::string first = super_.Query("select pid " + ServersWaitingFor("SyncRep"))->at(0);
  Terminate("wait_event = 'SyncRep'");
  // The lookup found it, and waits for the standby in its turn.
  ASSERT_TRUE(
      super_.Await("select count(*) = 1 " + ServersWaitingFor("SyncRep") + " and pid <> " + first));
  EXPECT_FALSE(ended_);
  standby.Dismiss();
  Join();
  ExpectWrittenOnce();
  EXPECT_EQ(runs_, 1);
}

TEST_F(PostgresOutcome, ALostAnswerIsFoundAlsoAfterAnotherServerHasWritten) {
  auto other = host_.OpenAnother();
  ASSERT_TRUE(other.ok()) << other.status();
  absl::Status second;
  std::thread another;
  {
    AbsentStandby standby(host_);
    Start(host_.engine());
    ASSERT_TRUE(standby.AwaitCommit());
    // Stands in the queue for the head before the lookup does.
    another = std::thread([&] { second = AppendTo(**other, "a", {Stream(2, 7)}, "other"); });
    ASSERT_TRUE(AwaitLock());
    Terminate("wait_event = 'SyncRep'");
  }
  Join();
  another.join();
  EXPECT_TRUE(outcome_.ok()) << outcome_;
  EXPECT_TRUE(second.ok()) << second;
  EXPECT_EQ(runs_, 1);
  EXPECT_EQ(host_.engine().LoadHead("a")->next_position, 2u);
  EXPECT_EQ(ReadAllOf(host_.engine(), "a", kRecord)->size(), 1u);
}

TEST_F(PostgresOutcome, AWarningAtCommitIsNotTakenForItsAnswer) {
  AbsentStandby standby(host_);
  Start(host_.engine());
  ASSERT_TRUE(standby.AwaitCommit());
  const std::string first =
      super_.Query("select query_start::text " + ServersWaitingFor("SyncRep"))->at(0);
  Terminate("wait_event = 'SyncRep'", "pg_cancel_backend");
  ASSERT_TRUE(super_.Await("select count(*) = 1 " + ServersWaitingFor("SyncRep") +
                           " and query_start > '" + first + "'"));
  EXPECT_FALSE(ended_);
  standby.Dismiss();
  Join();
  ExpectWrittenOnce();
  EXPECT_EQ(runs_, 1);
}

TEST_F(PostgresOutcome, AStandbyThatNeverAnswersEndsInAnUnknownOutcomeAndNotInAHang) {
  PostgresOptions options = host_.options();
  options.session.statement_timeout = 2 * kMicrosPerSecond;
  options.commit_patience = 300'000;
  options.retry = {2, 1000, 1000};
  auto engine = host_.OpenWith(options);
  ASSERT_TRUE(engine.ok()) << engine.status();
  {
    AbsentStandby standby(host_);
    Start(**engine);
    Join();
    EXPECT_EQ(outcome_.code(), absl::StatusCode::kUnavailable) << outcome_;
    EXPECT_THAT(std::string(outcome_.message()), HasSubstr("unknown"));
    EXPECT_EQ(runs_, 1);
  }
  // It was carried out after all, and the engine goes on.
  ASSERT_TRUE(super_.Await("select next_position = 1 from caseledger.log_head"));
  EXPECT_TRUE(AppendTo(**engine, "a", {kRecord}).ok());
}

TEST_F(PostgresOutcome, ALockThatIsNotToBeHadIsAnAnswerAndNothingIsWritten) {
  PostgresOptions options = host_.options();
  options.session.statement_timeout = 2 * kMicrosPerSecond;
  auto engine = host_.OpenWith(options);
  ASSERT_TRUE(engine.ok()) << engine.status();
  ASSERT_TRUE(holder_.Query("begin").ok());
  ASSERT_TRUE(holder_.Query("select 1 from caseledger.log_head for update").ok());
  Start(**engine);
  Join();
  EXPECT_EQ(outcome_.code(), absl::StatusCode::kUnavailable) << outcome_;
  EXPECT_THAT(std::string(outcome_.message()), HasSubstr("nothing was written"));
  EXPECT_EQ(runs_, 0);
  ASSERT_TRUE(holder_.Query("rollback").ok());
  EXPECT_TRUE(AppendTo(**engine, "a", {kRecord}).ok());
}

TEST_F(PostgresOutcome, ADeadlockIsTriedAgain) {
  // So that the server's session is the one that finds it.
  ASSERT_TRUE(super_.Query("alter role caseledger_server set deadlock_timeout = '3s'").ok());
  ASSERT_TRUE(holder_.Query("set deadlock_timeout = '1min'").ok());
  auto engine = host_.OpenAnother();
  ASSERT_TRUE(engine.ok()) << engine.status();
  ASSERT_TRUE(holder_.Query("begin").ok());
  ASSERT_TRUE(holder_.Query("insert into caseledger.tile values ('a', 0, 1, '')").ok());
  Start(**engine);
  ASSERT_TRUE(AwaitLock());
  ASSERT_TRUE(holder_.Query("select 1 from caseledger.log_head for update").ok());
  ASSERT_TRUE(holder_.Query("rollback").ok());
  Join();
  ExpectWrittenOnce();
  EXPECT_EQ(runs_, 2);
  ASSERT_TRUE(super_.Query("alter role caseledger_server reset deadlock_timeout").ok());
}

TEST_F(PostgresOutcome, AServerThatStopsWhileItHoldsTheHeadGivesItBack) {
  PostgresOptions options = host_.options();
  options.session.idle_in_transaction_timeout = 200'000;
  auto stopped = host_.OpenWith(options);
  ASSERT_TRUE(stopped.ok()) << stopped.status();
  Start(**stopped, [&](HeadView&) {
    if (runs_ > 1) return;
    // As long as it stands here, the other server commits.
    const absl::Status other = AppendTo(host_.engine(), "a", {Stream(2, 7)}, "other");
    EXPECT_TRUE(other.ok()) << other;
  });
  Join();
  EXPECT_TRUE(outcome_.ok()) << outcome_;
  EXPECT_EQ(runs_, 2);
  EXPECT_EQ(host_.engine().LoadHead("a")->next_position, 2u);
}

TEST_F(PostgresOutcome, ReadsGoOnAfterAllSessionsWereLost) {
  ASSERT_TRUE(AppendTo(host_.engine(), "a", {kRecord}).ok());
  ASSERT_TRUE(super_
                  .Query("select pg_terminate_backend(pid) from pg_stat_activity where usename = "
                         "'caseledger_server'")
                  .ok());
  const auto events = ReadAll(host_.engine(), "a", 0, 1);
  EXPECT_TRUE(events.ok()) << events.status();
}

// A newer primary was met: what this one says may not hold any more, whatever it says of itself.
TEST_F(PostgresOutcome, APrimaryThatWasTakenOverFromIsNotAskedAnyMore) {
  ASSERT_TRUE(AppendTo(host_.engine(), "a", {kRecord}).ok());
  PostgresOptions options = host_.options();
  options.retry = {2, 1000, 1000};
  auto engine = host_.OpenWith(options);
  ASSERT_TRUE(engine.ok()) << engine.status();
  ASSERT_TRUE((*engine)->LoadHead("a").ok());
  options.session.newest_timeline->Meet(1);
  EXPECT_TRUE((*engine)->LoadHead("a").ok()) << "a database of one timeline";
  options.session.newest_timeline->Meet(2);
  const auto idle = (*engine)->LoadHead("a");
  EXPECT_EQ(idle.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(idle.status().ToString(), HasSubstr("another has taken over from"));
  EXPECT_EQ(AppendTo(**engine, "a", {kRecord}).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(host_.OpenWith(options).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(host_.engine().LoadHead("a").ok()) << "whoever has met no other";
}

TEST(PostgresHosts, AreThoseOfTheConnectionStringWithoutTheOneThatWasReached) {
  using eventstore::postgres::Hosts;
  using eventstore::postgres::HostsWithout;
  const Hosts three{"one,two,three", "", "5432,5433,5432"};
  EXPECT_EQ(HostsWithout(three, "two", "10.0.0.1", "5433"), (Hosts{"one,three", "", "5432,5432"}));
  EXPECT_EQ(HostsWithout({"one,two", "", ""}, "one", "", "5432"), (Hosts{"two", "", "5432"}));
  EXPECT_EQ(HostsWithout({"one,two", "", ""}, "one", "", ""), (Hosts{"two", "", "5432"}));
  EXPECT_EQ(HostsWithout({"one,two", "", "7000"}, "two", "", "7000"), (Hosts{"one", "", "7000"}));
  // One name for certificates, and two addresses.
  EXPECT_EQ(HostsWithout({"a,a", "10.0.0.1,10.0.0.2", ""}, "a", "10.0.0.1", "5432"),
            (Hosts{"a", "10.0.0.2", "5432"}));
  EXPECT_EQ(HostsWithout({"", "10.0.0.1,10.0.0.2", "1,2"}, "10.0.0.2", "10.0.0.2", "2"),
            (Hosts{"", "10.0.0.1", "1"}));
  EXPECT_EQ(HostsWithout({"/run/one,/run/one", "", "1,2"}, "/run/one", "", "1"),
            (Hosts{"/run/one", "", "2"}));
  EXPECT_EQ(HostsWithout({"one", "", ""}, "one", "", "5432"), std::nullopt);
  EXPECT_EQ(HostsWithout({"", "", ""}, "", "", "5432"), std::nullopt);
  EXPECT_EQ(HostsWithout(three, "two", "", "5432"), std::nullopt) << "it is none of them";
  EXPECT_EQ(HostsWithout({"one,", "", ""}, "one", "", "5432"), std::nullopt) << "libpq's default";
}

TEST_F(PostgresOutcome, TooFewConnectionsAreAnAnswer) {
  PostgresOptions options = host_.options();
  options.max_connections = 1;
  options.connection_wait = 1000;
  options.retry = {2, 1000, 1000};
  auto engine = host_.OpenWith(options);
  ASSERT_TRUE(engine.ok()) << engine.status();
  Start(**engine, [&](HeadView&) {
    EXPECT_EQ((*engine)->LoadHead("a").status().code(), absl::StatusCode::kUnavailable);
  });
  Join();
  ExpectWrittenOnce();
}

TEST_F(PostgresOutcome, ADatabaseThatIsNotThereIsUnavailable) {
  PostgresOptions options = host_.options();
  options.session.dsn = "host=" + host_.cluster().directory() + "/nowhere";
  options.retry = {2, 1000, 1000};
  EXPECT_EQ(host_.OpenWith(options).status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(PostgresOutcome, RowsThatContradictTheHeadAreDataLoss) {
  ASSERT_TRUE(AppendMany(host_.engine(), "a", 3).ok());
  ASSERT_TRUE(super_.Query("update caseledger.log_head set next_position = 2").ok());
  EXPECT_EQ(host_.engine().LoadHead("a").status().code(), absl::StatusCode::kDataLoss);
  ASSERT_TRUE(super_.Query("update caseledger.log_head set next_position = 3").ok());
  ASSERT_TRUE(super_.Query("delete from caseledger.event where position = 2").ok());
  EXPECT_EQ(host_.engine().LoadHead("a").status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ReadAllOf(host_.engine(), "a", Stream(1, 1)).status().code(),
            absl::StatusCode::kDataLoss);
  auto fresh = host_.OpenAnother();
  ASSERT_TRUE(fresh.ok()) << fresh.status();
  EXPECT_EQ(AppendTo(**fresh, "a", {kRecord}).code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace caseledger::testing
