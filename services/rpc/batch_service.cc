#include "services/rpc/batch_service.h"

#include <grpcpp/alarm.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "services/rpc/command_adapter.h"
#include "services/rpc/peer.h"
#include "services/rpc/status.h"

namespace caseledger::rpc {
namespace {

constexpr size_t kMaxCommandsPerMessage = 256;
constexpr int kMaxAnswersPerMessage = 256;
// Then a batch asks again for its turn; it can neither be cancelled nor drained meanwhile.
constexpr Micros kLongestPause = 100'000;

// What outlives the call: a command that was submitted is answered even after the client has left.
struct Answers {
  struct Slot {
    bool answered = false;
    v1::CommandAnswer answer;
  };
  std::mutex mutex;
  access::AgencyLimits::Place place;
  std::deque<std::shared_ptr<Slot>> in_order;
  size_t undecided = 0;                   // of these
  bool was_busy = false;                  // there was no room for a command
  class BatchReactor* reactor = nullptr;  // null after the call ended
};

class BatchRefusal final : public grpc::ServerBidiReactor<v1::ExecuteRequest, v1::ExecuteResponse> {
 public:
  void OnDone() override { delete this; }
};

// What the streams of a server share; outlives them.
struct BatchHosts {
  BatchServiceImpl& service;
  commands::CommandHandler& handler;
  access::AgencyLimits& limits;
  StreamWarden& warden;
};

class BatchReactor final : public grpc::ServerBidiReactor<v1::ExecuteRequest, v1::ExecuteResponse>,
                           private StreamWarden::Stream {
 public:
  BatchReactor(const BatchHosts& hosts, Admitted admitted, std::function<absl::Status()> still_good)
      : service_(hosts.service),
        handler_(hosts.handler),
        limits_(hosts.limits),
        warden_(hosts.warden),
        call_(std::move(admitted.call)),
        still_good_(std::move(still_good)),
        answers_(std::make_shared<Answers>()) {
    answers_->reactor = this;
    answers_->place = std::move(admitted.place);
    warden_.Enter(this);
    const bool entered = service_.Enter(this, [answers = answers_] {
      ChangeIfThere(*answers, [](BatchReactor& stream) { stream.draining_ = true; });
    });
    Change([this, entered] { draining_ = draining_ || !entered; });
  }

  void OnReadDone(bool ok) override {
    if (!ok) limits_.CommandsRead(answers_->place, 0, expected_);  // its turn was for nothing
    const absl::Status good = ok ? still_good_() : absl::OkStatus();
    if (!good.ok()) {
      Change([this, &good] {
        reading_ = false;
        client_done_ = true;
        failure_ = good;
      });
      return;
    }
    if (ok && request_.commands_size() <= static_cast<int>(kMaxCommandsPerMessage)) {
      v1::ExecuteRequest request;
      request.Swap(&request_);
      const std::vector<std::shared_ptr<Answers::Slot>> slots = TakeIn(request);
      for (size_t i = 0; i < slots.size(); ++i) {
        if (request.keep_order() && BusyBefore()) {
          Answered(*answers_, *slots[i], TooBusy());
          continue;
        }
        SubmitOne(std::move(*request.mutable_commands(static_cast<int>(i))), slots[i]);
      }
      Change([this] { reading_ = false; });
      return;
    }
    Change([this, ok] {
      reading_ = false;
      client_done_ = true;
      if (ok) {
        failure_ = absl::InvalidArgumentError(
            "INVALID_REQUEST: a message carries at most 256 commands; send the rest in another");
      }
    });
  }

  void OnWriteDone(bool ok) override {
    Change([this, ok] {
      writing_ = false;
      broken_ = broken_ || !ok;
    });
  }

  void OnCancel() override {
    Change([this] { broken_ = true; });
  }

  void OnDone() override {
    service_.Leave(this);
    warden_.Leave(this);
    {
      const std::lock_guard lock(answers_->mutex);
      answers_->reactor = nullptr;
    }
    delete this;
  }

 private:
  bool ClaimIfSlow(SteadyTime now, std::chrono::milliseconds slow) override {
    const std::lock_guard lock(answers_->mutex);
    if (finished_ || !writing_ || pausing_ || now - writing_since_ < slow) return false;
    finished_ = true;
    return true;
  }
  void EndSlow() override {
    access::AgencyLimits::GiveBack(answers_->place);
    Finish(ToGrpcStatus(SlowReader()));
  }

  // Promises an answer to every command of the message; to none when the stream is draining.
  std::vector<std::shared_ptr<Answers::Slot>> TakeIn(const v1::ExecuteRequest& request) {
    std::vector<std::shared_ptr<Answers::Slot>> slots;
    const std::lock_guard lock(answers_->mutex);
    if (draining_) return slots;
    for (const v1::Command& command : request.commands()) {
      slots.push_back(std::make_shared<Answers::Slot>());
      slots.back()->answer.set_request_id(command.header().request_id());
    }
    answers_->in_order.insert(answers_->in_order.end(), slots.begin(), slots.end());
    answers_->undecided += slots.size();
    limits_.CommandsRead(answers_->place, static_cast<int64_t>(slots.size()), expected_);
    expected_ = std::max<int64_t>(1, static_cast<int64_t>(slots.size()));
    return slots;
  }

  void SubmitOne(v1::Command command, const std::shared_ptr<Answers::Slot>& slot) {
    handler_.Submit(std::move(command), call_,
                    [answers = answers_, slot](absl::StatusOr<v1::CommandResult> result) {
                      Answered(*answers, *slot, std::move(result));
                    });
  }

  // Refusals for want of room come within Submit, so the next command already sees them.
  bool BusyBefore() {
    const std::lock_guard lock(answers_->mutex);
    return answers_->was_busy;
  }

  static absl::Status TooBusy() {
    return absl::ResourceExhaustedError(
        "OVERLOADED: there was no room for an earlier command of this stream; send both again");
  }

  static void Answered(Answers& answers, Answers::Slot& slot,
                       absl::StatusOr<v1::CommandResult> result) {
    BatchReactor* reactor = nullptr;
    Next next;
    {
      const std::lock_guard lock(answers.mutex);
      if (result.ok()) {
        *slot.answer.mutable_result() = *std::move(result);
        HideOthers(*slot.answer.mutable_result());
      } else {
        *slot.answer.mutable_error() = ToRpcStatus(result.status());
        answers.was_busy = answers.was_busy || absl::IsResourceExhausted(result.status());
      }
      slot.answered = true;
      --answers.undecided;
      access::AgencyLimits::CommandDecided(answers.place);
      reactor = answers.reactor;
      if (reactor != nullptr) next = reactor->Plan();
    }
    if (reactor != nullptr) reactor->Do(next);
  }

  // Changes a stream that may be gone by now, from outside of its own reactions.
  template <typename Function>
  static void ChangeIfThere(Answers& answers, Function change) {
    BatchReactor* reactor = nullptr;
    Next next;
    {
      const std::lock_guard lock(answers.mutex);
      reactor = answers.reactor;
      if (reactor == nullptr) return;
      change(*reactor);
      next = reactor->Plan();
    }
    reactor->Do(next);
  }

  // What to start after a change of state. Planned with the mutex held, started without it, for
  // gRPC may run reactions inside the calls that start operations. An operation planned is marked
  // as running, so the reactor cannot end before.
  struct Next {
    bool read = false;
    bool write = false;
    Micros pause = 0;  // before asking again whether to read
    std::optional<grpc::Status> end;
  };

  template <typename Function>
  void Change(Function change) {
    Next next;
    {
      const std::lock_guard lock(answers_->mutex);
      change();
      next = Plan();
    }
    Do(next);
  }

  // Writes what is answered, reads on when there is room, ends when all is done.
  Next Plan() {
    Next next;
    if (finished_) return next;
    if (broken_) {
      if (!reading_ && !writing_ && !pausing_) next.end = grpc::Status::CANCELLED;
      finished_ = next.end.has_value();
      return next;
    }
    if (!writing_ && CollectAnswers()) {
      next.write = writing_ = true;
      writing_since_ = std::chrono::steady_clock::now();
    }
    if (draining_) {
      // A read may still be waiting for the client; ending the stream ends it too.
      if (!writing_ && !pausing_ && answers_->in_order.empty()) next.end = ToGrpcStatus(Ending());
      finished_ = next.end.has_value();
    } else if (client_done_) {
      if (!writing_ && !reading_ && !pausing_ && answers_->in_order.empty()) {
        next.end = ToGrpcStatus(failure_);
      }
      finished_ = next.end.has_value();
    } else if (!reading_ && !pausing_ && HasRoom()) {
      PlanToRead(next);
    }
    return next;
  }

  // Now, or when the agency has made room.
  void PlanToRead(Next& next) {
    if (warden_.IsOld(begun_)) {
      client_done_ = true;
      failure_ = StreamIsOld();
      if (!writing_ && answers_->in_order.empty()) next.end = ToGrpcStatus(failure_);
      finished_ = next.end.has_value();
      return;
    }
    next.pause = std::min(kLongestPause, limits_.TurnToRead(answers_->place, expected_));
    if (next.pause > 0) {
      pausing_ = true;
    } else {
      next.read = reading_ = true;
    }
  }

  // For one more message.
  bool HasRoom() const {
    return answers_->undecided + kMaxCommandsPerMessage <= BatchServiceImpl::kMaxUndecided &&
           answers_->in_order.size() + kMaxCommandsPerMessage <= BatchServiceImpl::kMaxUnanswered;
  }

  // A client that was done anyway is told nothing else.
  absl::Status Ending() const {
    if (client_done_) return failure_;
    return absl::UnavailableError(
        "UNAVAILABLE: the server is ending; send the commands without an answer again later");
  }

  // Moves the answers at the front of the line into the response. False when there is none.
  bool CollectAnswers() {
    response_.Clear();
    std::deque<std::shared_ptr<Answers::Slot>>& slots = answers_->in_order;
    while (!slots.empty() && slots.front()->answered &&
           response_.answers_size() < kMaxAnswersPerMessage) {
      response_.add_answers()->Swap(&slots.front()->answer);
      slots.pop_front();
    }
    return response_.answers_size() > 0;
  }

  void Do(const Next& next) {
    if (next.write) StartWrite(&response_);
    if (next.read) StartRead(&request_);
    if (next.pause > 0) {
      // Another one each time: this may be running in the last one's reaction.
      pause_ = std::make_unique<grpc::Alarm>();
      pause_->Set(std::chrono::system_clock::now() + std::chrono::microseconds(next.pause),
                  [answers = answers_](bool) {
                    ChangeIfThere(*answers, [](BatchReactor& stream) { stream.pausing_ = false; });
                  });
    }
    if (next.end.has_value()) Finish(*next.end);
  }

  BatchServiceImpl& service_;
  commands::CommandHandler& handler_;
  access::AgencyLimits& limits_;
  StreamWarden& warden_;
  const access::Call call_;
  const std::function<absl::Status()> still_good_;
  const std::shared_ptr<Answers> answers_;
  v1::ExecuteRequest request_;
  v1::ExecuteResponse response_;
  const SteadyTime begun_ = std::chrono::steady_clock::now();
  std::unique_ptr<grpc::Alarm> pause_;
  // Guarded by answers_->mutex.
  int64_t expected_ = 1;  // commands of the next message, as of the last
  SteadyTime writing_since_;
  bool reading_ = false;
  bool pausing_ = false;
  bool writing_ = false;
  bool client_done_ = false;
  bool broken_ = false;
  bool draining_ = false;
  bool finished_ = false;
  absl::Status failure_;
};

}  // namespace

grpc::ServerBidiReactor<v1::ExecuteRequest, v1::ExecuteResponse>* BatchServiceImpl::Execute(
    grpc::CallbackServerContext* context) {
  absl::StatusOr<Admitted> admitted = callers_.Admit(*context, Callers::Use::kBatch, nullptr);
  if (!admitted.ok()) {
    auto* refusal = new BatchRefusal;
    callers_.refusals().Finish(refusal, admitted.status());
    return refusal;
  }
  return new BatchReactor({*this, handler_, callers_.limits(), warden_}, *std::move(admitted),
                          [this, context] { return callers_.Recheck(*context); });
}

void BatchServiceImpl::Drain() {
  std::map<const void*, std::function<void()>> running;
  {
    const std::lock_guard lock(mutex_);
    draining_ = true;
    running.swap(running_);
  }
  for (const auto& [stream, drain] : running) drain();
}

bool BatchServiceImpl::Enter(const void* stream, std::function<void()> drain) {
  const std::lock_guard lock(mutex_);
  if (draining_) return false;
  running_[stream] = std::move(drain);
  return true;
}

void BatchServiceImpl::Leave(const void* stream) {
  const std::lock_guard lock(mutex_);
  running_.erase(stream);
}

}  // namespace caseledger::rpc
