// A database of three nodes under Patroni, as delivered, fails under load in every way, and
// servers, too: nothing that was acknowledged is lost, nothing happens twice, and writing goes on.
// `--rounds N` fails more often, `--only N` always in the same way.
#include <signal.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "absl/strings/str_format.h"
#include "eventstore/postgres/schema.h"
#include "gmock/gmock.h"
#include "nlohmann/json.hpp"
#include "tests/integration/support/checkpoint_monitor.h"
#include "tests/integration/takeover/two_servers.h"
#include "tests/support/patroni_cluster.h"
#include "tests/support/postgres_cluster.h"
#include "tests/support/test_flags.h"

namespace caseledger::testing {
namespace {

using nlohmann::json;

int rounds = 6;
int only = 0;  // this one of kFailures, from 1 on; 0: one after the other

constexpr size_t kWriters = 64;

// Three nodes and a migrated database on them.
class Replicated {
 public:
  Replicated() {
    auto networks = NodeNetworks::Make(PatroniCluster::kNodes);
    if (networks.ok()) {
      networks_ = *std::move(networks);
    } else {
      std::printf("no network is cut: %s\n", std::string(networks.status().message()).c_str());
    }
    auto started = PatroniCluster::Start(networks_.get());
    EXPECT_TRUE(started.ok()) << started.status();
    if (!started.ok()) return;
    cluster_ = *std::move(started);
    const auto database = cluster_->CreateDatabase();
    EXPECT_TRUE(database.ok()) << database.status();
    if (!database.ok()) return;
    eventstore::PostgresMigration migration;
    migration.session.dsn = cluster_->Dsn(*database, PostgresCluster::kOwner);
    migration.server_role = PostgresCluster::kServerRole;
    const auto migrated = eventstore::MigratePostgres(migration);
    EXPECT_TRUE(migrated.ok()) << migrated.status();
    storage_.engine = app::kPostgres;
    storage_.dsn = cluster_->Dsn(*database, PostgresCluster::kServerRole);
    storage_.read_dsn = cluster_->Dsn(*database, PostgresCluster::kServerRole, "standby");
    storage_.lease_seconds = 3;
  }
  PatroniCluster* cluster() { return cluster_.get(); }
  const app::StorageChoice& storage() const { return storage_; }

 private:
  std::unique_ptr<NodeNetworks> networks_;  // null: all nodes are on the loopback
  std::unique_ptr<PatroniCluster> cluster_;
  app::StorageChoice storage_;
};

// Where two servers are, of which any takes any call: each caller knows one of them. It is told of
// another one only when that machine is replaced.
class Whereabouts {
 public:
  static constexpr size_t kServers = 2;

  explicit Whereabouts(Cast& cast) : cast_(cast) {}

  void Replace(size_t server, const std::string& address) {
    const std::lock_guard lock(mutex_);
    addresses_[server] = address;
    ++replaced_[server];
    changed_.notify_all();
  }
  // A client of that one; and how often it had been replaced by then.
  std::pair<std::unique_ptr<Client>, int> Connect(size_t server) {
    const std::lock_guard lock(mutex_);
    cast_.Serve(addresses_[server]);
    return {std::make_unique<Client>(cast_), replaced_[server]};
  }
  // Waits a little, or until it was replaced since.
  bool IsReplaced(size_t server, int since) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::milliseconds(100),
                             [&] { return replaced_[server] != since; });
  }

 private:
  Cast& cast_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::array<std::string, kServers> addresses_;
  std::array<int, kServers> replaced_ = {};
};

// Opens cases one after another, each until it is acknowledged, with the same request id.
class Writers {
 public:
  explicit Writers(Whereabouts& where) {
    for (size_t i = 0; i < kWriters; ++i) {
      threads_.emplace_back([this, &where, i] { Write(where, i % Whereabouts::kServers); });
    }
  }
  ~Writers() { Stop(); }

  void Stop() {
    stopping_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }
  size_t acknowledged() const {
    const std::lock_guard lock(mutex_);
    return records_.size();
  }
  // By record the position of the answer.
  std::map<std::string, uint64_t> records() const {
    const std::lock_guard lock(mutex_);
    return records_;
  }
  uint64_t repeated() const { return repeated_; }
  // Through each of the servers.
  std::array<size_t, Whereabouts::kServers> acknowledged_by() const {
    const std::lock_guard lock(mutex_);
    return acknowledged_by_;
  }
  // What calls failed with since the last time this was asked, and when they did, in seconds since
  // `begun`.
  std::string TakeTroubles(std::chrono::steady_clock::time_point begun) {
    const std::lock_guard lock(mutex_);
    std::string troubles;
    for (const auto& [trouble, seen] : troubles_) {
      const std::chrono::duration<double> first = seen.first - begun, last = seen.last - begun;
      absl::StrAppendFormat(&troubles, "%zu times, from %.1f to %.1f s: %s\n", seen.times,
                            first.count(), last.count(), trouble);
    }
    troubles_.clear();
    return troubles;
  }

