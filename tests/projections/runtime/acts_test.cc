// What operators do with projections: pause, resume, drop.
#include <atomic>

#include "tests/projections/runtime/runtime_fixture.h"

namespace caseledger::projections::testing {
namespace {

using ::testing::HasSubstr;

constexpr absl::Duration kShort = absl::Milliseconds(5);

TEST_F(RuntimeTest, APausedProjectionServesWhatItHasAndGoesOnWhereItWas) {
  log_.AppendContacts(3);
  Start({Recorder::Factory({}), Recorder::Factory({.name = "other"})});
  View("recorder", 3);
  ASSERT_TRUE(runtime_->Pause("recorder").ok());
  EXPECT_EQ(HealthOf("recorder@1").state, State::kPaused);
  EXPECT_EQ(HealthOf("recorder@1").trouble, "");
  EXPECT_EQ(runtime_->Pause("recorder@1").code(), absl::StatusCode::kFailedPrecondition);

  log_.AppendContacts(2);
  EXPECT_EQ(View("other", 5)->applied_events(), 5u) << "others go on";
  EXPECT_EQ(View("recorder", 3)->applied_events(), 3u);
  EXPECT_EQ(HealthOf("recorder@1").lag_events, 2u);
  // Nobody waits for what will not come.
  const absl::Status beyond = runtime_->View("recorder", 5, kLong).status();
  EXPECT_EQ(beyond.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(beyond.message()), HasSubstr("PAUSED: recorder reflects 3 events"));

  ASSERT_TRUE(runtime_->Resume("recorder").ok());
  EXPECT_EQ(AllRows(*View("recorder", 5)), AllRows(*View("other", 5)));
  AwaitState("recorder@1", State::kLive);
  EXPECT_EQ(runtime_->Resume("recorder").code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(runtime_->Pause("none").code(), absl::StatusCode::kNotFound);
}

TEST_F(RuntimeTest, ResumeTriesTheEventAgainThatAProjectionStoppedAt) {
  log_.AppendContacts(5);
  const auto broken = std::make_shared<std::atomic<bool>>(true);
  Start({[broken] {
    Recorder::Options options;
    if (*broken) options.poison = 3;
    return std::make_unique<Recorder>(options);
  }});
  EXPECT_EQ(runtime_->View("recorder", 5, kLong).status().code(), absl::StatusCode::kUnavailable);
  AwaitState("recorder@1", State::kStopped);
  EXPECT_EQ(HealthOf("recorder@1").stopped_at_position, 3u);
  EXPECT_EQ(runtime_->Pause("recorder").code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(runtime_->Resume("recorder").ok());
  AwaitState("recorder@1", State::kStopped);
  EXPECT_EQ(HealthOf("recorder@1").stopped_at_position, 3u) << "nothing is skipped";
  *broken = false;
  ASSERT_TRUE(runtime_->Resume("recorder").ok());
  EXPECT_EQ(View("recorder", 5)->applied_events(), 5u);
}

TEST_F(RuntimeTest, ADroppedProjectionHasNoRowsUntilItIsRebuilt) {
  log_.AppendContacts(4);
  Start({Recorder::Factory({})});
  const Rows rows = AllRows(*View("recorder", 4));
  ASSERT_TRUE(runtime_->Drop("recorder").ok());
  EXPECT_EQ(Tables(), std::vector<std::string>{"live-tables"});
  EXPECT_EQ(HealthOf("recorder@1").state, State::kDropped);
  const absl::Status nothing = runtime_->View("recorder", 0, kLong).status();
  EXPECT_EQ(nothing.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(nothing.message()), HasSubstr("DROPPED: "));
  for (const absl::Status& again :
       {runtime_->Drop("recorder"), runtime_->Pause("recorder"), runtime_->Resume("recorder")}) {
    EXPECT_EQ(again.code(), absl::StatusCode::kFailedPrecondition) << again;
  }
  ASSERT_TRUE(runtime_->Rebuild("recorder").ok());
  AwaitState("recorder@1", State::kLive);
  EXPECT_EQ(AllRows(*View("recorder", 4)), rows);
  log_.AppendContacts(1);
  EXPECT_EQ(View("recorder", 5)->applied_events(), 5u);
}

TEST_F(RuntimeTest, TheNextStartGoesOnWithWhatWasPausedOrDropped) {
  log_.AppendContacts(4);
  Start({Recorder::Factory({}), Recorder::Factory({.name = "other"})});
  const Rows rows = AllRows(*View("recorder", 4));
  ASSERT_TRUE(runtime_->Pause("recorder").ok());
  ASSERT_TRUE(runtime_->Drop("other").ok());
  runtime_.reset();
  Start({Recorder::Factory({}), Recorder::Factory({.name = "other"})});
  EXPECT_EQ(AllRows(*View("recorder", 4)), rows);
  EXPECT_EQ(AllRows(*View("other", 4)), rows);
}

TEST_F(RuntimeTest, NothingIsPausedOrDroppedDuringARebuild) {
  log_.AppendContacts(3);
  Start({Recorder::Factory({.barrier = &barrier_})});
  View("recorder", 3);
  barrier_.CloseBefore(2);
  ASSERT_TRUE(runtime_->Rebuild("recorder").ok());
  for (const absl::Status& refused :
       {runtime_->Pause("recorder"), runtime_->Resume("recorder"), runtime_->Drop("recorder")}) {
    EXPECT_THAT(std::string(refused.message()), HasSubstr("REBUILD_RUNNING: "));
  }
  barrier_.Open();
  AwaitState("recorder@1", State::kLive);
  EXPECT_EQ(runtime_->View("recorder", 4, kShort).status().code(),
            absl::StatusCode::kDeadlineExceeded);
}

}  // namespace
}  // namespace caseledger::projections::testing
