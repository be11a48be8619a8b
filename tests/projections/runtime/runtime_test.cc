#include "projections/runtime/runtime.h"

#include "projections/runtime/worker.h"
#include "tests/projections/runtime/runtime_fixture.h"

namespace caseledger::projections::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Tables of another store that say how far each commit went.
class CommitCounting {
 public:
  explicit CommitCounting(ReadModelStore& store) : store_(store) {}

  absl::StatusOr<std::unique_ptr<ReadModelTable>> OpenTable(std::string_view ledger,
                                                            std::string_view name) {
    auto table = store_.OpenTable(ledger, name);
    if (!table.ok()) return table.status();
    return std::make_unique<Table>(*this, std::move(table).value());
  }
  // Not while somebody commits.
  const std::vector<uint64_t>& commits() const { return commits_; }

 private:
  class Table final : public ReadModelTable {
   public:
    Table(CommitCounting& counting, std::unique_ptr<ReadModelTable> table)
        : counting_(counting), table_(std::move(table)) {}
    std::unique_ptr<ReadSnapshot> Snapshot() const override { return table_->Snapshot(); }
    std::unique_ptr<ReadModelBatch> NewBatch() override { return table_->NewBatch(); }
    absl::Status Commit(ReadModelBatch& batch, uint64_t expected_applied,
                        uint64_t new_applied) override {
      counting_.commits_.push_back(new_applied);
      return table_->Commit(batch, expected_applied, new_applied);
    }

   private:
    CommitCounting& counting_;
    const std::unique_ptr<ReadModelTable> table_;
  };

  ReadModelStore& store_;
  std::vector<uint64_t> commits_;
};

TEST_F(RuntimeTest, CatchesUpAndThenFollowsLive) {
  log_.AppendContacts(20);
  Start({Recorder::Factory({})}, 7);
  EXPECT_EQ(AllRows(*View("recorder", 20)).size(), 21u);
  AwaitState("recorder@1", State::kLive);
  log_.AppendContacts(5);
  EXPECT_EQ(View("recorder", 25)->applied_events(), 25u);
}

TEST_F(RuntimeTest, AProjectionIsToldWhichEventsComeNext) {
  log_.AppendContacts(20);
  Recorder::Options options;
  options.expects = true;
  Start({Recorder::Factory(options)}, 7);
  AwaitState("recorder@1", State::kLive);
  log_.AppendContacts(5);
  EXPECT_EQ(View("recorder", 25)->applied_events(), 25u);
}

TEST_F(RuntimeTest, GoesOnWhereItStoppedAfterARestart) {
  log_.AppendContacts(10);
  Start({Recorder::Factory({})});
  View("recorder", 10);
  runtime_.reset();
  log_.AppendContacts(10);
  // The recorder fails when an event comes twice or is left out.
  Start({Recorder::Factory({})});
  EXPECT_EQ(View("recorder", 20)->applied_events(), 20u);
}

