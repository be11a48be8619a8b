// Entries of the trail: durable, in order, one stream per actor; break-glass windows and reviews.
#include "services/access/trail/trail.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <set>
#include <thread>

#include "tests/services/access/trail/trail_fixture.h"

namespace caseledger::access {
namespace {

using namespace caseledger::testing;  // NOLINT: the fixture
using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::Optional;
using ::testing::StartsWith;

const Call kLan = CallOf("ctxh-qn", "lan");
const Call kMinh = CallOf("ctxh-qn", "minh");
const Uuid kCase = NamedId("case");

std::string TextOf(const absl::Status& status) { return std::string(status.message()); }

TEST(TrailNames, TellEveryTwoActorsApart) {
  EXPECT_EQ(TrailLedgerOf("quang-ninh"), "quang-ninh.access");
  EXPECT_TRUE(IsTrailLedger("quang-ninh.access"));
  EXPECT_FALSE(IsTrailLedger("quang-ninh"));
  EXPECT_EQ(TrailNameOf("ctxh-qn", "lan"), "ctxh-qn/lan");
  EXPECT_NE(TrailStreamOf("a/b", "c"), TrailStreamOf("a", "b/c"));
  EXPECT_NE(TrailStreamOf("a%2Fb", "c"), TrailStreamOf("a/b", "c"));
  EXPECT_NE(BreakGlassStreamOf("a", "b", kCase), BreakGlassStreamOf("a", "b", NamedId("other")));
  EXPECT_NE(BreakGlassStreamOf("a", "b", kCase), BreakGlassStreamOf("a", "c", kCase));
  // Nobody's own stream is one of break-glass, whatever they are called.
  EXPECT_NE(TrailStreamOf("break-glass/a/b", kCase.ToString()),
            BreakGlassStreamOf("a", "b", kCase));
}

TEST_F(TrailTest, EntryIsInTheLogWhenDoneHearsOfIt) {
  std::promise<bool> found;
  trail_->Append(kLan, AccessedFact("GetCase", {kCase}), [&](absl::StatusOr<Trail::Place> place) {
    found.set_value(place.ok() && AllEntries().size() == 1 &&
                    AllEntries()[0].event_id == place->event_id &&
                    AllEntries()[0].position == place->position &&
                    AllEntries()[0].recorded_at == place->recorded_at);
  });
  EXPECT_TRUE(found.get_future().get());
}

TEST_F(TrailTest, DenialsAreCountedByReasonOnceTheyAreInTheLog) {
  event::v1::Fact denied;
  denied.mutable_access_denied()->set_action("GetCase");
  denied.mutable_access_denied()->set_reason("NO_RELATION");
  ASSERT_TRUE(trail_->AppendAndWait(kLan, AccessedFact("GetCase", {kCase})).ok());
  ASSERT_TRUE(trail_->AppendAndWait(kLan, denied).ok());
  // Sent again, and so put there only once.
  const auto says = [&](Micros) -> absl::StatusOr<event::v1::Fact> { return denied; };
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(trail_->AppendAndWait(kLan, {NamedId("request"), "content"}, says).ok());
  }
  log_->Close();
  EXPECT_FALSE(trail_->AppendAndWait(kLan, denied).ok());
  EXPECT_THAT(trail_->denials().Read(),
              ElementsAre(::testing::Pair("NO_RELATION", 2), ::testing::Pair("OTHER", 0)));
}

TEST_F(TrailTest, EntrySaysWhoForWhichAgencyAndWhy) {
  Call call = kLan;
  call.purpose = "review";
  ASSERT_TRUE(trail_->AppendAndWait(call, AccessedFact("GetCase", {kCase})).ok());
  ASSERT_TRUE(trail_->AppendAndWait(kMinh, AccessedFact("ListCases")).ok());
  const auto entries = EntriesOf(TrailStreamOf("ctxh-qn", "lan"));
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].origin.actor, "lan");
  EXPECT_EQ(entries[0].origin.agency, "ctxh-qn");
  EXPECT_EQ(entries[0].origin.purpose, "review");
  EXPECT_EQ(entries[0].occurred_at, entries[0].recorded_at);
  EXPECT_EQ(FactOf(entries[0]).record_accessed().action(), "GetCase");
  EXPECT_EQ(EntriesOf(TrailStreamOf("ctxh-qn", "minh")).size(), 1u);
}

