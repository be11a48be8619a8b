// Servers that share a ledger over one PostgreSQL database.
#include "tests/contract/postgres_host.h"
#include "tests/eventstore/shared_log_suite.h"

namespace caseledger::eventstore::testing {
namespace {

using caseledger::testing::PostgresCluster;
using caseledger::testing::PostgresHost;
using caseledger::testing::SqlSession;
using ::testing::HasSubstr;

class TwoServers final : public SharedStorage {
 public:
  TwoServers() {
    auto other = host_.OpenAnother();
    EXPECT_TRUE(other.ok()) << other.status();
    other_ = *std::move(other);
  }
  Engine& EngineOf(size_t server) override { return server == 0 ? host_.engine() : *other_; }
  PostgresHost& host() { return host_; }

 private:
  PostgresHost host_;
  std::unique_ptr<Engine> other_;
};

INSTANTIATE_TEST_SUITE_P(Postgres, SharedLog,
                         ::testing::Values(SharedParam{
                             "Postgres", [] { return std::make_unique<TwoServers>(); }}),
                         [](const auto& suite) { return suite.param.name; });

class SharedPostgresLog : public ::testing::Test {
 protected:
  void SetUp() override {
    PostgresOptions options = host_.options();
    options.connection_wait = 500'000;
    options.session.statement_timeout = 500'000;
    options.retry = {2, 1000, 1000};
    auto engine = host_.OpenWith(options);
    ASSERT_TRUE(engine.ok()) << engine.status();
    engine_ = *std::move(engine);
    ASSERT_TRUE(CreateLedger(*engine_, kLedger, clock_, SystemRandom()).ok());
    SequencerOptions log;
    log.clock = &clock_;
    log.sealer = &caseledger::testing::SealsNothing();
    log.shared = true;
    log.look = std::chrono::milliseconds(5);
    auto opened = OpenLog(*engine_, kLedger, log);
    ASSERT_TRUE(opened.ok()) << opened.status();
    log_ = *std::move(opened);
    MustAppend(*log_, CaseStream(1));
    MustAppend(*log_, CaseStream(1));
  }
  void Query(const std::string& sql) {
    const auto done = super_.Query(sql);
    ASSERT_TRUE(done.ok()) << sql << ": " << done.status();
  }
  // Looks until the log's health is of that kind.
  absl::Status AwaitHealth(absl::StatusCode code) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (std::chrono::steady_clock::now() < end) {
      const absl::Status health = log_->health();
      if (health.code() == code) return health;
      std::this_thread::yield();
    }
    ADD_FAILURE() << log_->health();
    return log_->health();
  }

  PostgresHost host_;
  FakeClock clock_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<EventLog> log_;
  SqlSession super_{host_.cluster().Dsn("postgres", PostgresCluster::kSuperuser)};
};

TEST_F(SharedPostgresLog, GoesOnWhenTheDatabaseIsBack) {
  Query("alter database " + host_.database() + " allow_connections false");
  Query("select pg_terminate_backend(pid)::text from pg_stat_activity where datname = '" +
        host_.database() + "'");
  EXPECT_EQ(AwaitHealth(absl::StatusCode::kUnavailable).code(), absl::StatusCode::kUnavailable);
  const auto failed = log_->Append(RequestFor(CaseStream(1)));
  EXPECT_EQ(failed.status().code(), absl::StatusCode::kUnavailable) << failed.status();
  EXPECT_THAT(std::string(failed.status().message()), HasSubstr("nothing was written"));
  Query("alter database " + host_.database() + " allow_connections true");
  EXPECT_TRUE(AwaitHealth(absl::StatusCode::kOk).ok());
  EXPECT_EQ(MustAppend(*log_, CaseStream(1)).revision, 3u);
  EXPECT_EQ(Follow(*log_, 3).size(), 3u);
}

TEST_F(SharedPostgresLog, GoesOnAfterAStatementThatTookTooLong) {
  SqlSession holder(host_.cluster().Dsn(host_.database(), PostgresCluster::kSuperuser));
  for (const std::string table : {"mark", "log_head"}) {
    SCOPED_TRACE(table);
    ASSERT_TRUE(holder.Query("begin").ok());
    ASSERT_TRUE(holder.Query("lock table caseledger." + table + " in access exclusive mode").ok());
    const auto failed = log_->Append(RequestFor(CaseStream(1)));
    EXPECT_EQ(failed.status().code(), absl::StatusCode::kUnavailable) << failed.status();
    ASSERT_TRUE(holder.Query("rollback").ok());
    MustAppend(*log_, CaseStream(1));
    EXPECT_TRUE(AwaitHealth(absl::StatusCode::kOk).ok());
  }
}

TEST_F(SharedPostgresLog, EndsWhenTheDatabaseLostWhatWasShown) {
  SqlSession owner(host_.cluster().Dsn(host_.database(), PostgresCluster::kSuperuser));
  ASSERT_TRUE(owner
                  .Query("with gone as (delete from caseledger.event where position = 1) "
                         "update caseledger.log_head set next_position = 1, last_leaf_hash = "
                         "(select leaf_hash from caseledger.event where position = 0)")
                  .ok());
  EXPECT_THAT(std::string(AwaitHealth(absl::StatusCode::kDataLoss).message()),
              HasSubstr("the database has 1 events, and 2 were committed"));
  EXPECT_EQ(log_->Append(RequestFor(CaseStream(2))).status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace caseledger::eventstore::testing
