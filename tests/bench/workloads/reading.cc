// Histories, replays, rebuilds, and how far projections are behind under load.
#include <algorithm>
#include <atomic>
#include <filesystem>
#include <thread>

#include "caseledger/v1/dashboard.grpc.pb.h"
#include "caseledger/v1/intake.grpc.pb.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "tests/bench/limits/disk.h"
#include "tests/bench/load/contact_commands.h"
#include "tests/bench/load/unary_load.h"
#include "tests/bench/workloads/bench_run.h"
#include "tests/bench/workloads/pairs.h"
#include "tests/bench/workloads/reads.h"

namespace caseledger::bench {
namespace {

// Sends a command and asks the list of cases for its position, again and again while `running`: the
// samples are from the command's answer to the query's.
LoadResult MeasureReadYourWrites(const Caller& caller, const std::atomic<bool>& running) {
  const auto intake = v1::IntakeService::NewStub(caller.channel());
  const auto dashboard = v1::DashboardService::NewStub(caller.channel());
  ContactCommands commands(4242);
  LoadResult result;
  const auto start = SteadyClock::now();
  while (running) {
    while (commands.Next() != ContactCommands::Step::kReceive) {
    }
    grpc::ClientContext context;
    caller.Prepare(context);
    v1::CommandResult answer;
    grpc::Status status = intake->ReceiveContact(&context, commands.receive(), &answer);
    const auto begin = SteadyClock::now();
    if (status.ok()) {
      grpc::ClientContext query_context;
      caller.Prepare(query_context);
      v1::ListCasesRequest query;
      query.set_ledger(kLedger);
      query.set_page_size(1);
      query.set_min_position(answer.events(0).position());
      v1::ListCasesResponse response;
      status = dashboard->ListCases(&query_context, query, &response);
    }
    if (!status.ok()) {
      ++result.failed;
      result.first_error = status.error_message();
      break;
    }
    result.latency.Add(begin);
  }
  result.seconds = SecondsSince(start);
  return result;
}

}  // namespace

absl::Status BenchRun::MeasureReads() {
  Progress(StrCat("filling a ledger with ", options_.events, " events"));
  ASSIGN_OR_RETURN(const auto deployment, Deploy("reads"));
  const Caller worker = deployment->As(Operator());
  const Caller administrator = deployment->As(testing::Cast::Administrator());
  deployment->As(testing::Cast::Auditor());  // admitted before the events are counted
  RETURN_IF_ERROR(Fill(worker, options_.events, 77).status());
  ASSIGN_OR_RETURN(const uint64_t events, LedgerSize(worker));

  Progress("histories of single records");
  ASSIGN_OR_RETURN(const auto contacts, FirstContacts(worker, 1000));
  ASSIGN_OR_RETURN(LoadResult histories, ReadHistories(worker, contacts, options_.seconds));
  report_.Add("history.rate", histories.per_second(), "/s");
  report_.Add("history.p50", histories.latency.Quantile(0.5), "us");

  Progress("rebuild of every read model");
  RETURN_IF_ERROR(WaitForProjections(administrator));
  ASSIGN_OR_RETURN(const auto states, ProjectionStates(administrator));
  for (const ProjectionState& projection : states) {
    ASSIGN_OR_RETURN(const double seconds,
                     Rebuild(administrator, projection.name.substr(0, projection.name.find('@'))));
    report_.AddBar("rebuild." + projection.name, static_cast<double>(events) / seconds, "events/s",
                   Figure::Bar::kAtLeast, 250'000);
  }
  return MeasureReplay(*deployment, events);
}

absl::Status BenchRun::MeasureReplay(Deployment& deployment, uint64_t events) {
  Pairs rates;
  for (int round = 0; round < options_.rounds; ++round) {
    Progress(StrCat("replay, round ", round + 1));
    if (round > 0) RETURN_IF_ERROR(deployment.Start(testing::NoAgencyLimits()));
    ASSIGN_OR_RETURN(const LoadResult replay,
                     Replay(deployment.As(testing::Cast::Auditor()), events));
    RETURN_IF_ERROR(EndServer(deployment.server()));
    ASSIGN_OR_RETURN(const LoadResult raw, MeasureRawIteration(options_.directory + "/reads"));
    if (raw.latency.count() < events) return absl::DataLossError("events are missing");
    rates.Add(replay.per_second(), raw.per_second());
  }
  report_.AddRatio("replay.rate", Median(rates.ours), "events/s", "RocksDB iteration",
                   Median(rates.limit), Figure::Bar::kAtLeast, 0.7, Median(rates.ratios));
  return absl::OkStatus();
}

absl::Status BenchRun::MeasureLag() {
  const double full = single_64_per_second_ > 0 ? single_64_per_second_ : 10'000;
  Progress(StrCat("projection lag at ", static_cast<int>(full / 2), " commands a second"));
  ASSIGN_OR_RETURN(const auto deployment, Deploy("lag"));
  const Caller worker = deployment->As(Operator());
  const Caller reading = deployment->As(Operator());
  std::atomic<bool> running = true;
  LoadResult lag;
  std::thread reader([&] { lag = MeasureReadYourWrites(reading, running); });
  const LoadResult load =
      RunUnaryLoad(worker, {64, std::max(options_.seconds, 1.0) * 2, full / 2, 31});
  running = false;
  reader.join();
  RETURN_IF_ERROR(CheckLoad(load));
  RETURN_IF_ERROR(CheckLoad(lag));
  report_.Add("lag.load", load.per_second(), "/s");
  report_.Add("lag.p50", lag.latency.Quantile(0.5) / 1000, "ms");
  report_.AddBar("lag.p99", lag.latency.Quantile(0.99) / 1000, "ms", Figure::Bar::kAtMost, 50);
  return EndServer(deployment->server());
}

}  // namespace caseledger::bench
