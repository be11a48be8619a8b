#include "services/rpc/subscriber.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>
#include <vector>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "services/commands/times.h"
#include "services/rpc/status.h"
#include "services/rpc/stream_gate.h"

namespace caseledger::rpc {
namespace {

using eventstore::Subscription;

constexpr size_t kEventsPerMessage = 512;
// Unless one event alone is larger. A message waits in memory while its subscriber does not read.
constexpr size_t kBytesPerMessage = 256u << 10;
constexpr absl::Duration kWait = absl::Seconds(1);

v1::SubscriptionState StateOf(Subscription::Change change) {
  switch (change) {
    case Subscription::Change::kCaughtUp:
      return v1::SUBSCRIPTION_STATE_CAUGHT_UP;
    case Subscription::Change::kFellBehind:
      return v1::SUBSCRIPTION_STATE_FELL_BEHIND;
    case Subscription::Change::kNone:
      break;
  }
  return v1::SUBSCRIPTION_STATE_UNSPECIFIED;
}

class SubscriberReactor final : public grpc::ServerWriteReactor<v1::SubscribeResponse> {
 public:
  SubscriberReactor(SubscriberPool& pool, Clock& clock, Reading reading,
                    SubscriptionRequest request, std::shared_ptr<Subscription> subscription)
      : clock_(clock),
        request_(std::move(request)),
        gate_(std::move(reading)),
        subscription_(std::move(subscription)) {
    std::thread([this, &pool, subscription = subscription_] {
      const grpc::Status status = Run();
      request_.place.reset();  // gRPC may keep what a slow reader has not read
      pool.Leave(subscription.get());
      this->Finish(status);  // may delete this
    }).detach();
  }

  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    broken_ = broken_ || !ok;
    written_.notify_one();
  }
  void OnCancel() override {
    {
      const std::lock_guard lock(mutex_);
      broken_ = true;
    }
    written_.notify_one();
    subscription_->Cancel();
  }
  void OnDone() override { delete this; }

 private:
  grpc::Status Run() {
    gate_.reading().AskedFor(StrCat("from_position=", request_.from));
    const absl::Status begun = gate_.BeginLedger(request_.ledger);
    if (!begun.ok()) return ToGrpcStatus(gate_.Refused(begun));
    const grpc::Status status = Deliver();
    // Also when the subscriber left: the trail says what was sent until then.
    const absl::Status ended = gate_.End();
    return status.ok() ? ToGrpcStatus(ended) : status;
  }

  grpc::Status Deliver() {
    while (true) {
      if (std::chrono::steady_clock::now() - begun_ >= request_.limits.oldest) {
        return ToGrpcStatus(StreamIsOld());
      }
      absl::StatusOr<Subscription::Delivery> delivery = subscription_->Next(kWait);
      if (absl::IsDeadlineExceeded(delivery.status())) {
        if (absl::Status good = gate_.NewPage(); !good.ok()) return ToGrpcStatus(good);
        continue;
      }
      if (absl::IsCancelled(delivery.status()) && !Left()) return ToGrpcStatus(Ending());
      if (!delivery.ok()) return ToGrpcStatus(delivery.status());
      const absl::Status sent = Send(*delivery);
      if (!sent.ok()) return ToGrpcStatus(sent);
    }
  }

  // Whether the client has gone.
  bool Left() {
    const std::lock_guard lock(mutex_);
    return broken_;
  }

  static absl::Status Ending() {
    return absl::UnavailableError(
        "UNAVAILABLE: the server is ending; subscribe again from the last next_position");
  }

  absl::Status Send(const Subscription::Delivery& delivery) {
    auto next = delivery.events.begin();
    const auto end = delivery.events.end();
    bool last = false;
    while (!last) {
      response_.Clear();
      absl::Status added = gate_.NewPage();
      if (added.ok()) added = AddEvents(next, end);
      if (!added.ok()) return added;
      last = next == end;
      response_.set_next_position(last ? delivery.next_position : next->position);
      if (last) response_.set_state(StateOf(delivery.change));
      *response_.mutable_server_time() = commands::ToTimestamp(clock_.Now());
      RETURN_IF_ERROR(Write());
    }
    return absl::OkStatus();
  }