TEST_F(RuntimeTest, PoisonEventStopsOnlyItsProjectionExactlyBeforeIt) {
  log_.AppendContacts(10);
  Start({Recorder::Factory({.name = "bad", .poison = 6}), Recorder::Factory({.name = "good"})});
  EXPECT_EQ(runtime_->View("bad", 7, kLong).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(View("good", 10)->applied_events(), 10u);
  const ProjectionHealth health = HealthOf("bad@1");
  EXPECT_EQ(health.state, State::kStopped);
  EXPECT_EQ(health.stopped_at_position, 6u);
  EXPECT_EQ(health.applied_events, 6u);
  EXPECT_EQ(health.lag_events, 4u);
  EXPECT_THAT(health.trouble, HasSubstr("poison"));
  // It keeps serving what it has: the rows before the poison and nothing of it.
  const auto view = View("bad", 6);
  EXPECT_EQ(AllRows(*view).size(), 7u);
  EXPECT_EQ(view->Get(KeyBuilder('e').Number(6).key()).value(), std::nullopt);
  log_.AppendContacts(1);
  EXPECT_EQ(View("good", 11)->applied_events(), 11u);
  EXPECT_EQ(HealthOf("bad@1").lag_events, 5u);
}

TEST_F(RuntimeTest, AnOutageIsWaitedOutWhereOnesPass) {
  log_.AppendContacts(10);
  std::atomic<int> outages = 3;
  auto started = StartRuntime(log_.log(), "qn", *store_, {Recorder::Factory({.outages = &outages})},
                              {.clock = &log_.clock(),
                               .max_batch_events = 2,
                               .outage_pause = std::chrono::milliseconds(1)});
  ASSERT_TRUE(started.ok()) << started.status();
  runtime_ = std::move(started).value();
  // The recorder fails when an event comes twice or is left out.
  EXPECT_EQ(AllRows(*View("recorder", 10)).size(), 11u);
  EXPECT_EQ(outages, 0);
  AwaitState("recorder@1", State::kLive);
  log_.AppendContacts(1);
  EXPECT_EQ(View("recorder", 11)->applied_events(), 11u);
}

TEST_F(RuntimeTest, AnOutageStopsWhereNonePasses) {
  log_.AppendContacts(10);
  std::atomic<int> outages = 1;
  Start({Recorder::Factory({.outages = &outages})});
  EXPECT_EQ(runtime_->View("recorder", 5, kLong).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(HealthOf("recorder@1").stopped_at_position, 4u);
  EXPECT_THAT(HealthOf("recorder@1").trouble, HasSubstr("the keys are away"));
}

// It would wait for an hour.
TEST_F(RuntimeTest, AWorkerThatWaitsForTheEndOfAnOutageEndsAtOnce) {
  log_.AppendContacts(10);
  std::atomic<int> outages = 1;
  auto started = StartRuntime(
      log_.log(), "qn", *store_, {Recorder::Factory({.outages = &outages})},
      {.clock = &log_.clock(), .max_batch_events = 2, .outage_pause = std::chrono::hours(1)});
  ASSERT_TRUE(started.ok()) << started.status();
  runtime_ = std::move(started).value();
  Await([&] { return outages == 0; });
  runtime_.reset();
}

// Pages of three events: a batch that catches up goes over several.
class SmallPages : public RuntimeTest {
 protected:
  SmallPages() : RuntimeTest({.max_page_events = 3}) {}

  // Catches up with ten events; how many were committed after each commit.
  std::vector<uint64_t> CommitsOfTen(size_t max_batch_events, size_t max_batch_bytes) {
    log_.AppendContacts(10);
    CommitCounting counting(*store_);
    auto table = counting.OpenTable("qn", "recorder@1");
    EXPECT_TRUE(table.ok());
    Worker worker(log_.log(), Recorder::Factory({}), "recorder@1", std::move(table).value(),
                  {.clock = &log_.clock(),
                   .max_batch_events = max_batch_events,
                   .max_batch_bytes = max_batch_bytes},
                  [](Worker&) {});
    worker.Start();
    Await([&] { return worker.progress().caught_up; });
    worker.StopAndJoin();
    return counting.commits();
  }
};

TEST_F(SmallPages, AreCommittedTogetherWhileItCatchesUp) {
  EXPECT_THAT(CommitsOfTen(512, 1u << 20), ElementsAre(10));
}

TEST_F(SmallPages, AreCommittedWhenEventsAreMany) {
  EXPECT_THAT(CommitsOfTen(4, 1u << 20), ElementsAre(4, 8, 10));
}

// An event has a row of 9 + 36 bytes, and there is the count.
TEST_F(SmallPages, AreCommittedWhenRowsAreLarge) {
  EXPECT_THAT(CommitsOfTen(512, 3 * 45), ElementsAre(3, 6, 9, 10));
}

TEST_F(SmallPages, PoisonLeavesAllThatWasAppliedBeforeIt) {
  log_.AppendContacts(10);
  Start({Recorder::Factory({.poison = 7})});
  EXPECT_EQ(runtime_->View("recorder", 8, kLong).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(HealthOf("recorder@1").stopped_at_position, 7u);
  EXPECT_EQ(AllRows(*View("recorder", 7)).size(), 8u);
}

TEST_F(RuntimeTest, UnknownEventReachesTheProjectionAndStopsItIfItSaysSo) {
  log_.AppendContacts(2);
  // Field 500, bytes "x": a fact of a newer program.
  log_.Append({1, Uuid::FromName(Uuid{}, "new")}, "\xa2\x1f\x01x");
  Start({Recorder::Factory({})});
  const auto view = runtime_->View("recorder", 3, kLong);
  EXPECT_EQ(view.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(HealthOf("recorder@1").trouble, HasSubstr("unknown event"));
  EXPECT_EQ(HealthOf("recorder@1").stopped_at_position, 2u);
}

TEST_F(RuntimeTest, FactThatCannotBeParsedIsNeverSkipped) {
  log_.AppendContacts(1);
  log_.Append({1, Uuid::FromName(Uuid{}, "damaged")}, "\xff");
  log_.AppendContacts(1);
  Start({Recorder::Factory({})});
  EXPECT_EQ(runtime_->View("recorder", 2, kLong).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(HealthOf("recorder@1").stopped_at_position, 1u);
}

TEST_F(RuntimeTest, ViewWaitsForWhatIsStillToCome) {
  Start({Recorder::Factory({})});
  std::thread writer([&] { log_.AppendContacts(3); });
  EXPECT_EQ(View("recorder", 3)->applied_events(), 3u);
  writer.join();
}

TEST_F(RuntimeTest, ViewSaysHowFarItIsWhenTimeIsUp) {
  log_.AppendContacts(3);
  Start({Recorder::Factory({})});
  View("recorder", 3);
  const auto view = runtime_->View("recorder", 4, absl::Milliseconds(5));
  EXPECT_EQ(view.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(view.status().message()), HasSubstr("reflects 3 events"));
}

TEST_F(RuntimeTest, UnknownProjectionIsNotFound) {
  Start({Recorder::Factory({})});
  EXPECT_EQ(runtime_->View("nobody", 0, kLong).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(runtime_->Rebuild("nobody").code(), absl::StatusCode::kNotFound);
}

TEST_F(RuntimeTest, TwoProjectionsOfOneNameAreRefused) {
  const auto started =
      StartRuntime(log_.log(), "qn", *store_, {Recorder::Factory({}), Recorder::Factory({})},
                   {.clock = &log_.clock(), .max_batch_events = 1});
  EXPECT_EQ(started.status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(RuntimeTest, LagIsTheAgeOfTheOldestEventNotAppliedAndGrowsWhileNobodyWorks) {
  Start({Recorder::Factory({.barrier = &barrier_})});
  log_.AppendContacts(2);
  View("recorder", 2);
  EXPECT_EQ(HealthOf("recorder@1").lag_seconds, 0);
  barrier_.CloseBefore(2);
  log_.AppendContacts(1);
  log_.clock().Advance(10 * kMicrosPerSecond);
  log_.AppendContacts(1);
  EXPECT_EQ(HealthOf("recorder@1").lag_events, 2u);
  EXPECT_DOUBLE_EQ(HealthOf("recorder@1").lag_seconds, 10);
  log_.clock().Advance(50 * kMicrosPerSecond);
  EXPECT_DOUBLE_EQ(HealthOf("recorder@1").lag_seconds, 60);
  barrier_.Open();
  View("recorder", 4);
  EXPECT_EQ(HealthOf("recorder@1").lag_events, 0u);
  EXPECT_EQ(HealthOf("recorder@1").lag_seconds, 0);
}

TEST_F(RuntimeTest, StoppedRuntimeIsNeverHealthy) {
  log_.AppendContacts(1);
  Start({Recorder::Factory({})});
  View("recorder", 1);
  runtime_->Stop();
  runtime_->Stop();
  log_.AppendContacts(1);
  log_.clock().Advance(5 * kMicrosPerSecond);
  const ProjectionHealth health = HealthOf("recorder@1");
  EXPECT_EQ(health.state, State::kStopped);
  EXPECT_EQ(health.lag_events, 1u);
  EXPECT_DOUBLE_EQ(health.lag_seconds, 5);
  EXPECT_EQ(runtime_->View("recorder", 2, kLong).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(View("recorder", 1)->applied_events(), 1u);
}

TEST_F(RuntimeTest, ClosedLogStopsTheWorkersAndSaysSo) {
  log_.AppendContacts(1);
  Start({Recorder::Factory({})});
  View("recorder", 1);
  log_.log().Close();
  AwaitState("recorder@1", State::kStopped);
  EXPECT_FALSE(HealthOf("recorder@1").trouble.empty());
}

TEST_F(RuntimeTest, RowsOfEventsTheLogDoesNotHaveAreThrownAway) {
  auto table = store_->OpenTable("qn", "recorder@1").value();
  auto batch = table->NewBatch();
  batch->Put("from another", "history");
  ASSERT_TRUE(table->Commit(*batch, 0, 100).ok());
  log_.AppendContacts(2);
  Start({Recorder::Factory({})});
  const auto view = View("recorder", 2);
  EXPECT_EQ(view->applied_events(), 2u);
  EXPECT_EQ(view->Get("from another").value(), std::nullopt);
}

}  // namespace
}  // namespace caseledger::projections::testing
