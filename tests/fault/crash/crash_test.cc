// A server killed at any moment under load, again and again on the same data.
//
//   crash_test [--rounds N] [--seed N]
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <string_view>

#include "eventstore/base/clock.h"
#include "gtest/gtest.h"
#include "tests/fault/crash/ledger_check.h"
#include "tests/fault/crash/read_models.h"
#include "tests/fault/crash/writers.h"
#include "tests/integration/support/cast.h"
#include "tests/integration/support/child_process.h"
#include "tests/integration/support/client.h"
#include "tests/integration/support/scratch_directory.h"
#include "tests/support/test_flags.h"

namespace caseledger::testing {
namespace {

int rounds = 50;
uint64_t seed = 0;

constexpr size_t kMostAnswersARound = 600;
// Then a new ledger begins, so that a run is not spent on reading back ever more events.
constexpr int kRoundsPerLedger = 25;
// Rounds between two comparisons of the read models with freshly built ones.
constexpr int kRoundsPerRebuild = 10;
constexpr char kLedger[] = "crash";
constexpr char kTrail[] = "crash.access";

// One ledger with its people, through all the times its server ends.
struct Site {
  Site() { cast.Begin(data_dir, kLedger, SystemClock()); }

  ScratchDirectory directory;
  const std::string data_dir = directory / "data";
  Cast cast{directory / "pki"};
  Journal journal;
};

// A server of the site.
class SiteServer {
 public:
  explicit SiteServer(Site& site)
      : site_(site), server_(site.data_dir, {kLedger}, site.cast.ServerFlags(NoAgencyLimits())) {
    site.cast.Serve(server_.address());
  }

  bool running() const { return !server_.address().empty(); }
  ChildProcess& process() { return server_.process(); }
  // Who reads the whole ledger, or the whole trail.
  Client Auditor(const char* ledger) const { return Client(site_.cast, ledger, Cast::Auditor()); }
  // Who may ask how the server does.
  Client Administrator(const char* ledger) const {
    return Client(site_.cast, ledger, Cast::Administrator());
  }
  void StopCleanly() {
    process().Signal(SIGTERM);
    EXPECT_EQ(process().Wait(), 0) << process().err();
  }