  // Adds what is wanted until the message is full; `next` moves past what was looked at.
  absl::Status AddEvents(eventstore::EventList::Iterator& next,
                         const eventstore::EventList::Iterator& end) {
    std::vector<const eventstore::RecordedEvent*> wanted;
    size_t bytes = 0;
    for (size_t seen = 0; next != end && seen < kEventsPerMessage && bytes < kBytesPerMessage;
         ++seen, ++next) {
      if (!request_.filter.Wants(*next)) continue;
      wanted.push_back(&*next);
      bytes += next->fact.size();
    }
    RETURN_IF_ERROR(gate_.Expect(wanted));
    for (const eventstore::RecordedEvent* event : wanted) {
      RETURN_IF_ERROR(gate_
                          .Add(*event, gate_.reading().ledger().parts.name,
                               v1::SubscribeResponse::kEventsFieldNumber, response_)
                          .status());
    }
    return absl::OkStatus();
  }

  // Writes the response and waits until it is out, so that a slow reader holds back only itself.
  absl::Status Write() {
    std::unique_lock lock(mutex_);
    if (broken_) return Gone();
    writing_ = true;
    lock.unlock();
    this->StartWrite(&response_);
    lock.lock();
    const bool out =
        written_.wait_for(lock, request_.limits.slow_reader, [this] { return !writing_; });
    if (broken_) return Gone();
    return out ? absl::OkStatus() : SlowReader();
  }

  static absl::Status Gone() { return absl::CancelledError("the subscriber left"); }

  Clock& clock_;
  SubscriptionRequest request_;  // its place only until the end
  const SteadyTime begun_ = std::chrono::steady_clock::now();
  StreamGate gate_;  // of the subscription's thread
  const std::shared_ptr<Subscription> subscription_;
  v1::SubscribeResponse response_;
  std::mutex mutex_;
  std::condition_variable written_;
  bool writing_ = false;
  bool broken_ = false;
};

}  // namespace

SubscriberPool::~SubscriberPool() {
  CancelAll();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return running_.empty(); });
}

bool SubscriberPool::Enter(Subscription* subscription) {
  const std::lock_guard lock(mutex_);
  if (ending_ || running_.size() >= most_) return false;
  running_.insert(subscription);
  return true;
}

void SubscriberPool::Leave(Subscription* subscription) {
  const std::lock_guard lock(mutex_);
  running_.erase(subscription);
  changed_.notify_all();
}

void SubscriberPool::CancelAll() {
  const std::lock_guard lock(mutex_);
  ending_ = true;
  for (Subscription* subscription : running_) subscription->Cancel();
}

grpc::ServerWriteReactor<v1::SubscribeResponse>* StartSubscription(SubscriberPool& pool,
                                                                   const commands::Ledgers& ledgers,
                                                                   Clock& clock, Reading reading,
                                                                   SubscriptionRequest request) {
  const absl::StatusOr<commands::Ledger*> ledger = ledgers.Find(request.ledger);
  if (!ledger.ok()) return Refuse<v1::SubscribeResponse>(ToGrpcStatus(ledger.status()));
  absl::StatusOr<std::unique_ptr<Subscription>> subscription =
      (*ledger)->parts.log->Subscribe(request.from);
  if (!subscription.ok()) {
    return Refuse<v1::SubscribeResponse>(ToGrpcStatus(subscription.status()));
  }
  std::shared_ptr<Subscription> shared = *std::move(subscription);
  if (!pool.Enter(shared.get())) {
    return Refuse<v1::SubscribeResponse>(ToGrpcStatus(
        absl::ResourceExhaustedError("OVERLOADED: too many subscribers; try again later")));
  }
  return new SubscriberReactor(pool, clock, std::move(reading), std::move(request),
                               std::move(shared));
}

}  // namespace caseledger::rpc