TEST_F(TrailTest, EntriesAreComposedInTheOrderInWhichTheyStand) {
  std::vector<int> composed;  // touched by the trail's thread alone
  std::promise<void> last_done;
  for (int i = 0; i < 200; ++i) {
    trail_->Append(
        kLan,
        [&composed, i](Micros) -> absl::StatusOr<event::v1::Fact> {
          composed.push_back(i);
          return AccessedFact("A" + std::to_string(i));
        },
        [&last_done, i](const absl::StatusOr<Trail::Place>& place) {
          EXPECT_TRUE(place.ok()) << place.status();
          if (i == 199) last_done.set_value();
        });
  }
  last_done.get_future().wait();
  const auto entries = AllEntries();
  ASSERT_EQ(entries.size(), 200u);
  ASSERT_EQ(composed.size(), 200u);
  for (size_t i = 0; i < entries.size(); ++i) {
    EXPECT_EQ(composed[i], static_cast<int>(i));
    EXPECT_EQ(FactOf(entries[i]).record_accessed().action(), "A" + std::to_string(i));
  }
}

TEST_F(TrailTest, ComposeKnowsTheTimeThatTheEntryIsRecordedAt) {
  clock_.Advance(kMinute);
  Micros told = 0;
  const auto place = trail_->AppendAndWait(kLan, {NamedId("request"), ""}, [&](Micros now) {
    told = now;
    return absl::StatusOr<event::v1::Fact>(AccessedFact("GetCase"));
  });
  ASSERT_TRUE(place.ok()) << place.status();
  EXPECT_EQ(told, clock_.Now());
  EXPECT_EQ(place->recorded_at, told);
}

TEST_F(TrailTest, WhatComposeRefusesIsToldAsItIsAndNotWritten) {
  const auto refuse = [](Micros) -> absl::StatusOr<event::v1::Fact> {
    return absl::PermissionDeniedError("NO_RELATION: not now");
  };
  const auto place = trail_->AppendAndWait(kLan, {NamedId("request"), ""}, refuse);
  EXPECT_EQ(place.status(), absl::PermissionDeniedError("NO_RELATION: not now"));
  EXPECT_TRUE(AllEntries().empty());
}

TEST_F(TrailTest, ClosedTrailIsUnavailable) {
  log_->Close();
  const auto place = trail_->AppendAndWait(kLan, AccessedFact("GetCase"));
  EXPECT_TRUE(absl::IsUnavailable(place.status()));
  EXPECT_THAT(TextOf(place.status()), StartsWith("TRAIL_UNAVAILABLE: "));
}

TEST_F(TrailTest, EntryThatNamesWhatIsNoRecordIsNotWritten) {
  event::v1::Fact fact = AccessedFact("GetCase", {kCase});
  fact.mutable_record_accessed()->mutable_records(0)->set_record_id("CASE-2024-0001");
  EXPECT_EQ(trail_->AppendAndWait(kLan, fact).status().code(), absl::StatusCode::kInternal);
  const std::vector<Uuid> many(kMostRecordsPerEntry + 1, kCase);
  EXPECT_EQ(trail_->AppendAndWait(kLan, AccessedFact("ListCases", many)).status().code(),
            absl::StatusCode::kInternal);
  EXPECT_TRUE(AllEntries().empty());
}

TEST_F(TrailTest, RepeatedRequestGivesTheFirstEntryToItsActorAlone) {
  int composed = 0;
  const auto compose = [&composed](Micros) {
    ++composed;
    return absl::StatusOr<event::v1::Fact>(AccessedFact("GetCase"));
  };
  const Trail::Request request{NamedId("request"), "content"};
  const auto first = trail_->AppendAndWait(kLan, request, compose);
  const auto again = trail_->AppendAndWait(kLan, request, compose);
  ASSERT_TRUE(first.ok() && again.ok()) << first.status() << again.status();
  EXPECT_FALSE(first->already);
  EXPECT_TRUE(again->already);
  EXPECT_EQ(again->event_id, first->event_id);
  EXPECT_EQ(composed, 1);
  const auto other_content = trail_->AppendAndWait(kLan, {request.id, "other"}, compose);
  EXPECT_THAT(TextOf(other_content.status()), StartsWith("REQUEST_ID_REUSED: "));
  // Of the same agency, so with the same request ids.
  const auto other_actor = trail_->AppendAndWait(kMinh, request, compose);
  EXPECT_THAT(TextOf(other_actor.status()), StartsWith("REQUEST_ID_REUSED: "));
  EXPECT_EQ(AllEntries().size(), 1u);
}

