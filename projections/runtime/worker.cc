#include "projections/runtime/worker.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "eventstore/base/scheduler.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "projections/runtime/projection.h"

namespace caseledger::projections {
namespace {

using eventstore::EventList;
using eventstore::RecordedEvent;
using eventstore::Subscription;

// Only bounds how long a subscription waits in one call; Cancel ends it at once.
constexpr absl::Duration kWait = absl::Seconds(10);

}  // namespace

Worker::Worker(eventstore::EventLog& log, Runtime::Factory factory, std::string table_name,
               std::unique_ptr<ReadModelTable> table, size_t max_batch_events,
               std::chrono::microseconds gather, OnProgress on_progress)
    : log_(log),
      factory_(std::move(factory)),
      table_name_(std::move(table_name)),
      table_(std::move(table)),
      max_batch_events_(std::max<size_t>(max_batch_events, 1)),
      gather_(gather),
      on_progress_(std::move(on_progress)),
      projection_(factory_()) {
  progress_.applied_events = table_->Snapshot()->applied_events();
}

Worker::~Worker() { StopAndJoin(); }

void Worker::Start() {
  MutexLock lock(&join_mutex_);
  thread_ = Thread("projection", [this] {
    SetStopped(Run());
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
    rest_mutex_.AwaitFor(this, &Worker::IsCancelled, gather_ - rested);
  }
  return CheckNotCancelled();
}

absl::Status Worker::CheckNotCancelled() const {
  MutexLock lock(&rest_mutex_);
  return cancelled_ ? absl::CancelledError("stopped") : absl::OkStatus();
}

absl::Status Worker::Take(const Subscription::Delivery& delivery) {
  taken_at_ = MonotonicNow();
  const uint64_t total = delivery.events.size();
  auto next = delivery.events.begin();
  for (uint64_t done = 0; done < total;) {
    const uint64_t count = std::min<uint64_t>(max_batch_events_, total - done);
    RETURN_IF_ERROR(ApplyAndCommit(next, count));
    std::advance(next, count);
    done += count;
    on_progress_(*this);
    RETURN_IF_ERROR(CheckNotCancelled());
  }
  if (delivery.change == Subscription::Change::kNone) return absl::OkStatus();
  SetCaughtUp(delivery.change == Subscription::Change::kCaughtUp);
  on_progress_(*this);
  return absl::OkStatus();
}

absl::Status Worker::ApplyAndCommit(EventList::Iterator begin, uint64_t count) {
  std::unique_ptr<ReadModelBatch> batch = table_->NewBatch();
  const Applied applied = ApplyAll(*projection_, begin, count, *batch);
  if (applied.trouble.ok()) return Commit(*batch, count);
  // The failing event may have left half of its rows in the batch: take those before it again, with
  // a projection that has not seen it.
  batch = table_->NewBatch();
  projection_ = factory_();
  RETURN_IF_ERROR(ApplyAll(*projection_, begin, applied.events, *batch).trouble);
  RETURN_IF_ERROR(Commit(*batch, applied.events));
  return applied.trouble;
}

Worker::Applied Worker::ApplyAll(Projection& projection, EventList::Iterator next, uint64_t count,
                                 ReadModelBatch& batch) const {
  const uint64_t first = batch.applied_events();
  event::v1::Fact fact;
  for (uint64_t i = 0; i < count; ++i, ++next) {
    const RecordedEvent& event = *next;
    if (event.position != first + i) {
      return {i, absl::DataLossError(StrCat("the log gave position ", event.position, " where ",
                                            first + i, " was next"))};
    }
    if (!projection.Wants(event.stream.kind)) continue;
    if (!fact.ParseFromString(event.fact)) {
      return {i, absl::DataLossError("the fact cannot be parsed")};
    }
    if (absl::Status status = projection.Apply(event, fact, batch); !status.ok())
      return {i, status};
  }
  return {count, absl::OkStatus()};
}

absl::Status Worker::Commit(ReadModelBatch& batch, uint64_t count) {
  if (count == 0) return absl::OkStatus();
  const uint64_t before = batch.applied_events();
  RETURN_IF_ERROR(table_->Commit(batch, before, before + count));
  MutexLock lock(&mutex_);
  progress_.applied_events = before + count;
  return absl::OkStatus();
}

void Worker::SetCaughtUp(bool caught_up) {
  MutexLock lock(&mutex_);
  progress_.caught_up = caught_up;
}

void Worker::SetStopped(const absl::Status& why) {
  MutexLock lock(&mutex_);
  progress_.stopped = true;
  progress_.caught_up = false;
  progress_.stopped_at_position = progress_.applied_events;
  progress_.trouble = why.ToString();
  // Frees its place at the log.
  subscription_.reset();
}

}  // namespace caseledger::projections
