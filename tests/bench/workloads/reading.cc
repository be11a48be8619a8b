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
#include "tests/bench/load/identity.h"
#include "tests/bench/load/unary_load.h"
#include "tests/bench/workloads/bench_run.h"
#include "tests/bench/workloads/reads.h"

namespace caseledger::bench {
namespace {

// Sends a command and asks the list of cases for its position, again and again while `running`: the
// samples are from the command's answer to the query's.
LoadResult MeasureReadYourWrites(const std::shared_ptr<grpc::Channel>& channel,
                                 const std::atomic<bool>& running) {
  const auto intake = v1::IntakeService::NewStub(channel);
  const auto dashboard = v1::DashboardService::NewStub(channel);
  ContactCommands commands(4242);
  LoadResult result;
  const auto start = SteadyClock::now();
  while (running) {
    while (commands.Next() != ContactCommands::Step::kReceive) {
    }
    grpc::ClientContext context;
    Identify(context);
    v1::CommandResult answer;
    grpc::Status status = intake->ReceiveContact(&context, commands.receive(), &answer);
    const auto begin = SteadyClock::now();
    if (status.ok()) {
      grpc::ClientContext query_context;
      Identify(query_context);
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
  auto server = StartServer("reads");
  ASSIGN_OR_RETURN(const LoadResult fill, Fill(*server, options_.events, 77));
  auto channel = Connect(server->address());

  Progress("histories of single records");
  ASSIGN_OR_RETURN(const auto contacts, FirstContacts(channel, 1000));
  ASSIGN_OR_RETURN(LoadResult histories, ReadHistories(channel, contacts, options_.seconds));
  report_.Add("history.rate", histories.per_second(), "/s");
  report_.Add("history.p50", histories.latency.Quantile(0.5), "us");

  Progress("rebuild of every read model");
  RETURN_IF_ERROR(WaitForProjections(channel));
  ASSIGN_OR_RETURN(const auto states, ProjectionStates(channel));
  for (const ProjectionState& projection : states) {
    ASSIGN_OR_RETURN(const double seconds,
                     Rebuild(channel, projection.name.substr(0, projection.name.find('@'))));
    report_.AddBar("rebuild." + projection.name, static_cast<double>(options_.events) / seconds,
                   "events/s", Figure::Bar::kAtLeast, 250'000);
  }

  std::vector<double> replays;
  std::vector<double> raws;
  std::vector<double> ratios;
  for (int round = 0; round < options_.rounds; ++round) {
    Progress(StrCat("replay, round ", round + 1));
    ASSIGN_OR_RETURN(const LoadResult replay, Replay(channel, options_.events));
    RETURN_IF_ERROR(EndServer(*server));
    ASSIGN_OR_RETURN(const LoadResult raw, MeasureRawIteration(options_.directory + "/reads"));
    if (raw.latency.count() != options_.events) return absl::DataLossError("events are missing");
    replays.push_back(replay.per_second());
    raws.push_back(raw.per_second());
    ratios.push_back(replay.per_second() / raw.per_second());
    server = StartServer("reads");
    channel = Connect(server->address());
  }
  report_.AddRatio("replay.rate", Median(replays), "events/s", "RocksDB iteration", Median(raws),
                   Figure::Bar::kAtLeast, 0.7, Median(ratios));
  return EndServer(*server);
}

absl::Status BenchRun::MeasureLag() {
  const double full = single_64_per_second_ > 0 ? single_64_per_second_ : 10'000;
  Progress(StrCat("projection lag at ", static_cast<int>(full / 2), " commands a second"));
  const auto server = StartServer("lag");
  const auto channel = Connect(server->address());
  std::atomic<bool> running = true;
  LoadResult lag;
  std::thread reader([&] { lag = MeasureReadYourWrites(Connect(server->address()), running); });
  const LoadResult load =
      RunUnaryLoad(channel, {64, std::max(options_.seconds, 1.0) * 2, full / 2, 31});
  running = false;
  reader.join();
  RETURN_IF_ERROR(CheckLoad(load));
  RETURN_IF_ERROR(CheckLoad(lag));
  report_.Add("lag.load", load.per_second(), "/s");
  report_.Add("lag.p50", lag.latency.Quantile(0.5) / 1000, "ms");
  report_.AddBar("lag.p99", lag.latency.Quantile(0.99) / 1000, "ms", Figure::Bar::kAtMost, 50);
  return EndServer(*server);
}

}  // namespace caseledger::bench
