// Durable commands, one at a time and in batches, beside what limits them.
#include <cstdio>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "tests/bench/limits/disk.h"
#include "tests/bench/load/batch_load.h"
#include "tests/bench/load/unary_load.h"
#include "tests/bench/workloads/bench_run.h"
#include "tests/bench/workloads/helper_process.h"
#include "tests/bench/workloads/pairs.h"
#include "tests/bench/workloads/reads.h"

namespace caseledger::bench {
namespace {

struct Bars {
  int in_flight;
  double at_least;
};
constexpr Bars kSingles[] = {{1, 0}, {8, 0}, {64, 0.7}, {256, 0.8}};

}  // namespace

absl::Status BenchRun::MeasureSingles() {
  ASSIGN_OR_RETURN(const auto deployment, Deploy("singles"));
  // The server of limits/noop_server.h, as a process of its own as ours is.
  std::vector<std::string> arguments{"noop-server", "--data-dir", "none", "--ledger", kLedger};
  for (std::string& flag : deployment->Begin()) arguments.push_back(std::move(flag));
  HelperProcess noop(options_.program, std::move(arguments));
  ASSIGN_OR_RETURN(const std::string noop_address, noop.Address());
  const Caller ours = deployment->As(Operator());
  const Caller limit = deployment->At(noop_address, Operator());
  UnaryLoad warm_up{64, 0.5, 0, 9000};
  RETURN_IF_ERROR(CheckLoad(RunUnaryLoad(ours, warm_up)));
  RETURN_IF_ERROR(CheckLoad(RunUnaryLoad(limit, warm_up)));
  for (const Bars& bars : kSingles) {
    Progress(StrCat("single commands, ", bars.in_flight, " in flight"));
    Pairs rates;
    Pairs medians;
    Pairs cpu;
    Samples latency;
    for (int round = 0; round < options_.rounds; ++round) {
      UnaryLoad load{bars.in_flight, options_.seconds, 0,
                     static_cast<uint64_t>(bars.in_flight * 100 + round)};
      load.server = noop.process().pid();
      LoadResult noop_load = RunUnaryLoad(limit, load);
      load.server = deployment->server().process().pid();
      LoadResult our_load = RunUnaryLoad(ours, load);
      RETURN_IF_ERROR(CheckLoad(noop_load));
      RETURN_IF_ERROR(CheckLoad(our_load));
      rates.Add(our_load.per_second(), noop_load.per_second());
      medians.Add(our_load.latency.Quantile(0.5),
                  noop_load.latency.Quantile(0.5) + 2 * sync_p50_micros_);
      cpu.Add(our_load.cpu_seconds * 1e6 / static_cast<double>(our_load.latency.count()),
              noop_load.cpu_seconds * 1e6 / static_cast<double>(noop_load.latency.count()));
      latency.Merge(std::move(our_load.latency));
    }
    const std::string name = StrCat("single.", bars.in_flight);
    report_.AddRatio(name + ".rate", Median(rates.ours), "/s", "no-op RPC", Median(rates.limit),
                     bars.at_least > 0 ? Figure::Bar::kAtLeast : Figure::Bar::kNone, bars.at_least,
                     Median(rates.ratios));
    if (bars.in_flight == 1) {
      report_.AddRatio(name + ".p50", Median(medians.ours), "us", "no-op p50 + 2 fdatasync",
                       Median(medians.limit), Figure::Bar::kAtMost, 1, Median(medians.ratios));
    } else {
      report_.Add(name + ".p50", latency.Quantile(0.5), "us");
    }
    report_.AddRatio(name + ".cpu", Median(cpu.ours), "us", "no-op RPC", Median(cpu.limit),
                     Figure::Bar::kNone, 0, Median(cpu.ratios));
    report_.Add(name + ".p99", latency.Quantile(0.99), "us");
    if (bars.in_flight == 64) single_64_per_second_ = Median(rates.ours);
  }
  return EndServer(deployment->server());
}

absl::Status BenchRun::MeasurePostgres() {
  Progress("PostgreSQL 15, 64 connections");
  ASSIGN_OR_RETURN(PostgresCluster* const cluster, Postgres());
  ASSIGN_OR_RETURN(const auto deployment, Deploy("beside-postgres"));
  const Caller ours = deployment->As(Operator());
  constexpr size_t kPayload = 600;  // stored bytes of an average event of ContactCommands
  constexpr int kConnections = 64;
  Pairs transactions;
  Pairs statements;
  for (int round = 0; round < options_.rounds; ++round) {
    UnaryLoad load{kConnections, options_.seconds, 0, static_cast<uint64_t>(5000 + round)};
    const LoadResult our_load = RunUnaryLoad(ours, load);
    RETURN_IF_ERROR(CheckLoad(our_load));
    using Form = PostgresCluster::Form;
    ASSIGN_OR_RETURN(const LoadResult transaction,
                     cluster->Append(Form::kTransaction, kConnections, kPayload, options_.seconds));
    RETURN_IF_ERROR(CheckLoad(transaction));
    ASSIGN_OR_RETURN(const LoadResult statement, cluster->Append(Form::kOneStatement, kConnections,
                                                                 kPayload, options_.seconds));
    RETURN_IF_ERROR(CheckLoad(statement));
    transactions.Add(our_load.per_second(), transaction.per_second());
    statements.Add(our_load.per_second(), statement.per_second());
  }
  report_.AddRatio("postgres.transaction", Median(transactions.ours), "/s", "PostgreSQL append",
                   Median(transactions.limit), Figure::Bar::kAtLeast, 3,
                   Median(transactions.ratios));
  report_.AddRatio("postgres.one_statement", Median(statements.ours), "/s",
                   "PostgreSQL one statement", Median(statements.limit), Figure::Bar::kAtLeast, 1,
                   Median(statements.ratios));
  return EndServer(deployment->server());
}

absl::Status BenchRun::MeasureBatch() {
  Pairs rates;
  for (int round = 0; round < options_.rounds; ++round) {
    Progress(StrCat("Batch stream, round ", round + 1));
    const std::string name = StrCat("batch-", round);
    ASSIGN_OR_RETURN(const auto deployment, Deploy(name));
    const Caller caller = deployment->As(Operator());
    ASSIGN_OR_RETURN(const uint64_t begun, LedgerSize(caller));
    BatchLoad load;
    load.commands = options_.events;
    load.seed = static_cast<uint64_t>(round + 1);
    const LoadResult ours = RunBatchLoad(caller, load);
    RETURN_IF_ERROR(CheckLoad(ours));
    RETURN_IF_ERROR(EndServer(deployment->server()));
    ASSIGN_OR_RETURN(const auto events,
                     LoadStoredEvents(options_.directory + "/" + name, begun, options_.events));
    ASSIGN_OR_RETURN(const LoadResult raw,
                     MeasureRawWrites(options_.directory + "/" + name, events, 100));
    rates.Add(ours.per_second(), raw.per_second());
  }
  batch_per_second_ = Median(rates.ours);
  report_.AddRatio("batch.rate", batch_per_second_, "/s", "RocksDB sync batches of 100",
                   Median(rates.limit), Figure::Bar::kAtLeast, 0.5, Median(rates.ratios));
  return absl::OkStatus();
}

}  // namespace caseledger::bench
