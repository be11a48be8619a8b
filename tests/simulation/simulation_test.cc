// Simulated lives of a ledger. As a test: fixed seeds and some new ones, over both engines.
//
// --seed N           this one only, with its outcome told
// --seeds N          so many from --seed (default 1) on
// --minutes N        new ones for so long
// --engine NAME      memory or rocksdb (default: both)
// --trace            every step of every run
#include "tests/simulation/simulation.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace caseledger::simulation {
namespace {

struct Flags {
  std::optional<uint64_t> seed;
  std::optional<uint64_t> seeds;
  std::optional<uint64_t> minutes;
  std::vector<EngineKind> engines = {EngineKind::kMemory, EngineKind::kRocksDb};
  bool trace = false;

  bool is_set() const { return seed.has_value() || seeds.has_value() || minutes.has_value(); }
};

// What many runs did together.
struct Totals {
  uint64_t runs = 0;
  uint64_t breaches = 0;
  uint64_t steps = 0;
  uint64_t events = 0;
  uint64_t sessions = 0;
  uint64_t failures = 0;
  uint64_t crashes = 0;

  void Print(const char* what) const {
    std::printf(
        "%s: %llu runs, %llu steps, %llu events, %llu sessions, %llu failures of storage, "
        "%llu crashes\n",
        what, static_cast<unsigned long long>(runs), static_cast<unsigned long long>(steps),
        static_cast<unsigned long long>(events), static_cast<unsigned long long>(sessions),
        static_cast<unsigned long long>(failures), static_cast<unsigned long long>(crashes));
  }
};

// Prints how to replay a run that shows a breach.
RunReport RunOnce(const RunOptions& options, Totals& totals) {
  RunReport report = RunSimulation(options);
  ++totals.runs;
  totals.steps += report.steps;
  totals.events += report.events;
  totals.sessions += report.sessions;
  totals.failures += report.failures;
  totals.crashes += report.crashes;
  if (!report.breach.empty()) {
    ++totals.breaches;
    std::printf("%s\nreplay: %s\n%s\n", report.breach.c_str(), ReplayCommand(options).c_str(),
                report.trace.c_str());
    std::fflush(stdout);
  }
  return report;
}

uint64_t RandomSeed() { return std::random_device()(); }

class Simulation : public ::testing::TestWithParam<EngineKind> {};

TEST_P(Simulation, TheSameSeedGivesTheSameSteps) {
  Totals totals;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const RunOptions options = {.seed = seed, .engine = GetParam()};
    const RunReport first = RunOnce(options, totals);
    const RunReport second = RunOnce(options, totals);
    EXPECT_EQ(first.trace_hash, second.trace_hash) << ReplayCommand(options);
    EXPECT_EQ(first.steps, second.steps) << ReplayCommand(options);
  }
}

TEST_P(Simulation, WhatMustHoldHoldsForKnownSeeds) {
  Totals totals;
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    EXPECT_EQ(RunOnce({.seed = seed, .engine = GetParam()}, totals).breach, "");
  }
  totals.Print("known seeds");
}

TEST_P(Simulation, WhatMustHoldHoldsForNewSeeds) {
  Totals totals;
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(RunOnce({.seed = RandomSeed(), .engine = GetParam()}, totals).breach, "");
  }
  totals.Print("new seeds");
}

INSTANTIATE_TEST_SUITE_P(Engines, Simulation,
                         ::testing::Values(EngineKind::kMemory, EngineKind::kRocksDb),
                         [](const auto& engine) { return NameOf(engine.param); });

void RunSeed(uint64_t seed, const Flags& flags, Totals& totals) {
  for (const EngineKind engine : flags.engines) {
    const RunOptions options = {.seed = seed, .engine = engine, .print_trace = flags.trace};
    const RunReport report = RunOnce(options, totals);
    if (!flags.seeds.has_value() && !flags.minutes.has_value()) {
      std::printf("%s: %s, trace %016llx\n", ReplayCommand(options).c_str(),
                  report.breach.empty() ? "all held" : report.breach.c_str(),
                  static_cast<unsigned long long>(report.trace_hash));
    }
  }
}

int RunByFlags(const Flags& flags) {
  Totals totals;
  if (flags.minutes.has_value()) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(*flags.minutes);
    while (std::chrono::steady_clock::now() < end) RunSeed(RandomSeed(), flags, totals);
  } else {
    const uint64_t first = flags.seed.value_or(1);
    for (uint64_t i = 0; i < flags.seeds.value_or(1); ++i) RunSeed(first + i, flags, totals);
  }
  totals.Print("simulation");
  if (totals.breaches > 0)
    std::printf("%llu runs showed a breach\n", static_cast<unsigned long long>(totals.breaches));
  return totals.breaches == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

// Nullopt: a flag is not known or lacks its value.
std::optional<Flags> ReadFlags(int count, char** arguments) {
  Flags flags;
  for (int i = 1; i < count; ++i) {
    const std::string flag = arguments[i];
    if (flag == "--trace") {
      flags.trace = true;
      continue;
    }
    if (++i == count) return std::nullopt;
    const std::string value = arguments[i];
    if (flag == "--engine" && value == "memory") {
      flags.engines = {EngineKind::kMemory};
    } else if (flag == "--engine" && value == "rocksdb") {
      flags.engines = {EngineKind::kRocksDb};
    } else if (flag == "--seed") {
      flags.seed = std::strtoull(value.c_str(), nullptr, 10);
    } else if (flag == "--seeds") {
      flags.seeds = std::strtoull(value.c_str(), nullptr, 10);
    } else if (flag == "--minutes") {
      flags.minutes = std::strtoull(value.c_str(), nullptr, 10);
    } else {
      return std::nullopt;
    }
  }
  return flags;
}

}  // namespace
}  // namespace caseledger::simulation

int main(int count, char** arguments) {
  ::testing::InitGoogleTest(&count, arguments);
  const auto flags = caseledger::simulation::ReadFlags(count, arguments);
  if (!flags.has_value()) {
    std::fputs("flags: --seed N --seeds N --minutes N --engine memory|rocksdb --trace\n", stderr);
    return EXIT_FAILURE;
  }
  if (flags->is_set()) return caseledger::simulation::RunByFlags(*flags);
  return RUN_ALL_TESTS();
}
