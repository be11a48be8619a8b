#include "projections/runtime/comparison.h"

#include <utility>

#include "eventstore/base/status_macros.h"
#include "projections/read_model/row_cursor.h"

namespace caseledger::projections {
namespace {

constexpr uint64_t kRowsBetweenLooks = 1024;

}  // namespace

Comparison::Comparison(std::unique_ptr<Worker> before, std::unique_ptr<ReadSnapshot> rebuilt,
                       std::function<void()> on_end)
    : on_end_(std::move(on_end)), before_(std::move(before)), rebuilt_(std::move(rebuilt)) {
  result_.state = TableComparison::State::kRunning;
  result_.events = rebuilt_->applied_events();
}

void Comparison::Start() {
  MutexLock lock(&join_mutex_);
  thread_ = Thread("comparison", [this] { Run(); });
}

void Comparison::StopAndJoin() {
  {
    MutexLock lock(&mutex_);
    cancelled_ = true;
    if (before_ != nullptr) before_->Cancel();
  }
  MutexLock lock(&join_mutex_);
  if (thread_.joinable()) thread_.Join();
}

TableComparison Comparison::result() const {
  MutexLock lock(&mutex_);
  return result_;
}

bool Comparison::ended() const {
  MutexLock lock(&mutex_);
  return ended_;
}

void Comparison::Run() {
  const absl::Status status = Compare();
  rebuilt_.reset();
  {
    MutexLock lock(&mutex_);
    before_.reset();
    using State = TableComparison::State;
    const bool same = result_.changed_rows + result_.lost_rows + result_.new_rows == 0;
    result_.state = !status.ok() ? State::kFailed : same ? State::kSame : State::kDifferent;
    if (!status.ok()) result_.trouble = status.ToString();
    ended_ = true;
  }
  on_end_();
}

absl::Status Comparison::Compare() {
  RETURN_IF_ERROR(before_->AdvanceTo(rebuilt_->applied_events()));
  const std::unique_ptr<ReadSnapshot> before = before_->Snapshot();
  if (before->applied_events() != rebuilt_->applied_events()) {
    return absl::InternalError("the tables reflect different events");
  }
  return CompareRows(*before, *rebuilt_);
}

absl::Status Comparison::CompareRows(const ReadSnapshot& before, const ReadSnapshot& rebuilt) {
  RowCursor old_rows(before, "", "");
  RowCursor new_rows(rebuilt, "", "");
  RETURN_IF_ERROR(old_rows.Next());
  RETURN_IF_ERROR(new_rows.Next());
  TableComparison found = result();
  while (old_rows.valid() || new_rows.valid()) {
    const bool has_old =
        old_rows.valid() && (!new_rows.valid() || old_rows.key() <= new_rows.key());
    const bool has_new =
        new_rows.valid() && (!old_rows.valid() || new_rows.key() <= old_rows.key());
    if (!has_new) {
      ++found.lost_rows;
    } else if (!has_old) {
      ++found.new_rows;
    } else if (old_rows.value() != new_rows.value()) {
      ++found.changed_rows;
    }
    if (has_old) RETURN_IF_ERROR(old_rows.Next());
    if (has_new) RETURN_IF_ERROR(new_rows.Next());
    if (++found.rows % kRowsBetweenLooks == 0) RETURN_IF_ERROR(Tell(found));
  }
  return Tell(found);
}

absl::Status Comparison::Tell(const TableComparison& so_far) {
  MutexLock lock(&mutex_);
  result_ = so_far;
  return cancelled_ ? absl::CancelledError("stopped") : absl::OkStatus();
}

}  // namespace caseledger::projections
