// Several logs on one ledger, as of several servers on one database: the same for every engine that
// loads the head for each commit.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/eventstore/log_fixture.h"

namespace caseledger::eventstore::testing {

// Engines of two servers, which may be one.
class SharedStorage {
 public:
  virtual ~SharedStorage() = default;
  virtual Engine& EngineOf(size_t server) = 0;
};

struct SharedParam {
  std::string name;
  std::function<std::unique_ptr<SharedStorage>()> make;
};

inline void PrintTo(const SharedParam& param, std::ostream* out) { *out << param.name; }

class SharedLog : public ::testing::TestWithParam<SharedParam> {
 protected:
  static constexpr size_t kServers = 2;

  void SetUp() override {
    storage_ = GetParam().make();
    const absl::Status created =
        CreateLedger(storage_->EngineOf(0), kLedger, clock_, SystemRandom());
    ASSERT_TRUE(created.ok()) << created;
    for (size_t server = 0; server < kServers; ++server) Open(server);
  }
  void Open(size_t server, std::chrono::microseconds look = std::chrono::milliseconds(5)) {
    logs_[server].reset();
    SequencerOptions options;
    options.clock = &clock_;
    options.sealer = &caseledger::testing::SealsNothing();
    options.shared = true;
    options.look = look;
    auto log = OpenLog(storage_->EngineOf(server), kLedger, options);
    ASSERT_TRUE(log.ok()) << log.status();
    logs_[server] = *std::move(log);
  }
  EventLog& log(size_t server) { return *logs_[server]; }

  FakeClock clock_;
  std::unique_ptr<SharedStorage> storage_;
  std::unique_ptr<EventLog> logs_[kServers];
};

// What a subscriber is given, up to `events` of them.
inline std::vector<Uuid> Follow(EventLog& log, size_t events) {
  std::vector<Uuid> seen;
  auto subscription = log.Subscribe(0);
  EXPECT_TRUE(subscription.ok()) << subscription.status();
  while (subscription.ok() && seen.size() < events) {
    const auto delivery = (*subscription)->Next(absl::Seconds(30));
    EXPECT_TRUE(delivery.ok()) << delivery.status();
    if (!delivery.ok()) break;
    for (const RecordedEvent& event : delivery->events) {
      EXPECT_EQ(event.position, seen.size()) << "without holes, in order";
      seen.push_back(event.event_id);
    }
  }
  return seen;
}

TEST_P(SharedLog, ShowsWhatTheOtherCommittedThoughItCommitsNothing) {
  const RecordedEvent first = MustAppend(log(0), CaseStream(1));
  MustAppend(log(0), CaseStream(2));
  EXPECT_EQ(Follow(log(1), 2).at(0), first.event_id);
  EXPECT_EQ(log(1).Head().next_position, 2u);
  EXPECT_EQ(log(1).Tree()->Root(), log(0).Tree()->Root());
  EXPECT_EQ(log(1).ReadLedger(0, 0)->size(), 2u);
}

TEST_P(SharedLog, DecidesOnWhatTheOtherCommittedAndShowsItFirst) {
  Open(1, std::chrono::hours(1));  // learns of the other by its own commits alone
  MustAppend(log(1), CaseStream(1));
  MustAppend(log(0), CaseStream(1));
  const auto stale = log(1).Append(RequestFor(CaseStream(1), Expected::At(1)));
  EXPECT_EQ(stale.status().code(), absl::StatusCode::kAborted)
      << "its newest events are not newest";
  EXPECT_EQ(log(1).Head().next_position, 2u) << "whoever is refused may look why";
  MustAppend(log(0), CaseStream(2));
  const auto next = log(1).Append(RequestFor(CaseStream(1), Expected::At(2)));
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ(next->events[0].position, 3u);
  EXPECT_EQ(next->events[0].revision, 3u);
  EXPECT_EQ(Follow(log(1), 4).size(), 4u);
  EXPECT_EQ(log(1).Tree()->size(), 4u);
  EXPECT_EQ(Follow(log(0), 4), Follow(log(1), 4));
  EXPECT_EQ(log(1).Tree()->Root(), log(0).Tree()->Root());
}

TEST_P(SharedLog, AnswersARequestThatTheOtherCarriedOut) {
  Open(1, std::chrono::hours(1));
  const Uuid id = NextId();
  const Decision one{{EventFor(CaseStream(1))}, {{CaseStream(1), Expected::None()}}, {}};
  ASSERT_TRUE(log(0).Append(RequestWith(one, id)).ok());
  const auto again = log(1).Append(RequestWith(one, id));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->already_appended);
  EXPECT_EQ(log(1).Head().next_position, again->events[0].position + 1)
      << "whoever is answered may ask for that position";
}

