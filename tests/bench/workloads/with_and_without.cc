// What the Merkle tree and its checkpoints, and what sealing costs durable commands.
#include <optional>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "tests/bench/load/unary_load.h"
#include "tests/bench/workloads/bench_run.h"
#include "tests/bench/workloads/helper_process.h"
#include "tests/bench/workloads/pairs.h"
#include "tests/bench/workloads/reads.h"

namespace caseledger::bench {
namespace {

constexpr int kInFlight = 64;
// Of the rate without: a tenth is what the tree may cost, 15 % what sealing may.
constexpr double kRateAtLeastWithTree = 0.9;
constexpr double kRateAtLeastWithSealing = 0.85;

// The same server with or without what `choice` names, with a ledger of its own.
class Side {
 public:
  Side(const BenchOptions& options, const std::string& choice, bool with)
      : choice_(choice),
        with_(with),
        directory_(StrCat(options.directory, "/", choice, with ? "-on" : "-off")),
        program_(options.program),
        deployment_(directory_) {}

  absl::Status Start() {
    std::vector<std::string> arguments{
        "embedded-server", "--" + choice_, with_ ? "on" : "off", "--data-dir", directory_,
        "--ledger",        kLedger};
    for (const auto& flags : {deployment_.Begin(), testing::NoAgencyLimits()}) {
      arguments.insert(arguments.end(), flags.begin(), flags.end());
    }
    server_.emplace(program_, std::move(arguments));
    ASSIGN_OR_RETURN(const std::string address, server_->Address());
    deployment_.Serve(address);
    operator_.emplace(deployment_.As(Operator()));
    administrator_.emplace(deployment_.As(testing::Cast::Administrator()));
    return Load(0.5, 9100).status();
  }

  // Ends only when nothing is left to be done, so that it takes nothing from the other side.
  absl::StatusOr<LoadResult> Load(double seconds, uint64_t seed) {
    UnaryLoad load{kInFlight, seconds, 0, seed};
    load.server = server_->process().pid();
    LoadResult result = RunUnaryLoad(*operator_, load);
    RETURN_IF_ERROR(CheckLoad(result));
    RETURN_IF_ERROR(WaitForProjections(*administrator_));
    if (with_ || choice_ != "tree") RETURN_IF_ERROR(WaitForCheckpoint(*operator_));
    return result;
  }

  absl::Status End() { return EndProcess(server_->process()); }

 private:
  const std::string choice_;
  const bool with_;
  const std::string directory_;
  const std::string program_;
  Deployment deployment_;
  std::optional<HelperProcess> server_;
  std::optional<Caller> operator_;
  std::optional<Caller> administrator_;
};

double CpuMicros(const LoadResult& load) {
  return load.cpu_seconds * 1e6 / static_cast<double>(load.latency.count());
}

}  // namespace

absl::Status BenchRun::MeasureTree() { return MeasureWithAndWithout("tree", kRateAtLeastWithTree); }

absl::Status BenchRun::MeasureSealing() {
  return MeasureWithAndWithout("sealing", kRateAtLeastWithSealing);
}

absl::Status BenchRun::MeasureWithAndWithout(const std::string& choice, double rate_at_least) {
  Side with(options_, choice, true);
  Side without(options_, choice, false);
  RETURN_IF_ERROR(with.Start());
  RETURN_IF_ERROR(without.Start());
  Pairs rates;
  Pairs cpu;
  for (int round = 0; round < options_.rounds; ++round) {
    Progress(StrCat("single commands with and without ", choice, ", round ", round + 1));
    const uint64_t seed = 7000 + static_cast<uint64_t>(round);
    // Who goes first changes, so that neither has the fresher machine.
    const bool with_first = round % 2 == 0;
    ASSIGN_OR_RETURN(LoadResult first, (with_first ? with : without).Load(options_.seconds, seed));
    ASSIGN_OR_RETURN(LoadResult second, (with_first ? without : with).Load(options_.seconds, seed));
    if (!with_first) std::swap(first, second);
    rates.Add(first.per_second(), second.per_second());
    cpu.Add(CpuMicros(first), CpuMicros(second));
  }
  report_.AddRatio(choice + ".64.rate", Median(rates.ours), "/s", "without it", Median(rates.limit),
                   Figure::Bar::kAtLeast, rate_at_least, Median(rates.ratios));
  report_.AddRatio(choice + ".64.cpu", Median(cpu.ours), "us", "without it", Median(cpu.limit),
                   Figure::Bar::kNone, 0, Median(cpu.ratios));
  RETURN_IF_ERROR(with.End());
  return without.End();
}

}  // namespace caseledger::bench
