// Events that are read from a standby: the same as at the primary, whatever the standby has.
#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "eventstore/engine/postgres/told_events.h"
#include "gmock/gmock.h"
#include "tests/contract/engine_test_data.h"
#include "tests/contract/postgres_host.h"
#include "tests/support/postgres_standby.h"

namespace caseledger::testing {
namespace {

using eventstore::Engine;
using eventstore::PostgresOptions;
using eventstore::StoredEvent;
using eventstore::postgres::ToldEvent;
using eventstore::postgres::ToldEvents;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// One for the whole program. Null after a failure that was told.
PostgresStandby* SharedStandby() {
  static const auto standby = [] {
    PostgresCluster* cluster = PostgresCluster::Shared();
    return cluster == nullptr ? absl::UnavailableError("no cluster")
                              : PostgresStandby::Start(*cluster);
  }();
  if (standby.ok()) return standby->get();
  ADD_FAILURE() << standby.status();
  return nullptr;
}

// The suite of all engines, with what is read from a standby that keeps up as it can.
class ReadingHost final : public EngineHost {
 public:
  ReadingHost() {
    if (SharedStandby() == nullptr) std::abort();
    // Databases are used again.
    EXPECT_EQ(SharedStandby()->CatchUp(), absl::OkStatus());
    EXPECT_TRUE(Reopen().ok());
  }
  Engine& engine() override { return *engine_; }
  absl::Status Reopen() override {
    PostgresOptions options = host_.options();
    options.read_dsn = SharedStandby()->Dsn(host_.database(), PostgresCluster::kServerRole);
    auto opened = host_.OpenWith(options);
    if (!opened.ok()) return opened.status();
    engine_ = *std::move(opened);
    return absl::OkStatus();
  }

 private:
  PostgresHost host_;
  std::unique_ptr<Engine> engine_;
};

INSTANTIATE_TEST_SUITE_P(PostgresWithStandby, EngineContract,
                         ::testing::Values(EngineFactory{
                             "postgres_with_standby",
                             [] { return std::make_unique<ReadingHost>(); }}),
                         EngineName);

const eventstore::StreamId kRecord = Stream(3, 1);

class StandbyReads : public ::testing::Test {
 protected:
  // Ledger `a`, of which the standby has the beginning.
  void Begin(PostgresStandby& standby, uint64_t events) {
    standby_ = &standby;
    options_ = host_.options();
    options_.read_dsn = standby.Dsn(host_.database(), PostgresCluster::kServerRole);
    auto opened = host_.OpenWith(options_);
    ASSERT_TRUE(opened.ok()) << opened.status();
    engine_ = *std::move(opened);
    ASSERT_TRUE(engine_->CreateLedger(InfoOf("a")).ok());
    Append(events);
    ASSERT_EQ(standby.CatchUp(), absl::OkStatus());
  }
  // To kRecord, many in a commit.
  void Append(uint64_t events, std::string_view label = "record") {
    constexpr uint64_t kOfCommit = 50;
    for (uint64_t left = events; left > 0;) {
      const uint64_t now = std::min(left, kOfCommit);
      const absl::Status appended = AppendTo(*engine_, "a", std::vector(now, kRecord), label);
      ASSERT_TRUE(appended.ok()) << appended;
      left -= now;
    }
  }
  // As the primary has them; where they came from.
  void ExpectAll(uint64_t end) {
    const auto expected = ReadAll(host_.engine(), "a", 0, end);
    const auto events = ReadAll(*engine_, "a", 0, end);
    ASSERT_TRUE(expected.ok() && events.ok()) << events.status();
    ASSERT_EQ(events->size(), end);
    for (uint64_t i = 0; i < end; ++i) {
      ASSERT_EQ((*events)[i].record, (*expected)[i].record) << i;
      ASSERT_EQ((*events)[i].leaf_hash, (*expected)[i].leaf_hash) << i;
    }
  }
  void ExpectHistory() {
    const auto expected = ReadAllOf(host_.engine(), "a", kRecord);
    const auto events = ReadAllOf(*engine_, "a", kRecord);
    ASSERT_TRUE(expected.ok() && events.ok()) << events.status();
    ASSERT_EQ(events->size(), expected->size());
    for (size_t i = 0; i < events->size(); ++i) {
      ASSERT_EQ((*events)[i].record, (*expected)[i].record) << i;
    }
  }
  uint64_t of_standby() const { return options_.page_counts->standby; }
  uint64_t of_primary() const { return options_.page_counts->primary; }
  // It is asked again a while after it could not answer.
  bool AwaitStandby(uint64_t end) {
    const uint64_t before = of_standby();
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (of_standby() == before && std::chrono::steady_clock::now() < give_up) ExpectAll(end);
    return of_standby() > before;
  }

