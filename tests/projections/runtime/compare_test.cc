// Rebuilt rows beside those that were served before them.
#include <atomic>

#include "tests/projections/runtime/runtime_fixture.h"

namespace caseledger::projections::testing {
namespace {

using Compare = Runtime::Compare;
using Comparison = TableComparison;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class CompareTest : public RuntimeTest {
 protected:
  std::optional<Comparison> Compared() { return HealthOf("recorder@1").comparison; }
  Comparison AwaitCompared() {
    Await([&] {
      const auto compared = Compared();
      return compared.has_value() && compared->state != Comparison::State::kWaiting &&
             compared->state != Comparison::State::kRunning;
    });
    return Compared().value_or(Comparison());
  }
  // Recorders of which the one that is made as the `number`th waits at the barrier: the first says
  // what it is called, the second is live, the third is being built, the fourth brings the table
  // before as far.
  Runtime::Factory WaitsAs(int number) {
    return [this, number] {
      Recorder::Options options;
      if (++made_ == number) options.barrier = &barrier_;
      return std::make_unique<Recorder>(options);
    };
  }
  // A live projection that is paused behind two events.
  void StartAndFallBehind(Runtime::Factory factory) {
    log_.AppendContacts(3);
    Start({std::move(factory)});
    View("recorder", 3);
    ASSERT_TRUE(runtime_->Pause("recorder").ok());
    log_.AppendContacts(2);
  }

  std::atomic<int> made_ = 0;
};

TEST_F(CompareTest, SaysThatRebuiltRowsAreTheSame) {
  log_.AppendContacts(300);
  Start({Recorder::Factory({})});
  View("recorder", 300);
  EXPECT_EQ(Compared(), std::nullopt);
  ASSERT_TRUE(runtime_->Rebuild("recorder", Compare::kYes).ok());
  const Comparison compared = AwaitCompared();
  EXPECT_EQ(compared.state, Comparison::State::kSame) << compared.trouble;
  EXPECT_EQ(compared.events, 300U);
  EXPECT_EQ(compared.rows, 301U);
  Await([&] { return Tables() == std::vector<std::string>{"live-tables", "recorder@1.rebuild"}; });
  // It is told until the next rebuild.
  ASSERT_TRUE(runtime_->Rebuild("recorder").ok());
  AwaitState("recorder@1", State::kLive);
  EXPECT_EQ(Compared(), std::nullopt);
}

TEST_F(CompareTest, CountsWhatIsChangedLostAndNew) {
  log_.AppendContacts(5);
  Start({Recorder::Factory({})});
  View("recorder", 5);
  runtime_.reset();
  {
    const auto table = store_->OpenTable("qn", "recorder@1").value();
    const auto batch = table->NewBatch();
    batch->Put(KeyBuilder('e').Number(1).key(), "other");
    batch->Put(KeyBuilder('e').Number(2).key(), "other");
    batch->Delete(KeyBuilder('e').Number(3).key());
    batch->Put(KeyBuilder('a').key(), "of nothing");
    batch->Put(KeyBuilder('f').key(), "of nothing");
    batch->Put(KeyBuilder('g').key(), "of nothing");
    ASSERT_TRUE(table->Commit(*batch, 5, 5).ok());
  }
  Start({Recorder::Factory({})});
  ASSERT_TRUE(runtime_->Rebuild("recorder", Compare::kYes).ok());
  const Comparison compared = AwaitCompared();
  EXPECT_EQ(compared.state, Comparison::State::kDifferent);
  EXPECT_EQ(compared.changed_rows, 2U);
  EXPECT_EQ(compared.lost_rows, 3U);
  EXPECT_EQ(compared.new_rows, 1U);
  EXPECT_EQ(compared.rows, 9U);
  EXPECT_EQ(AllRows(*View("recorder", 5)).size(), 6U) << "the right ones are served";
}

TEST_F(CompareTest, IsOfTheSameEventsWhileOthersAreAppended) {
  log_.AppendContacts(20);
  Start({Recorder::Factory({})}, 3);
  View("recorder", 20);
  std::atomic<bool> enough = false;
  std::thread writer([&] {
    while (!enough) log_.AppendContacts(1);
  });
  for (int round = 0; round < 10; ++round) {
    ASSERT_TRUE(runtime_->Rebuild("recorder", Compare::kYes).ok());
    const Comparison compared = AwaitCompared();
    EXPECT_EQ(compared.state, Comparison::State::kSame) << compared.trouble;
    EXPECT_EQ(compared.rows, compared.events + 1);
  }
  enough = true;
  writer.join();
}

TEST_F(CompareTest, BringsTheRowsBeforeAsFarAndIsDoneBeforeTheNextRebuild) {
  barrier_.CloseBefore(3);
  StartAndFallBehind(WaitsAs(4));
  ASSERT_TRUE(runtime_->Rebuild("recorder", Compare::kYes).ok());
  EXPECT_EQ(View("recorder", 5)->applied_events(), 5U) << "what is rebuilt is served meanwhile";
  Await([&] { return Compared()->state == Comparison::State::kRunning; });
  EXPECT_EQ(HealthOf("recorder@1").state, State::kLive);
  EXPECT_THAT(Tables(), ElementsAre("live-tables", "recorder@1", "recorder@1.rebuild"));
  const absl::Status second = runtime_->Rebuild("recorder");
  EXPECT_EQ(second.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.message()), HasSubstr("REBUILD_RUNNING: "));
  log_.AppendContacts(1);
  EXPECT_EQ(View("recorder", 6)->applied_events(), 6U) << "live goes on";
  barrier_.Open();
  const Comparison compared = AwaitCompared();
  EXPECT_EQ(compared.state, Comparison::State::kSame) << compared.trouble;
  EXPECT_EQ(compared.events, 5U);
  Await([&] { return Tables() == std::vector<std::string>{"live-tables", "recorder@1.rebuild"}; });
}

TEST_F(CompareTest, SaysWhyItFailed) {
  log_.AppendContacts(5);
  // The one that is live stops there, where it is made anew; so does whoever has the same mistake,
  // which are all but the one that is being built.
  Start({[this] {
    Recorder::Options options;
    if (++made_ != 4) options.poison = 2;
    return std::make_unique<Recorder>(options);
  }});
  Await([&] { return HealthOf("recorder@1").state == State::kStopped; });
  ASSERT_TRUE(runtime_->Rebuild("recorder", Compare::kYes).ok());
  const Comparison compared = AwaitCompared();
  EXPECT_EQ(compared.state, Comparison::State::kFailed);
  EXPECT_THAT(compared.trouble, HasSubstr("poison"));
  EXPECT_EQ(View("recorder", 5)->applied_events(), 5U);
  Await([&] { return Tables() == std::vector<std::string>{"live-tables", "recorder@1.rebuild"}; });
}

TEST_F(CompareTest, WaitsForTheRebuildAndEndsWithTheRuntime) {
  barrier_.CloseBefore(3);
  StartAndFallBehind(WaitsAs(3));
  ASSERT_TRUE(runtime_->Rebuild("recorder", Compare::kYes).ok());
  EXPECT_EQ(Compared()->state, Comparison::State::kWaiting);
  std::thread opener([&] { barrier_.Open(); });
  runtime_.reset();
  opener.join();
}

TEST_F(CompareTest, IsEndedByTheRuntime) {
  barrier_.CloseBefore(3);
  StartAndFallBehind(WaitsAs(4));
  ASSERT_TRUE(runtime_->Rebuild("recorder", Compare::kYes).ok());
  Await([&] { return Compared()->state == Comparison::State::kRunning; });
  std::thread opener([&] { barrier_.Open(); });
  runtime_.reset();
  opener.join();
}

TEST_F(CompareTest, NeedsRows) {
  log_.AppendContacts(1);
  Start({Recorder::Factory({})});
  View("recorder", 1);
  ASSERT_TRUE(runtime_->Drop("recorder").ok());
  EXPECT_THAT(std::string(runtime_->Rebuild("recorder", Compare::kYes).message()),
              HasSubstr("DROPPED: "));
  EXPECT_TRUE(runtime_->Rebuild("recorder").ok());
}

}  // namespace
}  // namespace caseledger::projections::testing
