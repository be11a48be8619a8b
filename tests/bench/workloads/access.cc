// What access costs and what it holds off: reads with their trail beside commands, and a quiet
// agency beside one at full flood; over TLS with identities, roles and the default rules.
#include <condition_variable>
#include <future>
#include <mutex>

#include "caseledger/v1/casework.grpc.pb.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "tests/bench/load/closed_load.h"
#include "tests/bench/load/contact_commands.h"
#include "tests/bench/load/deployment.h"
#include "tests/bench/workloads/bench_run.h"
#include "tests/bench/workloads/helper_process.h"
#include "tests/bench/workloads/pairs.h"

namespace caseledger::bench {
namespace {

const testing::Who& Quiet() {
  static const auto& who = *new testing::Who{"minh", "ctxh-qn", "hotline_operator,case_worker"};
  return who;
}
const testing::Who& Flooding() {
  static const auto& who = *new testing::Who{"tam", "ca-tinh", "hotline_operator,case_worker"};
  return who;
}

constexpr size_t kCases = 500;
constexpr auto kQuietEvery = std::chrono::milliseconds(20);

using Cases = std::shared_ptr<const std::vector<std::string>>;

absl::StatusOr<Cases> OpenCases(const Caller& worker, const std::string& agency, size_t count) {
  std::vector<std::string> cases;
  for (size_t i = 0; i < count; ++i) {
    v1::Command command;
    command.mutable_fact()->mutable_case_opened()->set_case_type("gender_based_violence");
    command.mutable_fact()->mutable_case_opened()->set_owner_agency_id(agency);
    ASSIGN_OR_RETURN(cases.emplace_back(), RecordAs(worker, std::move(command)));
  }
  return std::make_shared<const std::vector<std::string>>(std::move(cases));
}

void WaitUntil(SteadyClock::time_point when) {
  std::mutex mutex;
  std::condition_variable never;
  std::unique_lock lock(mutex);
  never.wait_until(lock, when, [] { return false; });
}

// A call each kQuietEvery, a command and a read in turn. Latency counts from when it was due, so
// that a call which is held up does not hide the ones behind it.
absl::StatusOr<Samples> QuietLoad(const Caller& caller, const Cases& cases, double seconds,
                                  uint64_t seed) {
  const AsyncCall calls[] = {ContactCalls(caller, seed)(0), CaseCalls(caller, cases)(0)};
  Samples samples;
  const auto start = SteadyClock::now();
  size_t i = 0;
  for (auto due = start; SecondsSince(start) < seconds; due += kQuietEvery, ++i) {
    WaitUntil(due);
    grpc::ClientContext context;
    caller.Prepare(context);
    std::promise<grpc::Status> done;
    calls[i % 2](context, [&done](grpc::Status status) { done.set_value(std::move(status)); });
    const grpc::Status status = done.get_future().get();
    if (!status.ok()) return absl::UnavailableError(status.error_message());
    samples.Add(due);
  }
  return samples;
}

}  // namespace

absl::Status BenchRun::MeasureTrailedReads() {
  ASSIGN_OR_RETURN(const auto deployment, Deploy("trailed"));
  const Caller worker = deployment->As(Quiet());
  ASSIGN_OR_RETURN(const Cases cases, OpenCases(worker, Quiet().agency, kCases));
  const ClosedLoad warm_up{64, 0.5, false};
  RETURN_IF_ERROR(CheckLoad(RunClosedLoad(worker, warm_up, ContactCalls(worker, 8000)).load));
  Pairs rates;
  Samples latency;
  for (int round = 0; round < options_.rounds; ++round) {
    Progress(StrCat("reads with the trail, 64 in flight, round ", round + 1));
    const ClosedLoad load{64, options_.seconds, false};
    const uint64_t seed = 8100 + static_cast<uint64_t>(round);
    LoadResult commands = RunClosedLoad(worker, load, ContactCalls(worker, seed)).load;
    LoadResult reads = RunClosedLoad(worker, load, CaseCalls(worker, cases)).load;
    RETURN_IF_ERROR(CheckLoad(commands));
    RETURN_IF_ERROR(CheckLoad(reads));
    rates.Add(reads.per_second(), commands.per_second());
    latency.Merge(std::move(reads.latency));
  }
  report_.AddRatio("reads_with_trail.64.rate", Median(rates.ours), "/s",
                   "durable commands, 64 in flight", Median(rates.limit), Figure::Bar::kAtLeast,
                   0.6, Median(rates.ratios));
  report_.Add("reads_with_trail.64.p99", latency.Quantile(0.99), "us");
  return EndServer(deployment->server());
}

// Apart from one another: while large messages come in, a call waits behind the reading of them.
absl::Status BenchRun::MeasureFlood() {
  RETURN_IF_ERROR(MeasureFloodOf("calls", {"commands", "reads", "lists", "batches"}));
  return MeasureFloodOf("large_messages", {"large"});
}

absl::Status BenchRun::MeasureFloodOf(const std::string& name,
                                      const std::vector<std::string>& kinds) {
  Deployment deployment(options_.directory + "/flood_of_" + name);
  RETURN_IF_ERROR(deployment.Start({}));
  const Caller quiet = deployment.As(Quiet());
  ASSIGN_OR_RETURN(const Cases cases, OpenCases(quiet, Quiet().agency, 20));
  ASSIGN_OR_RETURN(const Cases theirs, OpenCases(deployment.As(Flooding()), Flooding().agency, 1));
  const CallerFiles files = deployment.FilesOf(Flooding());
  Pairs p99;
  std::vector<double> added;
  for (int round = 0; round < options_.rounds; ++round) {
    Progress(StrCat("a quiet agency, alone and beside a flood of ", name, ", round ", round + 1));
    const uint64_t seed = 9100 + static_cast<uint64_t>(round) * 2;
    ASSIGN_OR_RETURN(Samples alone, QuietLoad(quiet, cases, options_.seconds, seed));
    std::vector<std::string> arguments{
        "flood",           "--address",       deployment.server().address(),
        "--authority",     files.authority,   "--certificate",
        files.certificate, "--key",           files.key,
        "--token-file",    files.token,       "--case",
        theirs->front(),   "--flood-seconds", StrCat(options_.seconds + 1)};
    for (const std::string& kind : kinds) {
      arguments.insert(arguments.end(), {"--kind", kind});
    }
    HelperProcess flood(options_.program, arguments);
    if (!flood.process().WaitForError("flooding")) {
      return absl::UnavailableError(flood.process().err());
    }
    ASSIGN_OR_RETURN(Samples beside, QuietLoad(quiet, cases, options_.seconds, seed + 1));
    if (flood.process().Wait() != 0) return absl::UnavailableError(flood.process().err());
    Progress(StrCat("the flood: ", flood.process().out()));
    Progress(StrCat("beside the flood p50 ", beside.Quantile(0.5) / 1e3, " p90 ",
                    beside.Quantile(0.9) / 1e3, " max ", beside.Quantile(1) / 1e3, " ms"));
    p99.Add(beside.Quantile(0.99) / 1e3, alone.Quantile(0.99) / 1e3);
    added.push_back(p99.ours.back() - p99.limit.back());
  }
  const std::string prefix = StrCat("flood.", name, ".quiet_p99");
  report_.Add(StrCat(prefix, ".alone"), Median(p99.limit), "ms");
  report_.Add(StrCat(prefix, ".beside"), Median(p99.ours), "ms");
  report_.AddBar(StrCat(prefix, ".added"), Median(added), "ms", Figure::Bar::kAtMost, 25);
  return EndServer(deployment.server());
}

}  // namespace caseledger::bench
