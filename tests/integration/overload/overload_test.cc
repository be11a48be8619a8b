// Many more commands than the server takes, for a while.
//
//   overload_test [--seconds N]
//
//   --seconds N   how long each overload lasts; default 8
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>

#include "gtest/gtest.h"
#include "tests/integration/overload/command_load.h"
#include "tests/integration/overload/loaded_server.h"
#include "tests/integration/overload/recorded_check.h"
#include "tests/integration/support/server_memory.h"
#include "tests/support/test_flags.h"

namespace caseledger::testing {
namespace {

using std::chrono::seconds;

seconds overload_lasts{8};

// Eight times what the server has room for.
constexpr int kInFlight = 4096;
constexpr char kRoom[] = "512";
constexpr int kConnections = 16;

// No answer may take longer than so many times the average of its load: whatever waits, waits its
// turn, and nobody is passed over. The average itself follows from how fast the machine is.
constexpr int kMostTimesTheAverage = 6;

// What the server may hold beyond what it held before the overload. Its buffers fill as events are
// recorded, overload or not: two write buffers of 64 MiB each of the log and of the read models,
// the recent events with 32 MiB; the calls in flight get the rest, 16 KiB each.
constexpr uint64_t kMostGrowth = (4 * 64 + 32 + 64) * kMebibyte;

// Of the usual speed, once an overload has been over for a second. Tests are no benchmarks: other
// programs take their share of the machine too.
constexpr double kFullSpeed = 0.6;

// What a machine does on an ordinary busy day; measured after a second of settling.
LoadReport UsualLoad(LoadedServer& server) {
  return RunUnaryLoad(server.cast(), {64, 4, seconds(3), seconds(1)});
}

class Overload : public ::testing::Test {
 protected:
  // Runs `overload` between two usual loads, and checks what must hold of any overload.
  template <typename Function>
  void Between(Function overload) {
    const LoadReport before = UsualLoad(server_);
    const uint64_t memory_before = server_.memory().resident_bytes;
    const LoadReport over = overload();
    const LoadReport after = UsualLoad(server_);
    const uint64_t memory_peak = server_.memory().peak_bytes;
    Print("before", before);
    Print("overload", over);
    Print("after", after);
    std::printf("memory of the server: %llu MiB before, %llu MiB at most\n",
                static_cast<unsigned long long>(memory_before / kMebibyte),
                static_cast<unsigned long long>(memory_peak / kMebibyte));

    EXPECT_FALSE(over.outcomes.refused().empty()) << "that was no overload";
    EXPECT_FALSE(over.outcomes.taken().empty());
    EXPECT_LT(over.outcomes.slowest(), kMostTimesTheAverage * over.outcomes.average());
    EXPECT_LT(memory_peak, memory_before + kMostGrowth);
    ExpectFullSpeed(before, after);
    Outcomes all;
    for (const LoadReport* report : {&before, &over, &after}) all.Merge(report->outcomes);
    EXPECT_EQ(all.unexpected(), 0u) << all.first_unexpected();
    ExpectRecorded(server_.auditor(), server_.events_before(), all);
  }

  // When the machine itself has become slower, what a new server does on it now is the measure.
  static void ExpectFullSpeed(const LoadReport& before, const LoadReport& after) {
    double usual = before.taken_per_second;
    if (after.taken_per_second < kFullSpeed * usual) {
      LoadedServer fresh({"--max-waiting-commands", kRoom});
      usual = std::min(usual, UsualLoad(fresh).taken_per_second);
      std::printf("a new server: %.0f a second\n", usual);
    }
    EXPECT_GE(after.taken_per_second, kFullSpeed * usual);
  }

  static void Print(const char* when, const LoadReport& report) {
    std::printf("%-9s %6.0f a second, %zu taken, %zu refused; %lld ms on average, %lld at most\n",
                when, report.taken_per_second, report.outcomes.taken().size(),
                report.outcomes.refused().size(),
                static_cast<long long>(report.outcomes.average().count()),
                static_cast<long long>(report.outcomes.slowest().count()));
  }

  LoadedServer server_{{"--max-waiting-commands", kRoom}};
};

TEST_F(Overload, CallsAreAnsweredInTimeAndNothingIsLostOrKept) {
  Between([this] {
    return RunUnaryLoad(server_.cast(), {kInFlight, kConnections, overload_lasts, seconds(1)});
  });
}

// Someone else's calls go on meanwhile.
TEST_F(Overload, BatchStreamsAreAnsweredInTimeAndNothingIsLostOrKept) {
  LoadReport calls;
  Between([&, this] {
    std::thread caller([&, this] {
      calls = RunUnaryLoad(server_.cast(), {16, 1, overload_lasts, seconds(1)});
    });
    LoadReport streams =
        RunBatchLoad(server_.cast(), {kInFlight, kConnections, overload_lasts, seconds(1)});
    caller.join();
    Print("streams", streams);
    Print("calls", calls);
    EXPECT_FALSE(calls.outcomes.taken().empty());
    streams.outcomes.Merge(calls.outcomes);
    return streams;
  });
}

}  // namespace

int Main(int argc, char** argv) {
  return RunTestsWithFlags(argc, argv, [](std::string_view name, const char* value) {
    if (name == "--seconds") overload_lasts = seconds(std::atoi(value));
  });
}

}  // namespace caseledger::testing

int main(int argc, char** argv) { return caseledger::testing::Main(argc, argv); }
