// Subscribers of every kind on a child server that takes commands as fast as it can.
#include <signal.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/integration/overload/command_load.h"
#include "tests/integration/overload/loaded_server.h"
#include "tests/integration/subscribers/follower.h"
#include "tests/integration/support/child_process.h"

namespace caseledger::testing {
namespace {

using std::chrono::seconds;

constexpr seconds kLoadLasts{3};

class Crowd : public ::testing::Test {
 protected:
  // Records contacts over several Batch streams; must be taken, every one.
  void Load() {
    const LoadReport load = RunBatchLoad(server_.cast(), {512, 4, kLoadLasts, seconds(0)});
    EXPECT_EQ(load.outcomes.unexpected(), 0u) << load.outcomes.first_unexpected();
    std::printf("%zu events were recorded\n", load.outcomes.taken().size());
  }

  std::vector<std::string> AllIds() {
    Follower whole(server_.cast());
    whole.Resume();
    EXPECT_TRUE(whole.ReadUntil(client_.EventCount()));
    return whole.event_ids();
  }

  LoadedServer server_{std::vector<std::string>{}};
  const Client client_{server_.cast(), "", kLoadSender};
};

TEST_F(Crowd, WhoReadsWhoIsSlowAndWhoComesBackAllSeeTheSameEvents) {
  std::thread load([this] { Load(); });
  Follower steady(server_.cast());
  Follower slow(server_.cast());
  Follower returning(server_.cast());
  std::atomic<bool> over = false;
  // To the end of the load, then to the end of the ledger.
  const auto follow = [&](Follower& follower, auto read_some) {
    follower.Resume();
    while (!over) read_some(follower);
    const uint64_t end = client_.EventCount();
    EXPECT_TRUE(follower.ReadUntil(end));
  };
  std::vector<std::thread> readers;
  readers.emplace_back([&] { follow(steady, [](Follower& f) { ASSERT_TRUE(f.ReadOne()); }); });
  readers.emplace_back([&] {
    follow(slow, [this](Follower& f) {
      for (int i = 0; i < 200; ++i) client_.EventCount();  // something else to do
      ASSERT_TRUE(f.ReadOne());
    });
  });
  readers.emplace_back([&] {
    follow(returning, [&over](Follower& f) {
      for (int i = 0; i < 3 && !over; ++i) ASSERT_TRUE(f.ReadOne());
      f.Resume();
    });
  });
  load.join();
  over = true;
  // Whoever waits for something new gets it.
  const v1::CommandResult last = client_.Record("", "contact_received { channel: 'sms' }");
  for (std::thread& reader : readers) reader.join();

  const std::vector<std::string> all = AllIds();
  // Not always the last one: heads are committed when so many events were recorded.
  EXPECT_THAT(all, ::testing::Contains(last.events(0).event_id()));
  for (Follower* follower : {&steady, &slow, &returning}) {
    EXPECT_TRUE(follower->ReadUntil(all.size()));
    EXPECT_TRUE(follower->event_ids() == all);
    std::printf("%llu messages, fell behind %llu times\n",
                static_cast<unsigned long long>(follower->messages()),
                static_cast<unsigned long long>(follower->fell_behind()));
  }
}

// Sixty-four who wait for what does not happen.
TEST_F(Crowd, WhoWaitsForWhatDoesNotHappenIsToldWhereToResumeAndCostsNoMemory) {
  constexpr size_t kWaiting = 64;
  // What the commands themselves leave in buffers and recent events.
  constexpr uint64_t kMostGrowth = 192 * kMebibyte;
  const uint64_t before = server_.memory().resident_bytes;
  std::vector<std::unique_ptr<Follower>> waiting;
  for (size_t i = 0; i < kWaiting; ++i) {
    waiting.push_back(std::make_unique<Follower>(server_.cast(), server_.events_before(),
                                                 std::vector<std::string>{"agency_registered"}));
    waiting.back()->Resume();
  }
  std::thread load([this] { Load(); });
  std::atomic<bool> over = false;
  std::vector<std::thread> readers;
  for (size_t i = 0; i < 2; ++i) {
    readers.emplace_back([&, i] {
      while (!over) {
        for (size_t j = i; j < kWaiting; j += 2) ASSERT_TRUE(waiting[j]->ReadOne());
      }
    });
  }
  load.join();
  const uint64_t end = client_.EventCount();
  over = true;
  client_.Record("", "contact_received { channel: 'sms' }");
  for (std::thread& reader : readers) reader.join();
  for (const auto& follower : waiting) {
    EXPECT_TRUE(follower->ReadUntil(end));
    EXPECT_TRUE(follower->event_ids().empty());
    EXPECT_GT(follower->messages(), 2u);
  }
  const uint64_t peak = server_.memory().peak_bytes;
  std::printf("memory of the server: %llu MiB before, %llu MiB at most\n",
              static_cast<unsigned long long>(before / kMebibyte),
              static_cast<unsigned long long>(peak / kMebibyte));
  EXPECT_LT(peak, before + kMostGrowth);

  // Who resumes there gets the one that matters, although nothing before it was of interest.
  for (const auto& follower : waiting) follower->Resume();
  const v1::CommandResult wanted =
      Client(server_.cast(), "", Cast::Administrator())
          .Record("ctxh-qn",
                  "agency_registered { kind: 'social_work_centre' name_vi: 'Trung tâm' }");
  for (const auto& follower : waiting) {
    ASSERT_TRUE(follower->ReadUntil(wanted.events(0).position() + 1));
    ASSERT_EQ(follower->event_ids().size(), 1u);
    EXPECT_EQ(follower->event_ids()[0], wanted.events(0).event_id());
  }
}

// Programs that are killed leave a connection that breaks, and nothing else says that they went.
TEST_F(Crowd, WhoIsKilledGivesThePlaceBackAndHoldsBackNobody) {
  constexpr int kRounds = 24;
  constexpr size_t kAtATime = 8;  // more all together than there are places, which are 128
  std::vector<std::string> follow = server_.cast().ProgramFlags(Cast::Auditor());
  follow.insert(follow.begin(), CASELEDGER_PATH);
  follow.insert(follow.end(), {"--format", "json", "log", "follow", "--from", "0"});
  Follower steady(server_.cast());
  steady.Resume();
  std::thread load([this] { Load(); });
  for (int round = 0; round < kRounds; ++round) {
    std::vector<std::unique_ptr<ChildProcess>> doomed;
    for (size_t i = 0; i < kAtATime; ++i) {
      doomed.push_back(std::make_unique<ChildProcess>(follow));
    }
    for (const auto& process : doomed) {
      EXPECT_TRUE(process->WaitForOutput("event_id")) << process->err();
      process->Signal(SIGKILL);
      EXPECT_EQ(process->Wait(), -SIGKILL);
    }
    // Nobody may wait for long without reading, however slow the machine starts programs.
    EXPECT_TRUE(steady.ReadUntil(client_.EventCount()));
  }
  load.join();
  EXPECT_TRUE(steady.ReadUntil(client_.EventCount()));
  EXPECT_TRUE(steady.event_ids() == AllIds());
}

}  // namespace
}  // namespace caseledger::testing