TEST_P(SharedLog, ShowsAppendsOfOthersAsAWhole) {
  constexpr size_t kEvents = 1000;  // several pages
  Decision large;
  for (size_t i = 0; i < kEvents; ++i) {
    large.events.push_back(EventFor(CaseStream(i % 7), std::string(6000, 'x')));
  }
  MustAppend(log(0), CaseStream(1));
  ASSERT_TRUE(log(0).Append(RequestWith(large)).ok());
  MustAppend(log(0), CaseStream(1));
  std::set<uint64_t> heads;
  while (heads.empty() || *heads.rbegin() < kEvents + 2) {
    heads.insert(log(1).Head().next_position);
    std::this_thread::yield();
  }
  for (const uint64_t head : heads) {
    EXPECT_TRUE(head <= 1 || head > kEvents) << "a part of an append was shown: " << head;
  }
  EXPECT_EQ(Follow(log(1), kEvents + 2), Follow(log(0), kEvents + 2));
  EXPECT_EQ(log(1).Tree()->Root(), log(0).Tree()->Root());
}

TEST_P(SharedLog, TakesWhatBothCommitInOneOrderAndOnce) {
  constexpr int kWriters = 4;  // of each server
  constexpr int kAppends = 60;
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::atomic<uint64_t> aborted = 0;
  std::vector<std::vector<RecordedEvent>> acknowledged(kServers * kWriters);
  std::vector<std::thread> writers;
  for (size_t writer = 0; writer < acknowledged.size(); ++writer) {
    writers.emplace_back([&, writer] {
      std::mt19937_64 random(seed + writer);
      std::map<uint64_t, uint64_t> revisions;  // as this writer knows them
      for (int i = 0; i < kAppends; ++i) {
        const uint64_t stream = random() % 3;
        const uint64_t known = revisions[stream];
        const Expected expected = known == 0 ? Expected::Any() : Expected::At(known);
        const auto result = log(writer % kServers).Append(RequestFor(CaseStream(stream), expected));
        if (absl::IsAborted(result.status())) {
          ++aborted;
          revisions[stream] = 0;
          continue;
        }
        ASSERT_TRUE(result.ok()) << result.status();
        revisions[stream] = result->events[0].revision;
        acknowledged[writer].push_back(result->events[0]);
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  std::map<uint64_t, Uuid> by_position;
  size_t all = 0;
  for (const auto& events : acknowledged) {
    for (const RecordedEvent& event : events) {
      by_position[event.position] = event.event_id;
      ++all;
    }
  }
  ASSERT_EQ(by_position.size(), all) << "a position was given twice";
  EXPECT_EQ(by_position.rbegin()->first + 1, all) << "positions have holes";
  EXPECT_GT(aborted.load(), 0u) << "nobody was in anybody's way";
  for (size_t server = 0; server < kServers; ++server) {
    const std::vector<Uuid> seen = Follow(log(server), all);
    ASSERT_EQ(seen.size(), all);
    for (const auto& [position, id] : by_position) EXPECT_EQ(seen[position], id);
    EXPECT_EQ(log(server).Head().next_position, all);
  }
  EXPECT_EQ(log(0).Tree()->Root(), log(1).Tree()->Root());
  EXPECT_EQ(log(0).Tree()->size(), all);
  // As read from storage, by a log that saw none of it.
  const Hash256 root = log(0).Tree()->Root();
  Open(1);
  EXPECT_EQ(log(1).Tree()->Root(), root);
}

}  // namespace caseledger::eventstore::testing