  PostgresHost host_;
  PostgresOptions options_;
  std::unique_ptr<Engine> engine_;
  PostgresStandby* standby_ = nullptr;
};

TEST_F(StandbyReads, EventsAndHistoriesComeFromThere) {
  ASSERT_NO_FATAL_FAILURE(Begin(*SharedStandby(), 1'200));
  ExpectAll(1'200);
  EXPECT_EQ(of_standby(), 3u) << "pages of 512";
  ExpectHistory();
  EXPECT_EQ(of_standby(), 6u);
  ExpectAll(700);
  EXPECT_EQ(of_standby(), 8u);
  EXPECT_EQ(of_primary(), 0u);
}

TEST_F(StandbyReads, AnEngineThatWasToldNothingAsksThePrimary) {
  ASSERT_NO_FATAL_FAILURE(Begin(*SharedStandby(), 10));
  auto opened = host_.OpenWith(options_);
  ASSERT_TRUE(opened.ok()) << opened.status();
  engine_ = *std::move(opened);
  ExpectAll(10);
  EXPECT_EQ(of_standby(), 0u);
  ASSERT_TRUE(engine_->LoadHead("a").ok());
  ExpectAll(10);
  EXPECT_EQ(of_standby(), 1u);
}

TEST_F(StandbyReads, WhatItLacksComesFromThePrimary) {
  ASSERT_NO_FATAL_FAILURE(Begin(*SharedStandby(), 100));
  ExpectAll(100);
  ASSERT_EQ(standby_->Pause(), absl::OkStatus());
  Append(5);
  const uint64_t before = of_standby();
  ExpectAll(105);
  ExpectHistory();
  EXPECT_EQ(of_standby(), before);
  EXPECT_GE(of_primary(), 2u);
  EXPECT_TRUE(AwaitStandby(100)) << "what it has still comes from there";
  EXPECT_EQ(standby_->GoOn(), absl::OkStatus());
  ASSERT_EQ(standby_->CatchUp(), absl::OkStatus());
  EXPECT_TRUE(AwaitStandby(105));
}

TEST_F(StandbyReads, OfOtherServersEventsTooNothingIsMissing) {
  ASSERT_NO_FATAL_FAILURE(Begin(*SharedStandby(), 10));
  ASSERT_EQ(standby_->Pause(), absl::OkStatus());
  ASSERT_TRUE(AppendMany(host_.engine(), "a", 20).ok());
  const auto head = engine_->LoadHead("a");
  ASSERT_TRUE(head.ok()) << head.status();
  EXPECT_EQ(head->next_position, 30u);
  ExpectAll(30);
  ExpectHistory();
  EXPECT_EQ(of_standby(), 0u);
  EXPECT_EQ(standby_->GoOn(), absl::OkStatus());
}

// As a primary that was cut off, or a standby that followed it: other events in the same places.
TEST_F(StandbyReads, OneThatTurnedOffIsNotBelieved) {
  auto own = PostgresStandby::Start(*PostgresCluster::Shared());
  ASSERT_TRUE(own.ok()) << own.status();
  ASSERT_NO_FATAL_FAILURE(Begin(**own, 100));
  ExpectAll(100);
  ASSERT_EQ((*own)->Promote(), absl::OkStatus());
  {
    PostgresOptions there = options_;
    there.read_dsn = "";
    there.session.dsn = options_.read_dsn;
    there.session.newest_timeline = std::make_shared<eventstore::NewestTimeline>();
    auto other = host_.OpenWith(there);
    ASSERT_TRUE(other.ok()) << other.status();
    ASSERT_TRUE(AppendTo(**other, "a", std::vector(40, kRecord), "other").ok());
  }
  uint64_t before = of_standby();
  ExpectAll(100);
  EXPECT_EQ(of_standby(), before) << "a primary is not read";
  ASSERT_EQ((*own)->BeStandbyAgain(), absl::OkStatus());
  auto opened = host_.OpenWith(options_);
  ASSERT_TRUE(opened.ok()) << opened.status();
  engine_ = *std::move(opened);
  ASSERT_TRUE(engine_->LoadHead("a").ok());
  EXPECT_TRUE(AwaitStandby(100)) << "up to there it is the same ledger";
  Append(20);
  before = of_standby();
  ExpectAll(120);
  ExpectHistory();
  EXPECT_EQ(of_standby(), before);
}

// Only the primary is believed that an event is missing.
TEST_F(StandbyReads, OneThatIsDamagedIsNotTheLedger) {
  auto own = PostgresStandby::Start(*PostgresCluster::Shared());
  ASSERT_TRUE(own.ok()) << own.status();
  ASSERT_NO_FATAL_FAILURE(Begin(**own, 100));
  ASSERT_EQ((*own)->Promote(), absl::OkStatus());
  const auto damaged =
      SqlSession((*own)->Dsn(host_.database(), PostgresCluster::kSuperuser))
          .Query("delete from caseledger.event where ledger = 'a' and position in (0, 50)");
  ASSERT_TRUE(damaged.ok()) << damaged.status();
  ASSERT_EQ((*own)->BeStandbyAgain(), absl::OkStatus());
  ExpectAll(100);
  ExpectHistory();
  EXPECT_GE(of_standby(), 2u) << "it was asked";
}

TEST_F(StandbyReads, ASessionThatBeganWithAStandbyEndsWhenThatIsPromoted) {
  auto own = PostgresStandby::Start(*PostgresCluster::Shared());
  ASSERT_TRUE(own.ok()) << own.status();
  ASSERT_NO_FATAL_FAILURE(Begin(**own, 10));
  PostgresOptions there = options_;
  there.session.dsn = options_.read_dsn;
  there.session.newest_timeline = std::make_shared<eventstore::NewestTimeline>();
  there.read_dsn = "";
  there.retry.attempts = 1;
  const auto other = host_.OpenWith(there);
  ASSERT_TRUE(other.ok()) << other.status();
  ASSERT_TRUE((*other)->LoadHead("a").ok());
  ASSERT_EQ((*own)->Promote(), absl::OkStatus());
  EXPECT_EQ((*other)->LoadHead("a").status().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE((*other)->LoadHead("a").ok()) << "in a new one";
  EXPECT_GT(there.session.newest_timeline->newest(), 1u);
}

TEST_F(StandbyReads, ItMayBeAway) {
  auto own = PostgresStandby::Start(*PostgresCluster::Shared());
  ASSERT_TRUE(own.ok()) << own.status();
  ASSERT_NO_FATAL_FAILURE(Begin(**own, 100));
  ExpectAll(100);
  (*own)->Stop();
  const uint64_t before = of_standby();
  ExpectAll(100);
  ExpectHistory();
  EXPECT_EQ(of_standby(), before);
  EXPECT_GE(of_primary(), 2u);
}

TEST_F(StandbyReads, NothingIsEverMissingWhileItStopsAndGoesOn) {
  const uint64_t seed = std::random_device{}();
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  ASSERT_NO_FATAL_FAILURE(Begin(*SharedStandby(), 600));
  std::atomic<uint64_t> end = 600;
  std::atomic<bool> stopping = false;
  std::thread writer([&] {
    std::mt19937_64 random(seed);
    while (!stopping) {
      const uint64_t events = 1 + random() % 40;
      const absl::Status appended = AppendTo(*engine_, "a", std::vector(events, kRecord));
      EXPECT_TRUE(appended.ok()) << appended;
      end += events;
    }
  });
  std::vector<std::thread> readers;
  for (uint64_t reader = 1; reader <= 3; ++reader) {
    readers.emplace_back([&, reader] {
      std::mt19937_64 random(seed + reader);
      while (!stopping) {
        const uint64_t until = end;
        const uint64_t from = random() % 2 == 0 ? until - 1 - random() % 50 : random() % until;
        const auto events = random() % 2 == 0 ? ReadAll(*engine_, "a", from, until)
                                              : ReadAllOf(*engine_, "a", kRecord, from + 1);
        ASSERT_TRUE(events.ok()) << events.status();
        ASSERT_GE(events->size(), until - from);
        for (uint64_t i = 0; i < events->size(); ++i) {
          ASSERT_EQ((*events)[i].record, RecordAt(from + i));
        }
      }
    });
  }
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  for (int round = 0; round < 5; ++round) {
    const uint64_t primary = of_primary(), standby = of_standby();
    EXPECT_EQ(standby_->Pause(), absl::OkStatus());
    while (of_primary() < primary + 20 && std::chrono::steady_clock::now() < give_up) {
      std::this_thread::yield();
    }
    EXPECT_EQ(standby_->GoOn(), absl::OkStatus());
    while (of_standby() < standby + 20 && std::chrono::steady_clock::now() < give_up) {
      std::this_thread::yield();
    }
  }
  EXPECT_LT(std::chrono::steady_clock::now(), give_up);
  stopping = true;
  writer.join();
  for (std::thread& reader : readers) reader.join();
  std::printf("%llu events, pages: %llu from the standby, %llu from the primary\n",
              static_cast<unsigned long long>(end), static_cast<unsigned long long>(of_standby()),
              static_cast<unsigned long long>(of_primary()));
}

MATCHER_P(At, position, "") { return arg.position == position; }

TEST(ToldEvents, KeepTheNewestAndSomeThatLieApart) {
  ToldEvents told;
  EXPECT_THAT(told.From(1, 0), IsEmpty());
  for (uint64_t position = 0; position <= 10'000; ++position) told.Tell(1, position, {});
  const std::vector<ToldEvent> all = told.From(1, 0);
  ASSERT_EQ(all.size(), ToldEvents::kMost);
  EXPECT_THAT(told.From(1, 10'000), ElementsAre(At(10'000u)));
  EXPECT_THAT(told.From(1, 10'001), IsEmpty());
  EXPECT_LE(all.front().position, 10'000 - 12 * ToldEvents::kApart);
  for (size_t i = 1; i < all.size(); ++i) EXPECT_LT(all[i - 1].position, all[i].position);
  told.Tell(1, 500, {});
  EXPECT_THAT(told.From(1, 10'000), ElementsAre(At(10'000u))) << "an older one tells nothing";
}

TEST(ToldEvents, KeepTheOneThatAStandbyHad) {
  ToldEvents told;
  told.Tell(1, 5, {});
  told.Tell(1, 50, {});
  told.Settle(5);
  for (uint64_t position = 100; position <= 10'000; ++position) told.Tell(1, position, {});
  EXPECT_EQ(told.From(1, 0).front().position, 5u);
  EXPECT_EQ(told.From(1, 0).size(), ToldEvents::kMost + 1);
  const uint64_t later = told.From(1, 6).front().position;
  told.Settle(later);
  EXPECT_EQ(told.From(1, 0).front().position, later);
  told.Settle(7);
  EXPECT_EQ(told.From(1, 0).front().position, later) << "not one of them";
}

// Of a primary that was taken over from: what it told of may be gone with it, and stand in a
// standby.
TEST(ToldEvents, OfAnOlderTimelineAreForgotten) {
  const Hash256 gone = Sha256({"gone"}), real = Sha256({"real"});
  ToldEvents told;
  told.Tell(1, 9, {});
  told.Tell(1, 10, gone);
  told.Settle(9);
  EXPECT_THAT(told.From(2, 0), IsEmpty()) << "another primary was met";
  told.Tell(2, 10, real);
  ASSERT_THAT(told.From(2, 0), ElementsAre(At(10u)));
  EXPECT_EQ(told.From(2, 0)[0].leaf_hash, real);
  told.Tell(1, 11, gone);
  EXPECT_THAT(told.From(2, 0), ElementsAre(At(10u))) << "told late";
  told.Tell(2, 10, gone);
  ASSERT_THAT(told.From(2, 0), ElementsAre(At(10u)));
  EXPECT_EQ(told.From(2, 0)[0].leaf_hash, gone) << "whatever the timeline says";
}

}  // namespace
}  // namespace caseledger::testing
