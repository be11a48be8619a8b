#include "tests/bench/load/closed_load.h"

#include <optional>
#include <utility>

#include "caseledger/v1/casework.grpc.pb.h"
#include "caseledger/v1/dashboard.grpc.pb.h"
#include "caseledger/v1/intake.grpc.pb.h"
#include "tests/bench/load/contact_commands.h"
#include "tests/bench/load/latch.h"

namespace caseledger::bench {
namespace {

// Only one of its callbacks runs at a time.
class Lane {
 public:
  Lane(const Caller& caller, const ClosedLoad& load, AsyncCall call, SteadyClock::time_point until,
       Latch& latch)
      : caller_(caller), load_(load), call_(std::move(call)), until_(until), latch_(latch) {}

  void Send() {
    context_.emplace();
    caller_.Prepare(*context_);
    // Else calls of a connection that was cut fail where they are made, as fast as this can.
    if (load_.refusals_are_fine) context_->set_wait_for_ready(true);
    sent_ = SteadyClock::now();
    call_(*context_, [this](const grpc::Status& status) { Done(status); });
  }
  void AddTo(ClosedResult& result) {
    result.load.latency.Merge(std::move(samples_));
    result.load.failed += failed_;
    result.refused += refused_;
    if (result.load.first_error.empty()) result.load.first_error = error_;
  }

 private:
  void Done(const grpc::Status& status) {
    if (status.ok()) {
      samples_.Add(sent_);
    } else if (load_.refusals_are_fine) {
      ++refused_;
    } else {
      ++failed_;
      error_ = status.error_message();
    }
    if (SteadyClock::now() >= until_ || failed_ > 0) return latch_.Leave();
    Send();
  }

  const Caller& caller_;
  const ClosedLoad& load_;
  const AsyncCall call_;
  const SteadyClock::time_point until_;
  Latch& latch_;
  std::optional<grpc::ClientContext> context_;
  SteadyClock::time_point sent_;
  Samples samples_;
  uint64_t failed_ = 0;
  uint64_t refused_ = 0;
  std::string error_;
};

}  // namespace

ClosedResult RunClosedLoad(const Caller& caller, const ClosedLoad& load, const CallMaker& make) {
  Latch latch(load.in_flight);
  const auto start = SteadyClock::now();
  const auto until = start + std::chrono::duration_cast<SteadyClock::duration>(
                                 std::chrono::duration<double>(load.seconds));
  std::vector<std::unique_ptr<Lane>> lanes;
  lanes.reserve(static_cast<size_t>(load.in_flight));
  for (int i = 0; i < load.in_flight; ++i) {
    lanes.push_back(std::make_unique<Lane>(caller, load, make(i), until, latch));
  }
  for (const auto& lane : lanes) lane->Send();
  latch.Wait();
  ClosedResult result;
  result.load.seconds = SecondsSince(start);
  for (const auto& lane : lanes) lane->AddTo(result);
  return result;
}

CallMaker ContactCalls(const Caller& caller, uint64_t seed) {
  struct State {
    std::unique_ptr<v1::IntakeService::Stub> stub;
    ContactCommands commands;
    v1::CommandResult answer;
  };
  return [channel = caller.channel(), seed](int lane) -> AsyncCall {
    auto state = std::make_shared<State>(State{
        v1::IntakeService::NewStub(channel), ContactCommands(seed * 1000 + uint64_t(lane)), {}});
    return [state](grpc::ClientContext& context, std::function<void(grpc::Status)> done) {
      auto& async = *state->stub->async();
      switch (state->commands.Next()) {
        case ContactCommands::Step::kReceive:
          return async.ReceiveContact(&context, &state->commands.receive(), &state->answer,
                                      std::move(done));
        case ContactCommands::Step::kClassify:
          return async.ClassifyContact(&context, &state->commands.classify(), &state->answer,
                                       std::move(done));
        case ContactCommands::Step::kEnd:
          return async.EndContact(&context, &state->commands.end(), &state->answer,
                                  std::move(done));
      }
    };
  };
}

CallMaker CaseCalls(const Caller& caller, std::shared_ptr<const std::vector<std::string>> cases) {
  struct State {
    std::unique_ptr<v1::CaseworkService::Stub> stub;
    std::shared_ptr<const std::vector<std::string>> cases;
    size_t next;
    v1::GetCaseRequest request;
    v1::GetCaseResponse response;
  };
  return [channel = caller.channel(), cases = std::move(cases)](int lane) -> AsyncCall {
    auto state = std::make_shared<State>(State{
        v1::CaseworkService::NewStub(channel), cases, static_cast<size_t>(lane) * 37, {}, {}});
    state->request.set_ledger(kLedger);
    return [state](grpc::ClientContext& context, std::function<void(grpc::Status)> done) {
      state->request.set_case_id((*state->cases)[state->next++ % state->cases->size()]);
      state->stub->async()->GetCase(&context, &state->request, &state->response, std::move(done));
    };
  };
}

CallMaker ListCalls(const Caller& caller) {
  struct State {
    std::unique_ptr<v1::DashboardService::Stub> stub;
    v1::ListCasesRequest request;
    v1::ListCasesResponse response;
  };
  return [channel = caller.channel()](int) -> AsyncCall {
    auto state = std::make_shared<State>(State{v1::DashboardService::NewStub(channel), {}, {}});
    state->request.set_ledger(kLedger);
    state->request.set_page_size(1000);
    return [state](grpc::ClientContext& context, std::function<void(grpc::Status)> done) {
      state->stub->async()->ListCases(&context, &state->request, &state->response, std::move(done));
    };
  };
}

CallMaker LargeCalls(const Caller& caller, size_t bytes) {
  struct State {
    std::unique_ptr<v1::IntakeService::Stub> stub;
    v1::ReceiveContactRequest request;
    v1::CommandResult answer;
  };
  return [channel = caller.channel(), bytes](int) -> AsyncCall {
    auto state = std::make_shared<State>(State{v1::IntakeService::NewStub(channel), {}, {}});
    state->request.mutable_header()->set_ledger(std::string(bytes, 'x'));
    return [state](grpc::ClientContext& context, std::function<void(grpc::Status)> done) {
      state->stub->async()->ReceiveContact(&context, &state->request, &state->answer,
                                           std::move(done));
    };
  };
}

}  // namespace caseledger::bench
