#include "projections/runtime/worker.h"

#include <utility>
#include <vector>

#include "eventstore/base/scheduler.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "projections/runtime/projection.h"

namespace caseledger::projections {
namespace {

using eventstore::RecordedEvent;
using eventstore::Subscription;

// Only bounds how long a subscription waits in one call; Cancel ends it at once.
constexpr absl::Duration kWait = absl::Seconds(10);

}  // namespace

Worker::Worker(eventstore::EventLog& log, Runtime::Factory factory, std::string table_name,
               std::unique_ptr<ReadModelTable> table, const Runtime::Options& options,
               OnProgress on_progress)
    : log_(log),
      factory_(std::move(factory)),
      table_name_(std::move(table_name)),
      table_(std::move(table)),
      options_(options),
      on_progress_(std::move(on_progress)),
      projection_(factory_()) {
  progress_.applied_events = table_->Snapshot()->applied_events();
}

Worker::~Worker() { StopAndJoin(); }

void Worker::Start() {
  MutexLock lock(&join_mutex_);
  thread_ = Thread("projection", [this] {
    SetStopped(RunThroughOutages());
    on_progress_(*this);
  });
}

void Worker::Cancel() {
  {
    MutexLock lock(&rest_mutex_);
    cancelled_ = true;
  }
  // Either it is here, or the thread sees `cancelled_` after it has put it here.
  MutexLock lock(&mutex_);
  if (subscription_ != nullptr) subscription_->Cancel();
}

void Worker::StopAndJoin() {
  Cancel();
  MutexLock lock(&join_mutex_);
  if (thread_.joinable()) thread_.Join();
}

WorkerProgress Worker::progress() const {
  MutexLock lock(&mutex_);
  return progress_;
}

absl::Status Worker::RunThroughOutages() {
  while (true) {
    absl::Status ended = Run();
    if (options_.outage_pause.count() == 0 || !absl::IsUnavailable(ended)) return ended;
    batch_.reset();
    projection_ = factory_();
    SetCaughtUp(false);
    on_progress_(*this);
    {
      MutexLock lock(&rest_mutex_);
      rest_mutex_.AwaitFor(this, &Worker::IsCancelled, options_.outage_pause);
    }
    RETURN_IF_ERROR(CheckNotCancelled());
  }
}

absl::Status Worker::Run() {
  const uint64_t from = progress().applied_events;
  ASSIGN_OR_RETURN(std::unique_ptr<Subscription> opened,
                   log_.Subscribe(from, eventstore::SubscriberKind::kWorker));
  Subscription* subscription = opened.get();
  {
    MutexLock lock(&mutex_);
    subscription_ = std::move(opened);
  }
  RETURN_IF_ERROR(CheckNotCancelled());
  while (true) {
    RETURN_IF_ERROR(Gather());
    const absl::StatusOr<Subscription::Delivery> delivery = subscription->Next(kWait);
    if (absl::IsDeadlineExceeded(delivery.status())) continue;
    RETURN_IF_ERROR(delivery.status());
    RETURN_IF_ERROR(Take(*delivery));
  }
}

absl::Status Worker::Gather() {
  if (progress().caught_up) {
    const std::chrono::microseconds rested(MonotonicNow() - taken_at_);
    MutexLock lock(&rest_mutex_);
    rest_mutex_.AwaitFor(this, &Worker::IsCancelled, options_.gather - rested);
  }
  return CheckNotCancelled();
}

absl::Status Worker::CheckNotCancelled() const {
  MutexLock lock(&rest_mutex_);
  return cancelled_ ? absl::CancelledError("stopped") : absl::OkStatus();
}

absl::Status Worker::Take(const Subscription::Delivery& delivery) {
  taken_at_ = MonotonicNow();
  const bool live = progress().caught_up;
  projection_->Expect(delivery.events);
  for (const RecordedEvent& event : delivery.events) {
    if (absl::Status trouble = Apply(event); !trouble.ok()) {
      RETURN_IF_ERROR(CommitWhatWasApplied());
      return trouble;
    }
  }
  // Who catches up goes on; who is live is asked for the newest.
  if (live || delivery.change != Subscription::Change::kNone) RETURN_IF_ERROR(Commit());
  if (delivery.change == Subscription::Change::kNone) return absl::OkStatus();
  SetCaughtUp(delivery.change == Subscription::Change::kCaughtUp);
  on_progress_(*this);
  return absl::OkStatus();
}

absl::Status Worker::Apply(const RecordedEvent& event) {
  RETURN_IF_ERROR(ApplyToBatch(event));
  return IsMuch() ? Commit() : absl::OkStatus();
}

bool Worker::IsMuch() const {
  return batch_events_ >= options_.max_batch_events ||
         batch_->changed_bytes() >= options_.max_batch_bytes;
}

absl::Status Worker::ApplyToBatch(const RecordedEvent& event) {
  if (batch_ == nullptr) {
    RETURN_IF_ERROR(CheckNotCancelled());
    batch_ = table_->NewBatch();
    batch_events_ = 0;
  }
  const uint64_t next = batch_->applied_events() + batch_events_;
  if (event.position != next) {
    return absl::DataLossError(
        StrCat("the log gave position ", event.position, " where ", next, " was next"));
  }
  if (projection_->Wants(event.stream.kind)) {
    if (!fact_.ParseFromString(event.fact)) {
      return absl::DataLossError("the fact cannot be parsed");
    }
    RETURN_IF_ERROR(projection_->Apply(event, fact_, *batch_));
  }
  ++batch_events_;
  return absl::OkStatus();
}

absl::Status Worker::Commit() {
  if (batch_ == nullptr) return absl::OkStatus();
  const std::unique_ptr<ReadModelBatch> batch = std::move(batch_);
  const uint64_t before = batch->applied_events();
  RETURN_IF_ERROR(table_->Commit(*batch, before, before + batch_events_));
  {
    MutexLock lock(&mutex_);
    progress_.applied_events = before + batch_events_;
  }
  on_progress_(*this);
  return absl::OkStatus();
}

// The failing event may have left half of its rows: take those before it again, with a projection
// that has not seen it.
absl::Status Worker::CommitWhatWasApplied() {
  if (batch_ == nullptr) return absl::OkStatus();
  const uint64_t end = batch_->applied_events() + batch_events_;
  batch_.reset();
  projection_ = factory_();
  return AdvanceTo(end);
}

absl::Status Worker::AdvanceTo(uint64_t events) {
  for (uint64_t next = progress().applied_events; next < events;) {
    ASSIGN_OR_RETURN(const std::vector<RecordedEvent> page,
                     log_.ReadLedger(next, static_cast<size_t>(events - next)));
    if (page.empty()) return absl::DataLossError(StrCat("no event at position ", next));
    for (const RecordedEvent& event : page) RETURN_IF_ERROR(Apply(event));
    next += page.size();
  }
  return Commit();
}

void Worker::SetCaughtUp(bool caught_up) {
  MutexLock lock(&mutex_);
  progress_.caught_up = caught_up;
}

void Worker::SetStopped(const absl::Status& why) {
  batch_.reset();  // it keeps what it looked at in the store's files
  MutexLock lock(&mutex_);
  progress_.stopped = true;
  progress_.caught_up = false;
  progress_.stopped_at_position = progress_.applied_events;
  progress_.trouble = why.ToString();
  // Frees its place at the log.
  subscription_.reset();
}

}  // namespace caseledger::projections
