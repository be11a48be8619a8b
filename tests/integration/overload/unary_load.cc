#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include "caseledger/v1/intake.grpc.pb.h"
#include "eventstore/base/random.h"
#include "tests/integration/overload/command_load.h"

namespace caseledger::testing {
namespace {

// What the lanes of a load have in common. Thread-safe.
class Course {
 public:
  explicit Course(const LoadPlan& plan)
      : settled_(SteadyClock::now() + plan.settling),
        until_(SteadyClock::now() + plan.lasting),
        running_(plan.in_flight) {}

  bool Counts(SteadyClock::time_point now) const { return now >= settled_ && now < until_; }
  bool Over(SteadyClock::time_point now) const { return now >= until_; }

  // A lane has ended, with so many commands taken that count.
  void Leave(uint64_t counted) {
    const std::lock_guard lock(mutex_);
    counted_ += counted;
    if (--running_ == 0) all_left_.notify_all();
  }
  // Waits for all lanes and says how many commands counted.
  uint64_t Wait() {
    std::unique_lock lock(mutex_);
    all_left_.wait(lock, [this] { return running_ == 0; });
    return counted_;
  }

 private:
  const SteadyClock::time_point settled_;
  const SteadyClock::time_point until_;
  std::mutex mutex_;
  std::condition_variable all_left_;
  int running_;
  uint64_t counted_ = 0;
};

// One command in flight. Only one of its callbacks runs at a time.
class Lane {
 public:
  Lane(const Client& client, v1::IntakeService::Stub& stub, Course& course)
      : client_(client), stub_(stub), course_(course) {
    request_.mutable_header()->set_purpose("services");
    request_.mutable_fact()->set_channel("sms");
  }

  void Send() {
    request_id_ = Uuid::Generate(SystemClock(), SystemRandom());
    request_.mutable_header()->set_request_id(request_id_.ToString());
    context_.emplace();
    client_.Prepare(*context_);
    context_->set_deadline(std::chrono::system_clock::now() + kCallLimit);
    sent_ = SteadyClock::now();
    stub_.async()->ReceiveContact(&*context_, &request_, &result_,
                                  [this](const grpc::Status& status) { Done(status); });
  }

  Outcomes TakeOutcomes() { return std::move(outcomes_); }

 private:
  void Done(const grpc::Status& status) {
    const auto now = SteadyClock::now();
    outcomes_.Answered(now - sent_);
    if (status.ok()) {
      outcomes_.Took(request_id_, result_);
      if (course_.Counts(now)) ++counted_;
    } else {
      google::rpc::Status error;
      if (!error.ParseFromString(status.error_details()) || error.code() != status.error_code()) {
        outcomes_.Unexpected(status.error_message());
      }
      outcomes_.Refused(request_id_, error);
    }
    if (!course_.Over(now) && outcomes_.unexpected() == 0) return Send();
    course_.Leave(counted_);
  }

  const Client& client_;
  v1::IntakeService::Stub& stub_;
  Course& course_;
  Uuid request_id_;
  v1::ReceiveContactRequest request_;
  v1::CommandResult result_;
  std::optional<grpc::ClientContext> context_;
  SteadyClock::time_point sent_;
  Outcomes outcomes_;
  uint64_t counted_ = 0;
};

}  // namespace

LoadReport RunUnaryLoad(Cast& cast, const LoadPlan& plan) {
  std::vector<std::unique_ptr<Client>> clients;
  std::vector<std::unique_ptr<v1::IntakeService::Stub>> stubs;
  for (int i = 0; i < plan.connections; ++i) {
    clients.push_back(std::make_unique<Client>(cast, "", kLoadSender));
    stubs.push_back(v1::IntakeService::NewStub(clients.back()->channel()));
  }
  Course course(plan);
  std::vector<std::unique_ptr<Lane>> lanes;
  for (int i = 0; i < plan.in_flight; ++i) {
    const auto connection = static_cast<size_t>(i % plan.connections);
    lanes.push_back(std::make_unique<Lane>(*clients[connection], *stubs[connection], course));
  }
  for (const auto& lane : lanes) lane->Send();
  const uint64_t counted = course.Wait();
  LoadReport report;
  report.taken_per_second = plan.PerSecond(counted);
  for (const auto& lane : lanes) report.outcomes.Merge(lane->TakeOutcomes());
  return report;
}

}  // namespace caseledger::testing
