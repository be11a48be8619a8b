#include "tests/bench/load/flood.h"

#include <cstdio>
#include <thread>

#include "caseledger/v1/batch.grpc.pb.h"
#include "eventstore/base/status_macros.h"
#include "tests/bench/load/closed_load.h"
#include "tests/bench/load/contact_commands.h"

namespace caseledger::bench {
namespace {

constexpr int kConnections = 4;
constexpr int kLanesOfEach = 64;  // of each kind of call on a connection
constexpr int kBatches = 8;
constexpr size_t kLargeBytes = 1u << 20;

// Sends full messages of commands for as long as the server reads; the number of answers.
uint64_t FloodBatch(const Caller& caller, uint64_t seed, SteadyClock::time_point until) {
  grpc::ClientContext context;
  caller.Prepare(context);
  context.set_deadline(
      std::chrono::system_clock::now() +
      std::chrono::duration_cast<std::chrono::system_clock::duration>(until - SteadyClock::now()));
  const auto stream = v1::BatchService::NewStub(caller.channel())->Execute(&context);
  std::thread writer([&] {
    ContactCommands commands(seed);
    v1::ExecuteRequest request;
    do {
      request.Clear();
      for (int i = 0; i < 256; ++i) {
        commands.Next();
        commands.MoveTo(*request.add_commands());
      }
    } while (stream->Write(request));
  });
  uint64_t answers = 0;
  v1::ExecuteResponse response;
  while (stream->Read(&response)) answers += static_cast<uint64_t>(response.answers_size());
  writer.join();
  stream->Finish().ok();  // its deadline
  return answers;
}

}  // namespace

int RunFlood(const std::string& address, const CallerFiles& files, const std::string& case_id,
             const std::set<std::string>& kinds, double seconds) {
  const auto until = SteadyClock::now() + std::chrono::duration_cast<SteadyClock::duration>(
                                              std::chrono::duration<double>(seconds));
  const auto cases = std::make_shared<const std::vector<std::string>>(1, case_id);
  const ClosedLoad load{kLanesOfEach, seconds, true};
  std::vector<std::thread> threads;
  std::vector<ClosedResult> results(static_cast<size_t>(kConnections) * 4);
  std::vector<uint64_t> answers(kBatches);
  for (int c = 0; c < kConnections; ++c) {
    const absl::StatusOr<Caller> caller = Caller::FromFiles(address, files);
    if (!caller.ok()) {
      std::fprintf(stderr, "%s\n", caller.status().ToString().c_str());
      return 1;
    }
    const std::pair<const char*, CallMaker> makers[] = {
        {"commands", ContactCalls(*caller, 77 + static_cast<uint64_t>(c))},
        {"reads", CaseCalls(*caller, cases)},
        {"lists", ListCalls(*caller)},
        {"large", LargeCalls(*caller, kLargeBytes)}};
    for (int kind = 0; kind < 4; ++kind) {
      if (!kinds.contains(makers[kind].first)) continue;
      threads.emplace_back([caller = *caller, load, make = makers[kind].second,
                            &result = results[static_cast<size_t>(c * 4 + kind)]] {
        result = RunClosedLoad(caller, load, make);
      });
    }
    for (int b = c; b < kBatches && kinds.contains("batches"); b += kConnections) {
      threads.emplace_back([caller = *caller, b, until, &count = answers[static_cast<size_t>(b)]] {
        count = FloodBatch(caller, 900 + static_cast<uint64_t>(b), until);
      });
    }
  }
  std::fprintf(stderr, "flooding\n");
  for (std::thread& thread : threads) thread.join();
  uint64_t answered = 0;
  uint64_t refused = 0;
  for (const ClosedResult& result : results) {
    answered += result.load.latency.count();
    refused += result.refused;
  }
  uint64_t batched = 0;
  for (const uint64_t count : answers) batched += count;
  std::printf("answered %llu refused %llu batched %llu\n",
              static_cast<unsigned long long>(answered), static_cast<unsigned long long>(refused),
              static_cast<unsigned long long>(batched));
  return 0;
}

}  // namespace caseledger::bench