 private:
  Site& site_;
  ServerProcess server_;
};

// Spends up to two milliseconds, so that the kill does not always follow an answer.
void Dither(std::mt19937_64& random) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(random() % 2000);
  while (std::chrono::steady_clock::now() < end) {
  }
}

// Everybody gets their roles, before there are writers.
void AdmitAll(Site& site, const SiteServer& server) {
  for (const Who& who : {kOperator, kWorker, kHost, Cast::Auditor()}) {
    site.cast.Admit(kLedger, who);
  }
  const auto begun = server.Auditor(kLedger).Replay();
  EXPECT_TRUE(begun.ok()) << begun.status.error_message();
  site.journal.SetBeginning(begun.value);
}

// Loads a new server until a random number of further answers came, then ends it with `signal`.
// Returns its exit code.
int LoadAndEnd(Site& site, int signal, std::mt19937_64& random) {
  SiteServer server(site);
  if (!server.running()) return -1;
  Journal& journal = site.journal;
  if (journal.beginning().empty()) AdmitAll(site, server);
  Writers writers(site.cast, random(), journal);
  journal.WaitForAcknowledged(journal.acknowledged() + 20 + random() % kMostAnswersARound);
  Dither(random);
  server.process().Signal(signal);
  const int code = server.process().Wait();
  writers.Join();
  EXPECT_EQ(server.process().err().find(kSecretName), std::string::npos) << "a name in the log";
  return code;
}

void CheckAfterRestart(Site& site, uint64_t round_seed) {
  const auto tables = ReadTables(site.data_dir, kLedger);
  const auto trail_tables = ReadTables(site.data_dir, kTrail);
  SiteServer server(site);
  ASSERT_TRUE(server.running());
  CheckResumed(server.Administrator(kLedger), tables);
  CheckResumed(server.Administrator(kTrail), trail_tables);
  const Client client = server.Auditor(kLedger);
  CheckLedger(client, site.journal);
  CheckTrail(server.Auditor(kTrail), site.journal);
  SendAgain(client, round_seed, site.journal);
  CheckLedger(client, site.journal);
  CheckProjections(server.Administrator(kLedger));
  CheckCases(client, site.journal);
  CheckProjections(server.Administrator(kTrail));  // all of the looks above
  server.StopCleanly();
}

// The projections' tables by name, of the ledger and of its trail.
struct AllTables {
  std::map<std::string, StoredTable> ledger;
  std::map<std::string, StoredTable> trail;
};

// What a server makes of the read models in `models` once all are at the head; none there: all
// anew.
AllTables TablesAtHead(Site& site, const std::string& models) {
  const std::string used = site.data_dir + "/read-models";
  if (std::filesystem::exists(models)) std::filesystem::rename(models, used);
  SiteServer server(site);
  EXPECT_TRUE(server.running());
  if (!server.running()) return {};
  for (const char* ledger : {kLedger, kTrail}) CheckProjections(server.Administrator(ledger));
  server.StopCleanly();
  AllTables tables{ReadTables(site.data_dir, kLedger), ReadTables(site.data_dir, kTrail)};
  std::filesystem::rename(used, models);
  return tables;
}

bool AtTheSameHeads(const AllTables& one, const AllTables& two) {
  return one.ledger.at("case-list@2").applied_events ==
             two.ledger.at("case-list@2").applied_events &&
         one.trail.at("access-trail@2").applied_events ==
             two.trail.at("access-trail@2").applied_events;
}

void ExpectSame(const std::map<std::string, StoredTable>& rebuilt,
                const std::map<std::string, StoredTable>& live) {
  ASSERT_EQ(rebuilt.size(), live.size());
  for (const auto& [name, table] : live) {
    // Brought up to date when heads are committed, which is by the clock: two servers stand at
    // different events. What its rows are made of is compared in commands_heads_keeper_test.
    if (name.starts_with("stream-heads@")) continue;
    EXPECT_TRUE(rebuilt.at(name) == table) << name << " differs from a fresh rebuild";
  }
}

// What the projections made through all the kills is what a server makes of the logs from nothing.
void CheckRebuilt(Site& site) {
  const std::string live_models = site.directory / "live";
  const std::string rebuilt_models = site.directory / "rebuilt";
  std::filesystem::rename(site.data_dir + "/read-models", live_models);
  AllTables live;
  AllTables rebuilt;
  // A server that starts commits to heads that fell due before, which is one event more. Then both
  // go on to it.
  EXPECT_TRUE(Eventually([&] {
    live = TablesAtHead(site, live_models);
    rebuilt = TablesAtHead(site, rebuilt_models);
    return ::testing::Test::HasFailure() || AtTheSameHeads(live, rebuilt);
  }));
  if (::testing::Test::HasFailure()) return;
  EXPECT_GE(live.ledger.size(), 5u);
  EXPECT_FALSE(live.ledger.at("case-list@2").rows.empty());
  EXPECT_FALSE(live.trail.at("access-trail@2").rows.empty());
  ExpectSame(rebuilt.ledger, live.ledger);
  ExpectSame(rebuilt.trail, live.trail);
  std::filesystem::remove_all(live_models);
  std::filesystem::rename(rebuilt_models, site.data_dir + "/read-models");
  SiteServer server(site);
  ASSERT_TRUE(server.running());
  CheckCases(server.Auditor(kLedger), site.journal);
  server.StopCleanly();
}

void KillAndCheck(int first_round, int end_round, std::mt19937_64& random) {
  Site site;
  for (int round = first_round; round < end_round && !::testing::Test::HasFailure(); ++round) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed << ", round " << round);
    EXPECT_EQ(LoadAndEnd(site, SIGKILL, random), -SIGKILL);
    CheckAfterRestart(site, random());
    if (round == end_round - 1 || round % kRoundsPerRebuild == kRoundsPerRebuild - 1) {
      CheckRebuilt(site);
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
  Site site;
  for (int round = 0; round < (rounds + 3) / 4 && !HasFailure(); ++round) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed << ", round " << round);
    EXPECT_EQ(LoadAndEnd(site, SIGKILL, random), -SIGKILL);
  }
  CheckAfterRestart(site, random());
  CheckRebuilt(site);
}

TEST(Crash, AServerAskedToEndUnderLoadKeepsEveryAnswerItGave) {
  std::mt19937_64 random(seed + 2);
  Site site;
  for (int round = 0; round < 3 && !HasFailure(); ++round) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed << ", round " << round);
    EXPECT_EQ(LoadAndEnd(site, SIGTERM, random), 0);
    CheckAfterRestart(site, random());
  }
}

}  // namespace

int Main(int argc, char** argv) {
  seed = std::random_device{}();
  ::testing::AddGlobalTestEnvironment(new SaysFlags([] {
    return "crash_test --rounds " + std::to_string(rounds) + " --seed " + std::to_string(seed);
  }));
  return RunTestsWithFlags(argc, argv, [](std::string_view name, const char* value) {
    if (name == "--rounds") rounds = std::atoi(value);
    if (name == "--seed") seed = std::strtoull(value, nullptr, 10);
  });
}

}  // namespace caseledger::testing

int main(int argc, char** argv) { return caseledger::testing::Main(argc, argv); }