 private:
  void Write(Whereabouts& where, size_t server) {
    auto [client, replaced] = where.Connect(server);
    while (!stopping_) {
      const v1::Command command = CommandOf("", kOpened);
      while (!stopping_) {
        const Answer<v1::CommandResult> answer = client->Send(command);
        if (answer.ok()) {
          const std::lock_guard lock(mutex_);
          const bool is_new =
              records_.emplace(answer.value.record_id(), answer.value.events(0).position()).second;
          EXPECT_TRUE(is_new) << "two requests got one record";
          ++acknowledged_by_[server];
          break;
        }
        const grpc::StatusCode code = answer.status.error_code();
        EXPECT_TRUE(code == grpc::StatusCode::UNAVAILABLE ||
                    code == grpc::StatusCode::DEADLINE_EXCEEDED ||
                    code == grpc::StatusCode::RESOURCE_EXHAUSTED)
            << code << ": " << answer.status.error_message();
        ++repeated_;
        Note(StrCat(code, " ", answer.status.error_message()));
        if (where.IsReplaced(server, replaced)) {
          std::tie(client, replaced) = where.Connect(server);
        }
      }
    }
  }

  struct Seen {
    size_t times = 0;
    std::chrono::steady_clock::time_point first;
    std::chrono::steady_clock::time_point last;
  };
  void Note(const std::string& trouble) {
    const std::lock_guard lock(mutex_);
    Seen& seen = troubles_[trouble];
    seen.last = std::chrono::steady_clock::now();
    if (seen.times++ == 0) seen.first = seen.last;
  }

  mutable std::mutex mutex_;
  std::map<std::string, uint64_t> records_;
  std::array<size_t, Whereabouts::kServers> acknowledged_by_ = {};
  std::map<std::string, Seen> troubles_;
  std::atomic<uint64_t> repeated_ = 0;
  std::atomic<bool> stopping_ = false;
  std::vector<std::thread> threads_;
};

class Failover : protected Replicated, public TwoServersTest {
 protected:
  Failover() : TwoServersTest(storage()) {}

  PatroniCluster& database() { return *cluster(); }
  Finished Run(const std::vector<std::string>& arguments) {
    std::vector<std::string> all = {CASELEDGER_PATH, "--ledger", kSharedLedger};
    for (const std::string& flag : cast_.ProgramFlags(Cast::Administrator())) all.push_back(flag);
    all.insert(all.end(), arguments.begin(), arguments.end());
    return RunToEnd(all);
  }
  json Status() {
    const Finished told = Run({"projection", "status", "--format", "json"});
    EXPECT_EQ(told.code, 0) << told.err;
    const json status = json::parse(told.out, nullptr, false);
    return status.is_discarded() ? json::array() : status["projections"];
  }
  // Reads on where it ended the last time: no event is missing, whatever was acknowledged is there,
  // where it was said to be, and nothing is there twice.
  void Audit(const Writers& writers) {
    const std::map<std::string, uint64_t> acknowledged = writers.records();
    ASSERT_TRUE(Eventually([&] {
      const Client reader(cast_, "", Cast::Auditor());
      const auto events = reader.Replay(opened_until_);
      for (const v1::RecordedEvent& event : events.value) {
        EXPECT_EQ(event.position(), opened_until_);
        ++opened_until_;
        if (!event.fact().has_case_opened()) continue;
        EXPECT_TRUE(opened_.emplace(event.record_id(), event.position()).second) << "opened twice";
      }
      return events.ok();
    }));
    for (const auto& [record, position] : acknowledged) {
      const auto found = opened_.find(record);
      ASSERT_NE(found, opened_.end()) << record << " was acknowledged and is lost";
      EXPECT_EQ(found->second, position) << record;
    }
  }
  // The rows that lived through it all are those that the events give: of one read model, the next
  // one each time; and of all of them.
  void ExpectSomeReadModelEqualsARebuild(int which) {
    const json all = Status();
    ASSERT_FALSE(all.empty());
    ExpectReadModelEqualsARebuild(
        all[static_cast<size_t>(which) % all.size()]["name"].get<std::string>());
  }
  void ExpectReadModelsEqualARebuild() {
    for (const json& projection : Status()) {
      ExpectReadModelEqualsARebuild(projection["name"].get<std::string>());
    }
  }
  void ExpectReadModelEqualsARebuild(const std::string& name) {
    EXPECT_TRUE(Eventually([&] {
      return Run({"projection", "rebuild", name, "--compare"}).code == 0;
    })) << name;
    json compared;
    EXPECT_TRUE(Eventually([&] {
      for (const json& row : Status()) {
        if (row["name"] == name && row.contains("comparison")) compared = row["comparison"];
      }
      return compared.contains("state") && compared["state"] != "waiting" &&
             compared["state"] != "running";
    })) << name;
    EXPECT_EQ(compared["state"], "same") << name << ": " << compared;
  }

