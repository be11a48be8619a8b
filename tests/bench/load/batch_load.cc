#include "tests/bench/load/batch_load.h"

#include <condition_variable>
#include <mutex>
#include <thread>

#include "caseledger/v1/batch.grpc.pb.h"
#include "tests/bench/load/contact_commands.h"

namespace caseledger::bench {

LoadResult RunBatchLoad(const Caller& caller, const BatchLoad& load) {
  const auto stub = v1::BatchService::NewStub(caller.channel());
  grpc::ClientContext context;
  caller.Prepare(context);
  const auto stream = stub->Execute(&context);

  std::mutex mutex;
  std::condition_variable changed;
  uint64_t sent = 0;
  uint64_t answered = 0;
  bool ended = false;
  LoadResult result;
  const auto start = SteadyClock::now();
  std::thread reader([&] {
    v1::ExecuteResponse response;
    while (stream->Read(&response)) {
      const std::lock_guard lock(mutex);
      answered += static_cast<uint64_t>(response.answers_size());
      for (const v1::CommandAnswer& answer : response.answers()) {
        if (answer.has_result()) {
          result.latency.Add(start);  // counted; how long is asked of single commands
        } else if (result.failed++ == 0) {
          result.first_error = answer.error().message();
        }
      }
      changed.notify_all();
    }
    const std::lock_guard lock(mutex);
    ended = true;
    changed.notify_all();
  });

  ContactCommands commands(load.seed * 1000 + 999);
  const auto window = static_cast<uint64_t>(load.commands_per_message) *
                      static_cast<uint64_t>(load.messages_in_flight);
  v1::ExecuteRequest request;
  while (sent < load.commands) {
    request.Clear();
    for (int i = 0; i < load.commands_per_message && sent < load.commands; ++i, ++sent) {
      commands.Next();
      commands.MoveTo(*request.add_commands());
    }
    {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return ended || sent < answered + window; });
      if (ended) break;
    }
    if (!stream->Write(request)) break;
  }
  stream->WritesDone();
  reader.join();
  const grpc::Status status = stream->Finish();
  if (!status.ok() && result.first_error.empty()) {
    ++result.failed;
    result.first_error = status.error_message();
  }
  result.seconds = SecondsSince(start);
  return result;
}

}  // namespace caseledger::bench
