// Positions become visible in order, whatever transaction is held open and whoever writes.
#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "tests/contract/engine_test_data.h"
#include "tests/contract/postgres_host.h"
#include "tests/contract/postgres_standbys.h"

namespace caseledger::testing {
namespace {

using eventstore::Engine;
using eventstore::EngineBatch;
using eventstore::HeadView;
using eventstore::StoredEvent;

const eventstore::StreamId kCase = Stream(3, 1);
const eventstore::StreamId kPerson = Stream(2, 1);

// Three events, a mark and a tile, so that every statement of a commit runs.
absl::Status AppendWhole(Engine& engine, const std::string& label) {
  return engine.Commit("a", [&](HeadView& view) -> absl::StatusOr<EngineBatch> {
    auto batch = NextBatch(view, {kCase, kPerson, kCase}, label);
    if (!batch.ok()) return batch;
    const uint64_t from = view.head().next_position;
    batch->marks.emplace_back("mark-" + std::to_string(from), label);
    batch->tiles = {{{0, from, 256}, std::string(256 * 32, 'x')}};
    return batch;
  });
}

// Reads as fast as it can, by itself, whatever is visible.
class Reader {
 public:
  explicit Reader(PostgresHost& host)
      : session_(host.cluster().Dsn(host.database(), PostgresCluster::kServerRole)),
        thread_([this] { Run(); }) {}
  ~Reader() { Stop(); }

  // How often it looked, once it has stopped.
  int Stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
    return looks_;
  }

 private:
  void Run() {
    while (!stop_) {
      // One snapshot: as many events as the last position says, and as the head says.
      const auto holes = session_.Query(
          "select count(*) from caseledger.log_head h where ledger = 'a' and (next_position <> "
          "(select count(*) from caseledger.event where ledger = 'a') or next_position <> "
          "(select coalesce(max(position) + 1, 0) from caseledger.event where ledger = 'a'))");
      EXPECT_TRUE(holes.ok()) << holes.status();
      EXPECT_EQ(*holes, std::vector<std::string>{"0"}) << "a position without the one before";
      ++looks_;
    }
  }

  SqlSession session_;
  std::atomic<bool> stop_ = false;
  int looks_ = 0;
  std::thread thread_;
};

class PostgresOrder : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(host_.engine().CreateLedger(InfoOf("a")).ok());
    auto other = host_.OpenAnother();
    ASSERT_TRUE(other.ok()) << other.status();
    other_ = *std::move(other);
    ASSERT_TRUE(AppendWhole(host_.engine(), "first").ok());
    ASSERT_TRUE(AppendWhole(*other_, "second").ok());
  }

  // Both servers commit while `hold` keeps the first one's transaction open, and `release` lets it
  // go.
  template <typename Await, typename Release>
  void CommitBothWhileHeld(Await await, Release release) {
    const uint64_t before = host_.engine().LoadHead("a")->next_position;
    absl::Status first;
    absl::Status second;
    std::thread one([&] { first = AppendWhole(host_.engine(), "one"); });
    await(1);
    std::thread two([&] { second = AppendWhole(*other_, "two"); });
    await(2);
    EXPECT_EQ(other_->LoadHead("a")->next_position, before);
    EXPECT_EQ(ReadAll(*other_, "a", 0, before)->size(), before);
    EXPECT_EQ(ReadAll(*other_, "a", before, before + 1).status().code(),
              absl::StatusCode::kDataLoss);
    release();
    one.join();
    two.join();
    EXPECT_TRUE(first.ok()) << first;
    EXPECT_TRUE(second.ok()) << second;
    EXPECT_EQ(host_.engine().LoadHead("a")->next_position, before + 6);
    EXPECT_EQ(ReadAll(host_.engine(), "a", 0, before + 6)->size(), before + 6);
  }

  PostgresHost host_;
  std::unique_ptr<Engine> other_;
  SqlSession super_{host_.cluster().Dsn(host_.database(), PostgresCluster::kSuperuser)};
};

TEST_F(PostgresOrder, ATransactionHeldBeforeEachStatementHidesItsPositionsAndAllAfter) {
  SqlSession holder(host_.cluster().Dsn(host_.database(), PostgresCluster::kSuperuser));
  Reader reader(host_);
  // The statement waits for the table: what locks the head, and then each that writes.
  const std::vector<std::pair<std::string, std::string>> holds = {
      {"log_head", "exclusive"}, {"event", "share"}, {"stream_head", "share"},
      {"mark", "share"},         {"tile", "share"},  {"log_head", "share"}};
  for (const auto& [table, mode] : holds) {
    SCOPED_TRACE(table + " " + mode);
    ASSERT_TRUE(holder.Query("begin").ok());
    ASSERT_TRUE(holder.Query("lock table caseledger." + table + " in " + mode + " mode").ok());
    CommitBothWhileHeld(
        [&](int waiting) {
          EXPECT_TRUE(super_.Await(
              "select count(*) = " + std::to_string(waiting) +
              " from pg_stat_activity where datname = current_database() and wait_event_type = "
              "'Lock'"));
        },
        [&] { EXPECT_TRUE(holder.Query("commit").ok()); });
  }
  EXPECT_GT(reader.Stop(), 0);
}

TEST_F(PostgresOrder, ACommitThatWaitsForAStandbyIsSeenByNobody) {
  Reader reader(host_);
  AbsentStandby standby(host_);
  CommitBothWhileHeld(
      [&](int waiting) {
        EXPECT_TRUE(standby.AwaitCommit());
        EXPECT_TRUE(super_.Await("select count(*) = " + std::to_string(waiting - 1) +
                                 " from pg_stat_activity where datname = current_database() and "
                                 "wait_event_type = 'Lock'"));
      },
      [&] { standby.Dismiss(); });
  EXPECT_GT(reader.Stop(), 0);
}

TEST_F(PostgresOrder, TwoServersOnOneLedgerLeaveNoHoleAndWriteNothingTwice) {
  constexpr int kEach = 100;
  Reader reader(host_);
  const uint64_t before = host_.engine().LoadHead("a")->next_position;
  std::map<std::string, absl::Status> outcomes;
  const auto write = [&](Engine& engine, const std::string& label, absl::Status& outcome) {
    for (int i = 0; i < kEach && outcome.ok(); ++i) {
      outcome = AppendWhole(engine, label + "-" + std::to_string(i));
    }
  };
  std::thread one(write, std::ref(host_.engine()), "one", std::ref(outcomes["one"]));
  std::thread two(write, std::ref(*other_), "two", std::ref(outcomes["two"]));
  one.join();
  two.join();
  EXPECT_GT(reader.Stop(), 0);
  for (const auto& [label, outcome] : outcomes) EXPECT_TRUE(outcome.ok()) << label << outcome;
  const uint64_t size = before + 2 * kEach * 3;
  EXPECT_EQ(other_->LoadHead("a")->next_position, size);
  std::map<std::string, int> seen;
  uint64_t revision = 0;
  const auto events = ReadAll(*other_, "a", 0, size);
  ASSERT_TRUE(events.ok()) << events.status();
  for (const StoredEvent& event : *events) {
    ++seen[event.record.substr(0, event.record.rfind('-'))];
    if (event.stream == kCase) {
      EXPECT_EQ(event.revision, ++revision);
    }
  }
  for (int i = 0; i < kEach; ++i) {
    EXPECT_EQ(seen["one-" + std::to_string(i)], 3);
    EXPECT_EQ(seen["two-" + std::to_string(i)], 3);
  }
}

}  // namespace
}  // namespace caseledger::testing
