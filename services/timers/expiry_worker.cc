#include "services/timers/expiry_worker.h"

#include <chrono>
#include <memory>
#include <utility>

#include "eventstore/base/strings.h"
#include "services/commands/times.h"

namespace caseledger::timers {
namespace {

constexpr std::chrono::seconds kBetweenLooks{1};
constexpr size_t kMostPerLook = 256;
constexpr size_t kMostRemembered = 10'000;

// One expiry of one date: an event whose date was corrected may expire again at the new one.
Uuid RequestIdOf(const projections::DueItem& item) {
  return Uuid::FromName(item.event_id, StrCat("expired/", item.due_at));
}

}  // namespace

void ExpiryWorker::Start() {
  thread_ = std::thread([this] { Run(); });
}

void ExpiryWorker::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void ExpiryWorker::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    RecordDue();
    lock.lock();
    changed_.wait_for(lock, kBetweenLooks, [this] { return stopping_; });
  }
}

size_t ExpiryWorker::RecordDue() {
  size_t submitted = 0;
  for (commands::Ledger* ledger : ledgers_.All()) {
    const auto view =
        ledger->parts.projections->View(projections::kDueItemsName, 0, absl::ZeroDuration());
    if (!view.ok()) continue;  // its health says why
    const auto due = projections::DueUntil(**view, clock_.Now(), kMostPerLook);
    if (!due.ok()) continue;
    for (const projections::DueItem& item : *due) {
      const Uuid request_id = RequestIdOf(item);
      if (!Remember(request_id)) continue;
      Submit(ledger->parts.name, item, request_id);
      ++submitted;
    }
  }
  return submitted;
}

// False when it was submitted already. The request id alone would keep it from happening twice;
// this keeps a refused one from being tried every second.
bool ExpiryWorker::Remember(const Uuid& request_id) {
  const std::lock_guard lock(mutex_);
  if (submitted_.size() >= kMostRemembered) submitted_.clear();
  return submitted_.insert(request_id).second;
}

void ExpiryWorker::Forget(const Uuid& request_id) {
  const std::lock_guard lock(mutex_);
  submitted_.erase(request_id);
}

void ExpiryWorker::Submit(const std::string& ledger, const projections::DueItem& item,
                          const Uuid& request_id) {
  v1::Command command;
  v1::CommandHeader& header = *command.mutable_header();
  header.set_ledger(ledger);
  header.set_request_id(request_id.ToString());
  *header.mutable_occurred_time() = commands::ToTimestamp(item.due_at);
  header.set_causation_id(item.event_id.ToString());
  command.set_record_id(item.stream.id.ToString());
  if (item.kind == projections::DueKind::kReferral) {
    command.mutable_fact()->mutable_referral_expired()->set_referral_id(item.key);
  } else {
    command.mutable_fact()->mutable_hold_expired()->set_placement_id(item.key);
  }
  // A refusal is no trouble: somebody answered in the meantime. What was not even judged is tried
  // again at the next look.
  handler_.SubmitFromServer(
      std::move(command), [this, request_id](const absl::StatusOr<v1::CommandResult>& result) {
        if (absl::IsResourceExhausted(result.status()) || absl::IsUnavailable(result.status())) {
          Forget(request_id);
        }
      });
}

}  // namespace caseledger::timers