  // What was signed before is in what is signed now, and it is signed up to what was seen.
  void AuditCheckpoints() {
    const Client auditor(cast_, "", Cast::Auditor());
    ASSERT_TRUE(Eventually([&] {
      const auto newest = auditor.Call<v1::GetCheckpointResponse>("HistoryService/GetCheckpoint",
                                                                  v1::GetCheckpointRequest());
      return newest.value.tree_size() >= opened_until_;
    }));
    monitor_.ExpectContinuesTheLast(auditor);
  }

  CheckpointMonitor monitor_;
  std::map<std::string, uint64_t> opened_;  // cases, with the position of their opening
  uint64_t opened_until_ = 0;
};

enum class Fails { kNoNode, kPrimary, kStandby };
enum class AtWork { kGoesOn, kDies, kIsSuspended };

struct Failure {
  const char* what;
  Fails node = Fails::kPrimary;
  AtWork server = AtWork::kGoesOn;  // which was at work
  bool of_watchdog = false;         // what failed goes on as a primary until its watchdog ends it
  bool of_network = false;          // needs one that can be cut
  void (*fail)(PatroniCluster& database, size_t node) = [](PatroniCluster&, size_t) {};
  void (*mend)(PatroniCluster& database, size_t node) = [](PatroniCluster&, size_t) {};
};

void KillDatabase(PatroniCluster& database, size_t node) { database.KillDatabase(node); }
void KillNode(PatroniCluster& database, size_t node) { database.KillNode(node); }
void Freeze(PatroniCluster& database, size_t node) { database.Freeze(node); }
void Cut(PatroniCluster& database, size_t node) { database.Cut(node); }
void Mend(PatroniCluster& database, size_t node) { database.Mend(node); }
void StartAgain(PatroniCluster& database, size_t node) {
  const absl::Status started = database.StartNode(node);
  EXPECT_TRUE(started.ok()) << started;
}

constexpr Failure kFailures[] = {
    {.what = "the primary's PostgreSQL is killed", .fail = KillDatabase},
    {.what = "the primary's machine fails, and the server at work",
     .server = AtWork::kDies,
     .fail = KillNode,
     .mend = StartAgain},
    {.what = "a standby's machine fails",
     .node = Fails::kStandby,
     .fail = KillNode,
     .mend = StartAgain},
    {.what = "the primary is suspended, and goes on when another took over",
     .of_watchdog = true,
     .fail = Freeze,
     .mend = StartAgain},
    {.what = "the primary's network is cut", .of_network = true, .fail = Cut, .mend = Mend},
    {.what = "the server at work is suspended, and goes on when the other took over",
     .node = Fails::kNoNode,
     .server = AtWork::kIsSuspended},
};

// Half a minute is promised, of which Patroni needs some 25 s by itself; where each way to fail is
// only tried, other tests may share the cores.
double LongestOutage() { return rounds > static_cast<int>(std::size(kFailures)) ? 30 : 60; }