TEST_F(TrailTest, WindowIsOpenUntilItsExpireTimeForItsActorAndCaseAlone) {
  const Micros begin = clock_.Now();
  EXPECT_THAT(trail_->OpenWindow(kLan, kCase, begin).value(), Eq(std::nullopt));
  const auto use = Use(kLan, kCase, begin + 60 * kMinute);
  EXPECT_EQ(use.stream, BreakGlassStreamOf("ctxh-qn", "lan", kCase));
  EXPECT_THAT(trail_->OpenWindow(kLan, kCase, begin).value(), Optional(use.event_id));
  EXPECT_THAT(trail_->OpenWindow(kLan, kCase, begin + 60 * kMinute - 1).value(),
              Optional(use.event_id));
  EXPECT_THAT(trail_->OpenWindow(kLan, kCase, begin + 60 * kMinute).value(), Eq(std::nullopt));
  EXPECT_THAT(trail_->OpenWindow(kMinh, kCase, begin).value(), Eq(std::nullopt));
  EXPECT_THAT(trail_->OpenWindow(kLan, NamedId("other"), begin).value(), Eq(std::nullopt));
}

TEST_F(TrailTest, AReviewDoesNotCloseTheWindowAndTheNewestUseCounts) {
  const Micros begin = clock_.Now();
  const auto first = Use(kLan, kCase, begin + 60 * kMinute);
  ASSERT_TRUE(trail_->Review(kMinh, {NamedId("r"), ""}, first, {}).ok());
  EXPECT_THAT(trail_->OpenWindow(kLan, kCase, begin).value(), Optional(first.event_id));
  const auto second = Use(kLan, kCase, begin + 90 * kMinute);
  EXPECT_THAT(trail_->OpenWindow(kLan, kCase, begin).value(), Optional(second.event_id));
  EXPECT_THAT(trail_->OpenWindow(kLan, kCase, begin + 70 * kMinute).value(),
              Optional(second.event_id));
}

TEST_F(TrailTest, ReviewStandsBesideTheUseAndNamesIt) {
  const auto use = Use(kLan, kCase, clock_.Now() + kMinute);
  event::v1::BreakGlassReviewed review;
  review.set_finding(event::v1::BREAK_GLASS_FINDING_JUSTIFIED);
  const auto place = trail_->Review(kMinh, {NamedId("r"), ""}, use, review);
  ASSERT_TRUE(place.ok()) << place.status();
  const auto entries = EntriesOf(use.stream);
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[1].origin.actor, "minh");
  const event::v1::Fact fact = FactOf(entries[1]);
  EXPECT_EQ(fact.break_glass_reviewed().break_glass_event_id(), use.event_id.ToString());
  EXPECT_EQ(fact.break_glass_reviewed().finding(), event::v1::BREAK_GLASS_FINDING_JUSTIFIED);
}

TEST_F(TrailTest, UseIsReviewedOnceAndNotByWhoeverMadeIt) {
  const auto use = Use(kLan, kCase, clock_.Now() + kMinute);
  EXPECT_THAT(TextOf(trail_->Review(kLan, {NamedId("r0"), ""}, use, {}).status()),
              StartsWith("BREAK_GLASS_OWN: "));
  const Trail::Request request{NamedId("r1"), "justified"};
  const auto first = trail_->Review(kMinh, request, use, {});
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_THAT(TextOf(trail_->Review(kMinh, {NamedId("r2"), ""}, use, {}).status()),
              StartsWith("BREAK_GLASS_REVIEWED: "));
  const auto again = trail_->Review(kMinh, request, use, {});
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->already);
  EXPECT_EQ(again->event_id, first->event_id);
  // Another use of the same case is another matter.
  const auto second = Use(kLan, kCase, clock_.Now() + kMinute);
  EXPECT_TRUE(trail_->Review(kMinh, {NamedId("r3"), ""}, second, {}).ok());
}

TEST_F(TrailTest, OnlyAUseCanBeReviewed) {
  const auto place = trail_->AppendAndWait(kLan, AccessedFact("GetCase"));
  ASSERT_TRUE(place.ok());
  EXPECT_THAT(TextOf(trail_->Review(kMinh, {NamedId("r"), ""}, AllEntries()[0], {}).status()),
              StartsWith("BREAK_GLASS_UNKNOWN: "));
}

