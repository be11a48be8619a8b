#include <atomic>

#include "tests/projections/runtime/runtime_fixture.h"

namespace caseledger::projections::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST_F(RuntimeTest, RebuiltTableEqualsTheLiveOneAndReplacesIt) {
  log_.AppendContacts(30);
  Start({Recorder::Factory({})}, 4);
  const Rows live = AllRows(*View("recorder", 30));
  for (const char* table : {"recorder@1.rebuild", "recorder@1"}) {
    ASSERT_TRUE(runtime_->Rebuild("recorder").ok());
    Await([&] { return Tables() == std::vector<std::string>{"live-tables", table}; });
    EXPECT_EQ(AllRows(*View("recorder", 30)), live);
  }
  log_.AppendContacts(1);
  EXPECT_EQ(View("recorder", 31)->applied_events(), 31u);
}

TEST_F(RuntimeTest, ReadModelsAreBuiltWhenClientsHaveTakenAllTheirPlaces) {
  log_.AppendContacts(3);
  std::vector<std::unique_ptr<eventstore::Subscription>> clients;
  auto client = log_.log().Subscribe(0);
  for (; client.ok(); client = log_.log().Subscribe(0)) clients.push_back(*std::move(client));
  ASSERT_TRUE(absl::IsResourceExhausted(client.status())) << client.status();
  Start({Recorder::Factory({})});
  View("recorder", 3);
  ASSERT_TRUE(runtime_->Rebuild("recorder").ok());
  Await([&] { return Tables() == std::vector<std::string>{"live-tables", "recorder@1.rebuild"}; });
  EXPECT_EQ(HealthOf("recorder@1").trouble, "");
}

TEST_F(RuntimeTest, LiveRowsAreServedWhileARebuildRunsAndOnlyOneRuns) {
  log_.AppendContacts(3);
  Start({Recorder::Factory({.barrier = &barrier_})});
  View("recorder", 3);
  barrier_.CloseBefore(2);
  ASSERT_TRUE(runtime_->Rebuild("recorder").ok());
  EXPECT_EQ(HealthOf("recorder@1").state, State::kRebuilding);
  const absl::Status second = runtime_->Rebuild("recorder");
  EXPECT_EQ(second.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.message()), HasSubstr("REBUILD_RUNNING: "));
  EXPECT_EQ(View("recorder", 3)->applied_events(), 3u);
  barrier_.Open();
  AwaitState("recorder@1", State::kLive);
}

// A projection whose mistake can be mended while the runtime runs.
class MendableProjection {
 public:
  explicit MendableProjection(uint64_t poison) : poison_(poison) {}

  void SetBroken(bool broken) { *broken_ = broken; }
  Runtime::Factory Factory() const {
    return [broken = broken_, poison = poison_] {
      Recorder::Options options;
      if (*broken) options.poison = poison;
      return std::make_unique<Recorder>(options);
    };
  }

 private:
  const uint64_t poison_;
  const std::shared_ptr<std::atomic<bool>> broken_ = std::make_shared<std::atomic<bool>>(false);
};

TEST_F(RuntimeTest, RebuildHealsAStoppedProjection) {
  log_.AppendContacts(5);
  MendableProjection projection(3);
  projection.SetBroken(true);
  Start({projection.Factory()});
  EXPECT_EQ(runtime_->View("recorder", 5, kLong).status().code(), absl::StatusCode::kUnavailable);
  projection.SetBroken(false);
  ASSERT_TRUE(runtime_->Rebuild("recorder").ok());
  EXPECT_EQ(View("recorder", 5)->applied_events(), 5u);
  AwaitState("recorder@1", State::kLive);
  EXPECT_EQ(HealthOf("recorder@1").trouble, "");
}

TEST_F(RuntimeTest, FailedRebuildLeavesTheLiveRowsAndSaysWhy) {
  log_.AppendContacts(5);
  MendableProjection projection(2);
  Start({projection.Factory()});
  View("recorder", 5);
  projection.SetBroken(true);
  ASSERT_TRUE(runtime_->Rebuild("recorder").ok());
  Await([&] { return !HealthOf("recorder@1").trouble.empty(); });
  EXPECT_THAT(HealthOf("recorder@1").trouble, HasSubstr("rebuild stopped at position 2"));
  EXPECT_EQ(View("recorder", 5)->applied_events(), 5u);
  projection.SetBroken(false);
  ASSERT_TRUE(runtime_->Rebuild("recorder").ok()) << "a failed rebuild is not a running one";
  Await([&] { return Tables() == std::vector<std::string>{"live-tables", "recorder@1.rebuild"}; });
}

TEST_F(RuntimeTest, NewVersionIsBuiltBesideAndSwappedWhenCaughtUp) {
  log_.AppendContacts(5);
  Start({Recorder::Factory({})});
  View("recorder", 5);
  runtime_.reset();
  barrier_.CloseBefore(3);
  Start({Recorder::Factory({.version = 2, .barrier = &barrier_})}, 1);
  EXPECT_EQ(HealthOf("recorder@2").state, State::kRebuilding);
  EXPECT_THAT(Tables(), ElementsAre("live-tables", "recorder@1", "recorder@2"));
  // Half of the new rows would be a wrong number, and the old ones mean something else.
  EXPECT_EQ(runtime_->View("recorder", 0, absl::Milliseconds(5)).status().code(),
            absl::StatusCode::kDeadlineExceeded);
  barrier_.Open();
  EXPECT_EQ(View("recorder", 5)->applied_events(), 5u);
  Await([&] { return Tables() == std::vector<std::string>{"live-tables", "recorder@2"}; });
}

TEST_F(RuntimeTest, InterruptedRebuildOfANewVersionGoesOnAfterARestart) {
  log_.AppendContacts(5);
  Start({Recorder::Factory({})});
  View("recorder", 5);
  runtime_.reset();
  barrier_.CloseBefore(3);
  Start({Recorder::Factory({.version = 2, .barrier = &barrier_})}, 1);
  Await([&] { return HealthOf("recorder@2").applied_events == 3; });
  std::thread opener([&] { barrier_.Open(); });
  runtime_.reset();
  opener.join();
  EXPECT_GE(store_->OpenTable("qn", "recorder@2").value()->Snapshot()->applied_events(), 3u);
  Start({Recorder::Factory({.version = 2})});
  EXPECT_EQ(View("recorder", 5)->applied_events(), 5u);
}

TEST_F(RuntimeTest, LeftoversOfARebuildAreDroppedAtStart) {
  store_->OpenTable("qn", "recorder@1.rebuild").value();
  store_->OpenTable("qn", "recorder-of-others@1").value();
  Start({Recorder::Factory({})});
  EXPECT_THAT(Tables(), ElementsAre("live-tables", "recorder-of-others@1", "recorder@1"));
}

}  // namespace
}  // namespace caseledger::projections::testing