TEST_F(Failover, NothingAcknowledgedIsLostAndWritingGoesOn) {
  ASSERT_NE(cluster(), nullptr);
  auto at_work = Work("one");
  auto standing_by = StandBy("two");
  ASSERT_TRUE(standing_by->AwaitPassingOn());
  // Everybody has their roles before anything fails.
  Client(cast_).Record("", kOpened);
  const Client auditor(cast_, "", Cast::Auditor());
  auditor.Admit(Cast::Auditor());
  cast_.Admit(kSharedLedger, Cast::Administrator());
  Whereabouts where(cast_);
  size_t working = 0;  // server
  where.Replace(0, at_work->address());
  where.Replace(1, standing_by->address());
  Writers writers(where);
  const auto await_more_through = [&](size_t server, size_t more) {
    const size_t before = writers.acknowledged_by()[server];
    EXPECT_TRUE(Eventually([&] {
      std::this_thread::yield();
      return writers.acknowledged_by()[server] >= before + more;
    })) << server
        << ", " << before;
  };
  const auto await_more = [&](size_t more) {
    for (size_t server = 0; server < Whereabouts::kServers; ++server) {
      await_more_through(server, more);
    }
  };
  for (int round = 0; round < rounds; ++round) {
    const size_t which = static_cast<size_t>(only > 0 ? only - 1 : round);
    const Failure failure = kFailures[which % std::size(kFailures)];
    SCOPED_TRACE(StrCat("round ", round + 1, ": ", failure.what));
    if (failure.of_network && !database().CanCut()) {
      std::printf("round %d: NOT DONE: %s\n", round + 1, failure.what);
      continue;
    }
    await_more(100);
    const absl::StatusOr<size_t> primary = database().AwaitPrimary();
    ASSERT_TRUE(primary.ok()) << primary.status();
    const size_t failing =
        failure.node == Fails::kStandby ? (*primary + 1) % PatroniCluster::kNodes : *primary;
    const auto failed_at = std::chrono::steady_clock::now();
    writers.TakeTroubles(failed_at);
    failure.fail(database(), failing);
    if (failure.server != AtWork::kGoesOn) {
      if (failure.server == AtWork::kDies) Kill(*at_work);
      if (failure.server == AtWork::kIsSuspended) at_work->process().Signal(SIGSTOP);
      ASSERT_TRUE(standing_by->AwaitListening());
      if (failure.server == AtWork::kIsSuspended) {
        // In the middle of commits, which others have made since.
        await_more_through(1 - working, kWriters);
        at_work->process().Signal(SIGCONT);
        EXPECT_EQ(at_work->process().Wait(), 1);
      }
      at_work = std::move(standing_by);
      standing_by = StandBy(working == 0 ? "one" : "two");
      ASSERT_TRUE(standing_by->AwaitPassingOn());
      where.Replace(working, standing_by->address());
      working = 1 - working;
    }
    absl::StatusOr<size_t> promoted = primary;
    if (failure.node == Fails::kPrimary) promoted = database().AwaitPrimary({failing});
    ASSERT_TRUE(promoted.ok()) << promoted.status();
    const std::chrono::duration<double> promoted_in = std::chrono::steady_clock::now() - failed_at;
    await_more(kWriters / Whereabouts::kServers + 1);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - failed_at;
    std::printf("round %d: %s; a primary after %.1f s, acknowledged again after %.1f s\n",
                round + 1, failure.what, promoted_in.count(), took.count());
    std::fflush(stdout);
    EXPECT_LT(took.count(), LongestOutage())
        << "seconds until writes go on\n"
        << writers.TakeTroubles(failed_at) << database().Logs();
    writers.TakeTroubles(failed_at);
    if (failure.of_watchdog) {
      database().ThawDatabase(failing);
      EXPECT_TRUE(database().SaysItIsPrimary(failing));
      // Servers have sessions to it from before, and look for a primary again.
      for (int times = 0; times < 5; ++times) {
        database().EndSessions(*promoted);
        await_more(kWriters);
      }
      EXPECT_TRUE(database().SaysItIsPrimary(failing));
      database().KillNode(failing);
    }
    failure.mend(database(), failing);
    const absl::Status whole = database().AwaitSynchronous(PatroniCluster::kNodes - 1);
    ASSERT_TRUE(whole.ok()) << whole;
    ASSERT_NO_FATAL_FAILURE(Audit(writers));
    ASSERT_NO_FATAL_FAILURE(AuditCheckpoints());
    ASSERT_NO_FATAL_FAILURE(ExpectSomeReadModelEqualsARebuild(round));
  }
  writers.Stop();
  const auto [by_first, by_second] = writers.acknowledged_by();
  std::printf(
      "%zu cases acknowledged, %zu through one server and %zu through the other; %llu calls "
      "repeated\n",
      writers.acknowledged(), by_first, by_second,
      static_cast<unsigned long long>(writers.repeated()));
  EXPECT_GT(writers.repeated(), 0u) << "nothing was disturbed";

  ASSERT_NO_FATAL_FAILURE(Audit(writers));
  // Each request until it was acknowledged, and the one of the beginning: none acted twice.
  EXPECT_EQ(opened_.size(), writers.acknowledged() + 1);
  ExpectReadModelsEqualARebuild();
  // The replay and the rebuilds, unless a standby was never as far as the log.
  const double pages = PagesFrom(*at_work, "standby");
  EXPECT_GT(pages, 0);
  std::printf("%.0f pages of events from standbys, %.0f from the primary\n", pages,
              PagesFrom(*at_work, "primary"));
  Stop(*standing_by);
  Stop(*at_work);
  const Finished verified = Verify();
  EXPECT_EQ(verified.code, 0) << verified.err << verified.out;
}

}  // namespace
}  // namespace caseledger::testing

int main(int argc, char** argv) {
  using namespace caseledger::testing;
  return RunTestsWithFlags(argc, argv, [](std::string_view name, const char* value) {
    if (name == "--rounds") rounds = std::stoi(value);
    if (name == "--only") only = std::stoi(value);
  });
}