TEST_F(TrailTest, OfReviewsAtOnceOneWins) {
  const auto use = Use(kLan, kCase, clock_.Now() + kMinute);
  constexpr int kReviewers = 16;
  std::vector<absl::Status> statuses(kReviewers);
  std::vector<std::thread> reviewers;
  for (int i = 0; i < kReviewers; ++i) {
    reviewers.emplace_back([&, i] {
      const Call call = CallOf("ctxh-qn", "reviewer-" + std::to_string(i));
      statuses[static_cast<size_t>(i)] =
          trail_->Review(call, {NamedId(call.actor), ""}, use, {}).status();
    });
  }
  for (std::thread& reviewer : reviewers) reviewer.join();
  int won = 0;
  for (const absl::Status& status : statuses) {
    if (status.ok()) {
      ++won;
    } else {
      EXPECT_THAT(TextOf(status), StartsWith("BREAK_GLASS_REVIEWED: "));
    }
  }
  EXPECT_EQ(won, 1);
  EXPECT_EQ(EntriesOf(use.stream).size(), 2u);
}

// A trail with room for so few entries that the next one is refused unseen.
class FullTrailTest : public TrailTest {
 protected:
  FullTrailTest() : TrailTest({.max_appends_waiting = 2}) {}
};

TEST_F(FullTrailTest, TooManyEntriesWaitingIsToldAndTheLastOneOfAStreamComesLater) {
  std::promise<void> composing;
  std::promise<void> go_on;
  std::promise<void> done;
  trail_->Append(
      kLan,
      [&](Micros) -> absl::StatusOr<event::v1::Fact> {
        composing.set_value();
        go_on.get_future().wait();
        return AccessedFact("GetCase");
      },
      [](const absl::StatusOr<Trail::Place>& place) { EXPECT_TRUE(place.ok()) << place.status(); });
  composing.get_future().wait();
  trail_->Append(kLan, AccessedFact("GetCase"), [&](const absl::StatusOr<Trail::Place>& place) {
    EXPECT_TRUE(place.ok()) << place.status();
    done.set_value();
  });
  EXPECT_TRUE(
      absl::IsResourceExhausted(trail_->AppendAndWait(kMinh, AccessedFact("GetCase")).status()));
  trail_->Finish(kMinh, NamedId("opened"), AccessedFact("Subscribe"));
  go_on.set_value();
  done.get_future().wait();
  const auto ended = [&] {
    const auto entries = AllEntries();
    return std::count_if(entries.begin(), entries.end(),
                         [](const auto& entry) { return entry.origin.actor == "minh"; });
  };
  trail_->Drain();
  log_->Close();  // finishes what was accepted
  EXPECT_EQ(ended(), 1);
  for (const auto& entry : AllEntries()) {
    if (entry.origin.actor != "minh") continue;
    EXPECT_EQ(entry.origin.causation_id, NamedId("opened"));
  }
}

// Clients that vanish while others keep the trail full.
TEST_F(FullTrailTest, EveryLastEntryIsWrittenThoughTheTrailIsFull) {
  constexpr int kStreams = 200;
  std::atomic<bool> ending = false;
  std::thread others([&] {
    while (!ending) {
      const absl::Status status = trail_->AppendAndWait(kLan, AccessedFact("GetCase")).status();
      EXPECT_TRUE(status.ok() || absl::IsResourceExhausted(status)) << status;
    }
  });
  for (int i = 0; i < kStreams; ++i) {
    trail_->Finish(kMinh, NamedId(std::to_string(i)), AccessedFact("Subscribe"));
  }
  ending = true;
  others.join();
  trail_->Drain();
  log_->Close();
  std::set<Uuid> ended;
  for (const auto& entry : EntriesOf(TrailStreamOf("ctxh-qn", "minh"))) {
    EXPECT_TRUE(ended.insert(entry.origin.causation_id).second) << "twice";
  }
  EXPECT_EQ(ended.size(), size_t{kStreams});
}

TEST_F(FullTrailTest, AFailedTrailIsNotWaitedFor) {
  log_->Close();
  for (int i = 0; i < 3; ++i) trail_->Finish(kMinh, NamedId("opened"), AccessedFact("Subscribe"));
  trail_->Drain();
  EXPECT_TRUE(AllEntries().empty());
}

}  // namespace
}  // namespace caseledger::access
