// A server that reads from a standby of its database, which lags and stops: what is asked of the
// server is answered as if there were none.
#include "caseledger/v1/dashboard.pb.h"
#include "gmock/gmock.h"
#include "tests/integration/takeover/two_servers.h"
#include "tests/support/postgres_standby.h"

namespace caseledger::testing {
namespace {

class StandbyReadsOfAServer : public TwoServersTest {
 protected:
  // The same server again, which has nothing of the log in memory.
  void StartAgain() {
    if (server_ != nullptr) Stop(*server_);
    const std::string read = standby_->Dsn(DatabaseName(), PostgresCluster::kServerRole);
    server_ = std::make_unique<ServerProcess>(
        directory_ / "one", std::vector<std::string>{kSharedLedger}, Flags({"--read-dsn", read}));
    ASSERT_FALSE(server_->address().empty()) << server_->process().err();
    cast_.Serve(server_->address());
  }
  std::string DatabaseName() const {
    const size_t begin = storage_.dsn.find("dbname=") + 7;
    return storage_.dsn.substr(begin, storage_.dsn.find(' ', begin) - begin);
  }
  void Open(int cases) {
    const Client client(cast_);
    for (int i = 0; i < cases; ++i) {
      const v1::CommandResult opened = client.Record("", kOpened);
      newest_ = opened.record_id();
      client.Record(newest_, "risk_assessed { risk: RISK_HIGH }");
      ++cases_;
    }
  }
  // Replays, a history, and a list that waits for the newest event.
  void ExpectAllIsAnswered() {
    const Client auditor(cast_, "", Cast::Auditor());
    auditor.Admit(Cast::Auditor());
    const uint64_t head = auditor.EventCount();
    const auto events = auditor.Replay();
    ASSERT_TRUE(events.ok()) << events.status.error_message();
    ASSERT_GE(events.value.size(), head);
    size_t opened = 0;
    for (size_t i = 0; i < events.value.size(); ++i) {
      ASSERT_EQ(events.value[i].position(), i);
      opened += events.value[i].fact().has_case_opened() ? 1 : 0;
    }
    EXPECT_EQ(opened, cases_);
    const Client client(cast_);
    EXPECT_EQ(client.History(newest_).size(), 2u);
    v1::ListCasesRequest list;
    list.set_min_position(head - 1);
    list.set_count_total(true);
    const auto listed = client.Call<v1::ListCasesResponse>("DashboardService/ListCases", list);
    EXPECT_EQ(listed.value.total_size(), cases_) << listed.status.error_message();
  }

  std::unique_ptr<PostgresStandby> standby_;
  std::unique_ptr<ServerProcess> server_;
  std::string newest_;
  uint64_t cases_ = 0;
};

TEST_F(StandbyReadsOfAServer, AreAnsweredWhateverTheStandbyHas) {
  auto standby = PostgresStandby::Start(*PostgresCluster::Shared());
  ASSERT_TRUE(standby.ok()) << standby.status();
  standby_ = *std::move(standby);
  ASSERT_NO_FATAL_FAILURE(StartAgain());
  Open(30);
  ASSERT_TRUE(standby_->CatchUp().ok());
  ASSERT_NO_FATAL_FAILURE(StartAgain());
  ExpectAllIsAnswered();
  EXPECT_GT(PagesFrom(*server_, "standby"), 0);

  ASSERT_TRUE(standby_->Pause().ok());
  Open(20);
  ExpectAllIsAnswered();
  ASSERT_NO_FATAL_FAILURE(StartAgain());
  ExpectAllIsAnswered();
  EXPECT_GT(PagesFrom(*server_, "primary"), 0);

  standby_->Stop();
  ASSERT_NO_FATAL_FAILURE(StartAgain());
  Open(5);
  ExpectAllIsAnswered();
  EXPECT_EQ(PagesFrom(*server_, "standby"), 0);
  Stop(*server_);
}

TEST_F(StandbyReadsOfAServer, AConnectionStringThatIsNoneIsNamed) {
  ServerProcess wrong(ServerProcess::StandingBy{}, directory_ / "one", {kSharedLedger},
                      Flags({"--read-dsn", "no such thing"}));
  EXPECT_EQ(wrong.process().Wait(), 1);
  EXPECT_THAT(wrong.process().err(), ::testing::HasSubstr("--read-dsn"));
}

}  // namespace
}  // namespace caseledger::testing
