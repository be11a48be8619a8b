#include "projections/runtime/slot.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "projections/runtime/projection.h"

namespace caseledger::projections {
namespace {

// No caller waits longer than this.
constexpr absl::Duration kLongestWait = absl::Hours(1);

}  // namespace

Slot::Slot(eventstore::EventLog& log, LiveTables& tables, Runtime::Factory factory,
           const Runtime::Options& options)
    : log_(log), tables_(tables), factory_(std::move(factory)), options_(options) {
  const std::unique_ptr<Projection> projection = factory_();
  projection_name_ = projection->name();
  table_name_ = TableName(projection_name_, projection->version());
}

Slot::~Slot() { Stop(); }

absl::Status Slot::Start() {
  ASSIGN_OR_RETURN(std::string live, tables_.Find(projection_name_));
  if (live.empty()) {
    live = table_name_;
    RETURN_IF_ERROR(tables_.Set(projection_name_, live));
  }
  const bool same_version = IsOfVersion(table_name_, live);
  // An interrupted rebuild of another version goes on; one of this version begins anew when asked.
  const std::string table = same_version ? live : table_name_;
  RETURN_IF_ERROR(tables_.DropOthers(projection_name_, {live, table}));
  ASSIGN_OR_RETURN(SharedWorker worker, NewWorker(table));
  if (worker->progress().applied_events > log_.Head().next_position) {
    // The log is shorter than what these rows tell of: they are not of this log.
    worker.reset();
    RETURN_IF_ERROR(tables_.Drop(table));
    ASSIGN_OR_RETURN(worker, NewWorker(table));
  }
  {
    MutexLock lock(&mutex_);
    (same_version ? live_ : building_) = worker;
  }
  worker->Start();
  return absl::OkStatus();
}

absl::StatusOr<Slot::SharedWorker> Slot::NewWorker(const std::string& table_name) {
  ASSIGN_OR_RETURN(std::unique_ptr<ReadModelTable> table, tables_.OpenTable(table_name));
  return std::make_shared<Worker>(log_, factory_, table_name, std::move(table), options_,
                                  [this](Worker& worker) { OnProgress(worker); });
}

void Slot::OnProgress(Worker& worker) {
  SwapIfCaughtUp(worker);
  CompareIfReached(worker);
  WakeViewers();
}

// Whoever unlocks wakes those who wait.
void Slot::WakeViewers() { MutexLock lock(&mutex_); }

void Slot::SwapIfCaughtUp(Worker& worker) {
  const WorkerProgress built = worker.progress();
  SharedWorker old;
  {
    MutexLock lock(&mutex_);
    if (stopping_ || building_.get() != &worker) return;
    if (built.stopped) {
      rebuild_trouble_ =
          StrCat("rebuild stopped at position ", built.stopped_at_position, ": ", built.trouble);
      compare_ = false;
      return;
    }
    if (!built.caught_up) return;
    if (live_ != nullptr && built.applied_events < live_->progress().applied_events) return;
    if (absl::Status set = tables_.Set(projection_name_, worker.table_name()); !set.ok()) {
      rebuild_trouble_ = StrCat("the rebuilt table cannot be made live: ", set.ToString());
      return;
    }
    rebuild_trouble_.clear();
    old = std::exchange(live_, std::exchange(building_, nullptr));
    paused_ = false;  // that was the one before
    if (compare_) replaced_ = old;
  }
  if (old != nullptr) old->StopAndJoin();
  DropUnusedTables();
}

// In the thread of the live worker, so that its table stays as it is meanwhile. It may still be
// behind: the worker before it went on until it was told to stop.
void Slot::CompareIfReached(Worker& worker) {
  MutexLock lock(&mutex_);
  if (stopping_ || replaced_ == nullptr || live_.get() != &worker) return;
  if (worker.progress().applied_events < replaced_->progress().applied_events) return;
  const SharedWorker replaced = std::exchange(replaced_, nullptr);
  compare_ = false;
  absl::StatusOr<std::unique_ptr<ReadModelTable>> table = tables_.OpenTable(replaced->table_name());
  if (!table.ok()) {
    rebuild_trouble_ = StrCat("the table before cannot be compared: ", table.status().ToString());
    return;
  }
  auto before = std::make_unique<Worker>(log_, factory_, replaced->table_name(), *std::move(table),
                                         options_, [](Worker&) {});
  compared_table_ = replaced->table_name();
  comparison_ = std::make_shared<Comparison>(std::move(before), worker.Snapshot(),
                                             [this] { DropUnusedTables(); });
  comparison_->Start();
}

std::optional<TableComparison> Slot::ComparisonSoFar() const {
  if (comparison_ != nullptr) return comparison_->result();
  if (compare_) return TableComparison();
  return std::nullopt;
}

// Under the lock: another rebuild may have begun, or even become live, since the swap. What cannot
// be dropped now is dropped at the next start.
void Slot::DropUnusedTables() {
  MutexLock lock(&mutex_);
  std::vector<std::string> used;
  if (comparison_ != nullptr && !comparison_->ended()) used.push_back(compared_table_);
  for (const SharedWorker& worker : {live_, building_, replaced_}) {
    if (worker != nullptr) used.push_back(worker->table_name());
  }
  tables_.DropOthers(projection_name_, used).IgnoreError();
}

absl::Status Slot::Rebuild(Runtime::Compare compare) {
  const MutexLock acts(&acts_mutex_);
  SharedWorker failed;
  std::shared_ptr<Comparison> compared;
  {
    MutexLock lock(&mutex_);
    if (stopping_) return absl::FailedPreconditionError("the runtime is stopped");
    if (building_ != nullptr && !building_->progress().stopped) {
      return absl::FailedPreconditionError(
          StrCat("REBUILD_RUNNING: a rebuild of ", projection_name_, " is running"));
    }
    const bool waits = replaced_ != nullptr && live_ != nullptr && !live_->progress().stopped;
    if (waits || (comparison_ != nullptr && !comparison_->ended())) {
      return absl::FailedPreconditionError(StrCat("REBUILD_RUNNING: the last rebuild of ",
                                                  projection_name_,
                                                  " is still compared with the rows before it"));
    }
    const bool compares = compare == Runtime::Compare::kYes;
    if (compares && live_ == nullptr) {
      return absl::FailedPreconditionError(
          StrCat("DROPPED: ", projection_name_, " has no rows to compare with; rebuild it alone"));
    }
    const std::string name =
        live_ != nullptr ? RebuildTableName(table_name_, live_->table_name()) : table_name_;
    RETURN_IF_ERROR(tables_.Drop(name));
    ASSIGN_OR_RETURN(SharedWorker worker, NewWorker(name));
    rebuild_trouble_.clear();
    compare_ = compares;
    replaced_.reset();  // its table was dropped
    compared = std::exchange(comparison_, nullptr);
    failed = std::exchange(building_, std::move(worker));
    // Under the lock, so that Stop finds it started; its thread takes the lock only later.
    building_->Start();
  }
  if (failed != nullptr) failed->StopAndJoin();
  return absl::OkStatus();
}

absl::Status Slot::CheckAtRest() const {
  if (stopping_) return absl::FailedPreconditionError("the runtime is stopped");
  if (building_ == nullptr || building_->progress().stopped) return absl::OkStatus();
  return absl::FailedPreconditionError(
      StrCat("REBUILD_RUNNING: a rebuild of ", projection_name_, " is running"));
}

absl::Status Slot::Pause() {
  const MutexLock acts(&acts_mutex_);
  SharedWorker worker;
  {
    MutexLock lock(&mutex_);
    RETURN_IF_ERROR(CheckAtRest());
    if (live_ == nullptr || paused_ || live_->progress().stopped) {
      return absl::FailedPreconditionError(
          StrCat("NOT_RUNNING: ", projection_name_, " does not run"));
    }
    paused_ = true;
    worker = live_;
  }
  worker->StopAndJoin();
  WakeViewers();
  return absl::OkStatus();
}

absl::Status Slot::Resume() {
  const MutexLock acts(&acts_mutex_);
  SharedWorker before;
  {
    MutexLock lock(&mutex_);
    RETURN_IF_ERROR(CheckAtRest());
    if (live_ == nullptr) {
      return absl::FailedPreconditionError(
          StrCat("DROPPED: ", projection_name_, " has no rows; rebuild it"));
    }
    if (!live_->progress().stopped) {
      return absl::FailedPreconditionError(StrCat("RUNNING: ", projection_name_, " runs already"));
    }
    before = live_;
  }
  before->StopAndJoin();
  ASSIGN_OR_RETURN(SharedWorker worker, NewWorker(before->table_name()));
  MutexLock lock(&mutex_);
  RETURN_IF_ERROR(CheckAtRest());
  paused_ = false;
  live_ = std::move(worker);
  // Under the lock, as in Rebuild.
  live_->Start();
  return absl::OkStatus();
}

absl::Status Slot::Drop() {
  const MutexLock acts(&acts_mutex_);
  SharedWorker worker;
  {
    MutexLock lock(&mutex_);
    RETURN_IF_ERROR(CheckAtRest());
    if (live_ == nullptr) {
      return absl::FailedPreconditionError(
          StrCat("DROPPED: ", projection_name_, " has no rows already; rebuild it"));
    }
    paused_ = false;
    compare_ = false;
    replaced_.reset();
    worker = std::exchange(live_, nullptr);
  }
  worker->StopAndJoin();
  WakeViewers();
  return tables_.Drop(worker->table_name());
}

bool Slot::ReflectsAtLeast(uint64_t events) const {
  return live_ != nullptr && live_->progress().applied_events >= events;
}

bool Slot::HasEnded() const {
  const auto ended = [](const SharedWorker& worker) {
    return worker == nullptr || worker->progress().stopped;
  };
  return ended(live_) && ended(building_);
}

absl::Status Slot::CannotWait(uint64_t min_applied_events) const {
  const SharedWorker& worker = live_ != nullptr ? live_ : building_;
  if (worker == nullptr) {
    return absl::UnavailableError(
        StrCat("DROPPED: ", projection_name_, " has no rows until it is rebuilt"));
  }
  const WorkerProgress progress = worker->progress();
  if (progress.stopped && paused_) {
    return absl::UnavailableError(StrCat("PAUSED: ", projection_name_, " reflects ",
                                         progress.applied_events, " events until it is resumed"));
  }
  if (progress.stopped) {
    return absl::UnavailableError(StrCat(projection_name_, " is stopped at position ",
                                         progress.stopped_at_position, ": ", progress.trouble));
  }
  return absl::DeadlineExceededError(StrCat(projection_name_, " reflects ", progress.applied_events,
                                            " events, asked for ", min_applied_events));
}

absl::StatusOr<std::unique_ptr<ReadSnapshot>> Slot::View(uint64_t min_applied_events,
                                                         absl::Duration timeout) {
  const absl::Duration wait = std::clamp(timeout, absl::ZeroDuration(), kLongestWait);
  struct Viewer {
    const Slot& slot;
    const uint64_t min_applied_events;
    bool Settled() const ABSL_NO_THREAD_SAFETY_ANALYSIS {
      return slot.ReflectsAtLeast(min_applied_events) || slot.HasEnded();
    }
  };
  const Viewer viewer{*this, min_applied_events};
  MutexLock lock(&mutex_);
  mutex_.AwaitFor(&viewer, &Viewer::Settled, absl::ToChronoMicroseconds(wait));
  if (!ReflectsAtLeast(min_applied_events)) return CannotWait(min_applied_events);
  return live_->Snapshot();
}

ProjectionHealth Slot::Health(Runtime::Ages ages) const {
  ProjectionHealth health;
  health.name = table_name_;
  {
    MutexLock lock(&mutex_);
    const SharedWorker& worker = live_ != nullptr ? live_ : building_;
    const WorkerProgress progress = worker == nullptr ? WorkerProgress() : worker->progress();
    const bool rebuilding = building_ != nullptr && !building_->progress().stopped;
    using State = ProjectionHealth::State;
    health.state = rebuilding           ? State::kRebuilding
                   : worker == nullptr  ? State::kDropped
                   : paused_            ? State::kPaused
                   : progress.stopped   ? State::kStopped
                   : progress.caught_up ? State::kLive
                                        : State::kCatchingUp;
    health.applied_events = progress.applied_events;
    health.stopped_at_position = progress.stopped_at_position;
    health.trouble = progress.stopped && !paused_ ? progress.trouble : rebuild_trouble_;
    health.comparison = ComparisonSoFar();
  }
  MeasureLag(health, ages);
  return health;
}

// Against the log's head, never against a mark of the worker's own.
void Slot::MeasureLag(ProjectionHealth& health, Runtime::Ages ages) const {
  const uint64_t head = log_.Head().next_position;
  if (head <= health.applied_events) return;
  health.lag_events = head - health.applied_events;
  if (ages == Runtime::Ages::kLeftOut) return;
  const auto oldest = log_.ReadLedger(health.applied_events, 1);
  if (!oldest.ok() || oldest->empty()) {
    if (health.trouble.empty()) {
      health.trouble = StrCat("the age of the next event is unknown: ", oldest.status().ToString());
    }
    return;
  }
  const Micros age = options_.clock->Now() - oldest->front().recorded_at;
  health.lag_seconds =
      static_cast<double>(std::max<Micros>(age, 0)) / static_cast<double>(kMicrosPerSecond);
}

void Slot::Stop() {
  std::vector<SharedWorker> workers;
  std::shared_ptr<Comparison> comparison;
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
    workers = {live_, building_};
    comparison = comparison_;
  }
  for (const SharedWorker& worker : workers) {
    if (worker != nullptr) worker->StopAndJoin();
  }
  if (comparison != nullptr) comparison->StopAndJoin();
  WakeViewers();
}

}  // namespace caseledger::projections
