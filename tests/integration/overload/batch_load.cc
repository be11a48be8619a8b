#include <deque>
#include <thread>
#include <utility>

#include "caseledger/v1/batch.grpc.pb.h"
#include "eventstore/base/random.h"
#include "eventstore/base/strings.h"
#include "tests/integration/overload/command_load.h"

namespace caseledger::testing {
namespace {

// One stream with one message in flight.
class Exchange {
 public:
  Exchange(Cast& cast, int commands, const LoadPlan& plan, SteadyClock::time_point start)
      : client_(cast, "", kLoadSender),
        commands_(commands),
        settled_(start + plan.settling),
        until_(start + plan.lasting) {}

  void Run() {
    grpc::ClientContext context;
    client_.Prepare(context);
    context.set_deadline(std::chrono::system_clock::now() + kCallLimit + (until_ - settled_));
    const auto stub = v1::BatchService::NewStub(client_.channel());
    const auto stream = stub->Execute(&context);
    while (SteadyClock::now() < until_ && outcomes_.unexpected() == 0) SendAndRead(*stream);
    stream->WritesDone();
    const grpc::Status status = stream->Finish();
    if (!status.ok()) outcomes_.Unexpected(StrCat("the stream ended: ", status.error_message()));
  }

  Outcomes TakeOutcomes() { return std::move(outcomes_); }
  uint64_t counted() const { return counted_; }

 private:
  void SendAndRead(grpc::ClientReaderWriter<v1::ExecuteRequest, v1::ExecuteResponse>& stream) {
    std::deque<Uuid> waiting;
    v1::ExecuteRequest request;
    for (int i = 0; i < commands_; ++i) {
      waiting.push_back(Uuid::Generate(SystemClock(), SystemRandom()));
      *request.add_commands() = NewContact(waiting.back());
    }
    const auto sent = SteadyClock::now();
    bool going = stream.Write(request);
    v1::ExecuteResponse response;
    while (going && !waiting.empty() && (going = stream.Read(&response))) {
      for (const v1::CommandAnswer& answer : response.answers()) {
        if (waiting.empty() || answer.request_id() != waiting.front().ToString()) {
          return outcomes_.Unexpected("an answer out of order");
        }
        Note(waiting.front(), answer, sent);
        waiting.pop_front();
      }
    }
    if (!going) outcomes_.Unexpected(StrCat(waiting.size(), " commands without an answer"));
  }

  void Note(const Uuid& id, const v1::CommandAnswer& answer, SteadyClock::time_point sent) {
    const auto now = SteadyClock::now();
    outcomes_.Answered(now - sent);
    if (answer.has_error()) return outcomes_.Refused(id, answer.error());
    outcomes_.Took(id, answer.result());
    if (now >= settled_ && now < until_) ++counted_;
  }

  const Client client_;
  const int commands_;
  const SteadyClock::time_point settled_;
  const SteadyClock::time_point until_;
  Outcomes outcomes_;
  uint64_t counted_ = 0;
};

}  // namespace

LoadReport RunBatchLoad(Cast& cast, const LoadPlan& plan) {
  std::vector<std::unique_ptr<Exchange>> exchanges;
  std::vector<std::thread> threads;
  const auto start = SteadyClock::now();
  for (int i = 0; i < plan.connections; ++i) {
    exchanges.push_back(
        std::make_unique<Exchange>(cast, plan.in_flight / plan.connections, plan, start));
    threads.emplace_back([exchange = exchanges.back().get()] { exchange->Run(); });
  }
  for (std::thread& thread : threads) thread.join();
  LoadReport report;
  uint64_t counted = 0;
  for (const auto& exchange : exchanges) {
    counted += exchange->counted();
    report.outcomes.Merge(exchange->TakeOutcomes());
  }
  report.taken_per_second = plan.PerSecond(counted);
  return report;
}

}  // namespace caseledger::testing
