// A server killed at any moment under load, again and again on the same data.
//
//   crash_test [--rounds N] [--seed N]
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <string_view>

#include "gtest/gtest.h"
#include "tests/fault/crash/ledger_check.h"
#include "tests/fault/crash/read_models.h"
#include "tests/fault/crash/writers.h"
#include "tests/integration/support/child_process.h"
#include "tests/integration/support/scratch_directory.h"
#include "tests/support/test_flags.h"

namespace caseledger::testing {
namespace {

int rounds = 50;
uint64_t seed = 0;

constexpr size_t kMostAnswersARound = 600;
// Then a new ledger begins, so that a long run is not spent on reading back ever more events.
constexpr int kRoundsPerLedger = 100;
// Rounds between two comparisons of the read models with freshly built ones.
constexpr int kRoundsPerRebuild = 10;
constexpr char kLedger[] = "crash";

// Spends up to two milliseconds, so that the kill does not always follow an answer.
void Dither(std::mt19937_64& random) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(random() % 2000);
  while (std::chrono::steady_clock::now() < end) {
  }
}

// Loads a new server until a random number of further answers came, then ends it with `signal`.
// Returns its exit code.
int LoadAndEnd(const std::string& data_dir, int signal, std::mt19937_64& random, Journal& journal) {
  ServerProcess server(data_dir, {kLedger});
  if (server.address().empty()) return -1;
  if (journal.All().empty()) RegisterCentre(server.address(), journal);
  Writers writers(server.address(), random(), journal);
  journal.WaitForAcknowledged(journal.acknowledged() + 20 + random() % kMostAnswersARound);
  Dither(random);
  server.process().Signal(signal);
  const int code = server.process().Wait();
  writers.Join();
  EXPECT_EQ(server.process().err().find(kSecretName), std::string::npos) << "a name in the log";
  return code;
}

void StopCleanly(ServerProcess& server) {
  server.process().Signal(SIGTERM);
  EXPECT_EQ(server.process().Wait(), 0) << server.process().err();
}

void CheckAfterRestart(const std::string& data_dir, uint64_t round_seed, Journal& journal) {
  const auto tables = ReadTables(data_dir, kLedger);
  ServerProcess server(data_dir, {kLedger});
  ASSERT_FALSE(server.address().empty());
  const Client client(server.address());
  CheckResumed(client, tables);
  CheckLedger(client, journal);
  SendAgain(client, round_seed, journal);
  CheckLedger(client, journal);
  CheckProjections(client, journal);
  StopCleanly(server);
}

// What the projections made through all the kills is what a server makes of the log from nothing.
void CheckRebuilt(const std::string& data_dir, const Journal& journal) {
  const auto live = ReadTables(data_dir, kLedger);
  EXPECT_GE(live.size(), 5u);
  EXPECT_FALSE(live.at("case-list@1").rows.empty());
  std::filesystem::remove_all(data_dir + "/read-models");
  ServerProcess server(data_dir, {kLedger});
  ASSERT_FALSE(server.address().empty());
  CheckProjections(Client(server.address()), journal);
  StopCleanly(server);
  const auto rebuilt = ReadTables(data_dir, kLedger);
  ASSERT_EQ(rebuilt.size(), live.size());
  for (const auto& [name, table] : live) {
    // Brought up to date when heads are committed, which is by the clock: two servers stand at
    // different events. What its rows are made of is compared in commands_heads_keeper_test.
    if (name.starts_with("stream-heads@")) continue;
    EXPECT_TRUE(rebuilt.at(name) == table) << name << " differs from a fresh rebuild";
  }
}

void KillAndCheck(int first_round, int end_round, std::mt19937_64& random) {
  const ScratchDirectory directory;
  Journal journal;
  for (int round = first_round; round < end_round && !::testing::Test::HasFailure(); ++round) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed << ", round " << round);
    EXPECT_EQ(LoadAndEnd(directory / "data", SIGKILL, random, journal), -SIGKILL);
    CheckAfterRestart(directory / "data", random(), journal);
    if (round == end_round - 1 || round % kRoundsPerRebuild == kRoundsPerRebuild - 1) {
      CheckRebuilt(directory / "data", journal);
    }
  }
}

TEST(Crash, AKilledServerKeepsEveryAnswerItGave) {
  std::mt19937_64 random(seed);
  for (int first = 0; first < rounds && !HasFailure(); first += kRoundsPerLedger) {
    KillAndCheck(first, std::min(first + kRoundsPerLedger, rounds), random);
  }
}

// No clean end between the kills: what a crash left is what the next one meets.
TEST(Crash, AServerKilledManyTimesInARowKeepsEveryAnswerItGave) {
  std::mt19937_64 random(seed + 1);
  const ScratchDirectory directory;
  Journal journal;
  for (int round = 0; round < (rounds + 3) / 4 && !HasFailure(); ++round) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed << ", round " << round);
    EXPECT_EQ(LoadAndEnd(directory / "data", SIGKILL, random, journal), -SIGKILL);
  }
  CheckAfterRestart(directory / "data", random(), journal);
  CheckRebuilt(directory / "data", journal);
}

TEST(Crash, AServerAskedToEndUnderLoadKeepsEveryAnswerItGave) {
  std::mt19937_64 random(seed + 2);
  const ScratchDirectory directory;
  Journal journal;
  for (int round = 0; round < 3 && !HasFailure(); ++round) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed << ", round " << round);
    EXPECT_EQ(LoadAndEnd(directory / "data", SIGTERM, random, journal), 0);
    CheckAfterRestart(directory / "data", random(), journal);
  }
}

// Says what to run it again with, once the flags are known.
class SaysFlags : public ::testing::Environment {
  void SetUp() override {
    std::printf("crash_test --rounds %d --seed %llu\n", rounds,
                static_cast<unsigned long long>(seed));
  }
};

}  // namespace

int Main(int argc, char** argv) {
  seed = std::random_device{}();
  ::testing::AddGlobalTestEnvironment(new SaysFlags);
  return RunTestsWithFlags(argc, argv, [](std::string_view name, const char* value) {
    if (name == "--rounds") rounds = std::atoi(value);
    if (name == "--seed") seed = std::strtoull(value, nullptr, 10);
  });
}

}  // namespace caseledger::testing

int main(int argc, char** argv) { return caseledger::testing::Main(argc, argv); }
