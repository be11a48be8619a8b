// Durable commands to a server whose ledgers are in PostgreSQL.
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/postgres/schema.h"
#include "tests/bench/limits/postgres.h"
#include "tests/bench/load/unary_load.h"
#include "tests/bench/workloads/bench_run.h"
#include "tests/bench/workloads/helper_process.h"
#include "tests/bench/workloads/pairs.h"
#include "tests/bench/workloads/reads.h"

namespace caseledger::bench {
namespace {

constexpr int kLanes[] = {1, 8, 64, 256};
constexpr int kWithBars = 64;
constexpr size_t kProvinces = 34;
constexpr int kParallel = 68;
constexpr size_t kPayload = 600;  // stored bytes of an average event of ContactCommands

absl::StatusOr<app::StorageChoice> NewStorage(PostgresCluster& cluster, const std::string& name) {
  app::StorageChoice storage;
  storage.engine = app::kPostgres;
  storage.db_connections = kProvinces + 6;
  ASSIGN_OR_RETURN(storage.dsn, cluster.CreateDatabase(name));
  eventstore::PostgresMigration migration;
  migration.session.dsn = storage.dsn;
  RETURN_IF_ERROR(eventstore::MigratePostgres(migration).status());
  return storage;
}

// A deployment of so many ledgers has one for each province.
std::vector<std::string> ManyLedgers() {
  std::vector<std::string> ledgers = {kLedger};
  while (ledgers.size() < kProvinces) ledgers.push_back(StrCat("province-", ledgers.size()));
  return ledgers;
}

}  // namespace

absl::Status BenchRun::MeasureDatabase() {
  ASSIGN_OR_RETURN(PostgresCluster* const cluster, Postgres());
  ASSIGN_OR_RETURN(const app::StorageChoice storage, NewStorage(*cluster, "caseledger"));
  Deployment deployment(options_.directory + "/in-database", storage);
  RETURN_IF_ERROR(deployment.Start(testing::NoAgencyLimits()));
  std::vector<std::string> arguments{"noop-server", "--data-dir", "none", "--ledger", kLedger};
  for (std::string& flag : deployment.Begin()) arguments.push_back(std::move(flag));
  HelperProcess noop(options_.program, std::move(arguments));
  ASSIGN_OR_RETURN(const std::string noop_address, noop.Address());
  const Caller ours = deployment.As(Operator());
  const Caller limit = deployment.At(noop_address, Operator());
  UnaryLoad warm_up{64, 0.5, 0, 9000};
  RETURN_IF_ERROR(CheckLoad(RunUnaryLoad(ours, warm_up)));
  RETURN_IF_ERROR(CheckLoad(RunUnaryLoad(limit, warm_up)));
  for (const int in_flight : kLanes) {
    Progress(StrCat("single commands to a ledger in PostgreSQL, ", in_flight, " in flight"));
    Pairs rates;
    Pairs appends;
    Samples latency;
    for (int round = 0; round < options_.rounds; ++round) {
      const UnaryLoad load{in_flight, options_.seconds, 0,
                           static_cast<uint64_t>(in_flight * 100 + round)};
      LoadResult noop_load = RunUnaryLoad(limit, load);
      LoadResult our_load = RunUnaryLoad(ours, load);
      RETURN_IF_ERROR(CheckLoad(noop_load));
      RETURN_IF_ERROR(CheckLoad(our_load));
      const double our_rate = our_load.per_second();
      rates.Add(our_rate, noop_load.per_second());
      latency.Merge(std::move(our_load.latency));
      if (in_flight != kWithBars) continue;
      ASSIGN_OR_RETURN(const LoadResult append,
                       cluster->Append(PostgresCluster::Form::kTransaction, in_flight, kPayload,
                                       options_.seconds));
      RETURN_IF_ERROR(CheckLoad(append));
      appends.Add(our_rate, append.per_second());
    }
    const std::string name = StrCat("database.", in_flight);
    const bool has_bars = in_flight == kWithBars;
    report_.AddRatio(name + ".rate", Median(rates.ours), "/s", "no-op RPC", Median(rates.limit),
                     has_bars ? Figure::Bar::kAtLeast : Figure::Bar::kNone, has_bars ? 0.4 : 0,
                     Median(rates.ratios));
    report_.Add(name + ".p50", latency.Quantile(0.5), "us");
    report_.Add(name + ".p99", latency.Quantile(0.99), "us");
    if (!has_bars) continue;
    report_.AddRatio(name + ".append", Median(appends.ours), "/s", "PostgreSQL append",
                     Median(appends.limit), Figure::Bar::kAtLeast, 2, Median(appends.ratios));
  }
  RETURN_IF_ERROR(MeasurePassingOn(deployment));
  RETURN_IF_ERROR(MeasureReadingDatabase(deployment, *cluster, storage.dsn));
  RETURN_IF_ERROR(EndServer(deployment.server()));
  return MeasureManyLedgers(*cluster);
}

absl::Status BenchRun::MeasureBeside(const std::string& name, LoadOf ours,
                                     const std::string& limit_name, LoadOf limit) {
  Pairs rates;
  Samples latency;
  for (int round = 0; round < options_.rounds; ++round) {
    limit.load.seed += 1;
    ours.load.seed = limit.load.seed + 1000;
    const LoadResult their_load = RunUnaryLoad(limit.caller, limit.load);
    LoadResult our_load = RunUnaryLoad(ours.caller, ours.load);
    RETURN_IF_ERROR(CheckLoad(their_load));
    RETURN_IF_ERROR(CheckLoad(our_load));
    rates.Add(our_load.per_second(), their_load.per_second());
    latency.Merge(std::move(our_load.latency));
  }
  report_.AddRatio(name + ".rate", Median(rates.ours), "/s", limit_name, Median(rates.limit),
                   Figure::Bar::kNone, 0, Median(rates.ratios));
  report_.Add(name + ".p50", latency.Quantile(0.5), "us");
  report_.Add(name + ".p99", latency.Quantile(0.99), "us");
  return absl::OkStatus();
}

absl::Status BenchRun::MeasurePassingOn(Deployment& deployment) {
  Progress("single commands through a server that stands by");
  ASSIGN_OR_RETURN(const auto standing_by, deployment.StandBy(testing::NoAgencyLimits()));
  const Caller there = deployment.As(Operator());
  const Caller here = deployment.At(standing_by->address(), Operator());
  const UnaryLoad load{kWithBars, options_.seconds, 0, 60'000};
  RETURN_IF_ERROR(
      MeasureBeside("database.passed_on", {here, load}, "the server at work", {there, load}));
  return EndServer(*standing_by);
}

absl::Status BenchRun::MeasureReadingDatabase(Deployment& deployment, PostgresCluster& cluster,
                                              const std::string& dsn) {
  const Caller administrator = deployment.As(testing::Cast::Administrator());
  const Caller auditor = deployment.As(testing::Cast::Auditor());
  RETURN_IF_ERROR(WaitForProjections(administrator));
  ASSIGN_OR_RETURN(const uint64_t events, LedgerSize(auditor));
  Pairs replays;
  for (int round = 0; round < options_.rounds; ++round) {
    Progress(StrCat("replay from PostgreSQL of ", events, " events, round ", round + 1));
    ASSIGN_OR_RETURN(const LoadResult raw, cluster.ReadEvents(dsn, kLedger));
    if (raw.latency.count() < events) return absl::DataLossError("events are missing");
    ASSIGN_OR_RETURN(const LoadResult replay, Replay(auditor, events));
    replays.Add(replay.per_second(), raw.per_second());
  }
  report_.AddRatio("database.replay.rate", Median(replays.ours), "events/s", "PostgreSQL COPY",
                   Median(replays.limit), Figure::Bar::kNone, 0, Median(replays.ratios));
  ASSIGN_OR_RETURN(const auto states, ProjectionStates(administrator));
  for (const ProjectionState& projection : states) {
    Progress(StrCat("rebuild of ", projection.name, " from PostgreSQL"));
    ASSIGN_OR_RETURN(const double seconds,
                     Rebuild(administrator, projection.name.substr(0, projection.name.find('@'))));
    report_.Add("database.rebuild." + projection.name, static_cast<double>(events) / seconds,
                "events/s");
  }
  return absl::OkStatus();
}

absl::Status BenchRun::MeasureManyLedgers(PostgresCluster& cluster) {
  Progress(StrCat("a server with ", kProvinces, " ledgers in PostgreSQL"));
  ASSIGN_OR_RETURN(app::StorageChoice storage, NewStorage(cluster, "provinces"));
  const std::vector<std::string> ledgers = ManyLedgers();
  Deployment deployment(options_.directory + "/provinces", std::move(storage), ledgers);
  RETURN_IF_ERROR(deployment.Start(testing::NoAgencyLimits()));
  const Caller caller = deployment.As(Operator());
  UnaryLoad warm_up{kParallel, 1, 0, 9001};
  warm_up.ledgers = ledgers;
  RETURN_IF_ERROR(CheckLoad(RunUnaryLoad(caller, warm_up)));
  const UnaryLoad in_one{kParallel, options_.seconds, 0, 70'000};
  UnaryLoad in_all = in_one;
  in_all.ledgers = ledgers;
  RETURN_IF_ERROR(MeasureBeside(StrCat("database.", kProvinces, "_ledgers"), {caller, in_all},
                                "one of them", {caller, in_one}));
  return EndServer(deployment.server());
}

}  // namespace caseledger::bench
