#include "services/rpc/backup_calls.h"

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "services/commands/command_handler.h"
#include "services/commands/times.h"
#include "services/rpc/peer.h"
#include "services/rpc/reading.h"
#include "services/rpc/refuse.h"
#include "services/rpc/requests.h"
#include "services/rpc/status.h"
#include "services/rpc/subscriber.h"

namespace caseledger::rpc {
namespace {

using eventstore::BackupProgress;
using eventstore::MadeBackup;

v1::BackupPhase PhaseOf(BackupProgress::Phase phase) {
  switch (phase) {
    case BackupProgress::Phase::kCopyingFiles:
      return v1::BACKUP_PHASE_COPYING_FILES;
    case BackupProgress::Phase::kCheckingFiles:
      return v1::BACKUP_PHASE_CHECKING_FILES;
    case BackupProgress::Phase::kReadingEvents:
      break;
  }
  return v1::BACKUP_PHASE_READING_EVENTS;
}

void Fill(const BackupProgress& from, v1::BackupProgress& to) {
  to.set_phase(PhaseOf(from.phase));
  to.set_done(from.done);
  to.set_total(from.total);
}

void Fill(const MadeBackup& from, v1::Backup& to) {
  to.set_backup_id(from.manifest.id);
  *to.mutable_created_time() = commands::ToTimestamp(from.manifest.created_at);
  to.set_total_bytes(from.manifest.bytes());
  to.set_copied_bytes(from.copied_bytes);
  for (const uint64_t id : from.removed_ids) to.add_removed_backup_ids(id);
  for (const eventstore::BackupLedger& ledger : from.manifest.ledgers) {
    v1::BackupLedger& added = *to.add_ledgers();
    added.set_ledger(ledger.ledger);
    added.set_event_count(ledger.head.next_position);
    added.set_last_leaf_hash(std::string(ledger.head.last_leaf_hash.raw()));
    if (ledger.head.next_position == 0) continue;
    *added.mutable_last_recorded_time() = commands::ToTimestamp(ledger.head.last_recorded_at);
  }
}

// With a reason of its own, where the maker gave none: the usual ones are about records.
absl::Status WithReason(const absl::Status& status) {
  const std::string message(FromAbsl(status.message()));
  if (message.starts_with("BACKUP_") || message.starts_with("TRAIL_") || absl::IsDataLoss(status)) {
    return status;
  }
  return absl::Status(status.code(), StrCat("BACKUP_FAILED: ", message));
}

}  // namespace

// Deletes itself when gRPC is done with it.
class BackupCalls::Call final : public grpc::ServerWriteReactor<v1::CreateBackupResponse> {
 public:
  Call(BackupCalls& calls, Admitted admitted, std::vector<Told> told, uint32_t keep)
      : calls_(calls), call_(std::move(admitted.call)), place_(std::move(admitted.place)) {
    std::thread([this, keep, told = std::move(told)] { Run(keep, told); }).detach();
  }

  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    left_ = left_ || !ok;
    written_.notify_one();
  }
  void OnCancel() override {
    const std::lock_guard lock(mutex_);
    left_ = true;
    written_.notify_one();
  }
  void OnDone() override { delete this; }

 private:
  void Run(uint32_t keep, const std::vector<Told>& told) {
    absl::StatusOr<MadeBackup> made = Make(keep, told);
    if (made.ok()) {
      v1::CreateBackupResponse response;
      Fill(*made, *response.mutable_backup());
      WaitUntilWritten();
      WriteUnlessBusy(std::move(response));
    }
    const bool read = WaitUntilWritten();
    const grpc::Status status = ToGrpcStatus(read ? WithReason(made.status()) : SlowReader());
    calls_.running_ = false;
    place_.reset();
    this->Finish(status);  // may delete this
  }

  absl::StatusOr<MadeBackup> Make(uint32_t keep, const std::vector<Told>& told) {
    for (const Told& each : told) {
      if (each.trail == nullptr) {
        return absl::UnavailableError("TRAIL_UNAVAILABLE: the ledger has no access trail");
      }
      RETURN_IF_ERROR(each.trail->AppendAndWait(call_, each.entry).status());
    }
    return calls_.maker_->Create(keep, [this](const BackupProgress& progress) {
      v1::CreateBackupResponse response;
      Fill(progress, *response.mutable_progress());
      return WriteUnlessBusy(std::move(response)) && !calls_.ending_;
    });
  }

  // Drops the response when the one before is still on its way: news gets old. False when the
  // client is gone.
  bool WriteUnlessBusy(v1::CreateBackupResponse response) {
    {
      const std::lock_guard lock(mutex_);
      if (left_) return false;
      if (writing_) return true;
      writing_ = true;
      response_ = std::move(response);
    }
    this->StartWrite(&response_);
    return true;
  }

  // False when the client does not read.
  bool WaitUntilWritten() {
    std::unique_lock lock(mutex_);
    return written_.wait_for(lock, calls_.limits_.slow_reader, [this] { return !writing_; });
  }

  BackupCalls& calls_;
  const access::Call call_;
  access::AgencyLimits::Place place_;  // until the end
  v1::CreateBackupResponse response_;
  std::mutex mutex_;
  std::condition_variable written_;
  bool writing_ = false;
  bool left_ = false;
};

grpc::ServerWriteReactor<v1::CreateBackupResponse>* BackupCalls::Start(
    const grpc::CallbackServerContext& context, const v1::CreateBackupRequest& request) {
  absl::StatusOr<Admitted> admitted = callers_.Admit(context, Callers::Use::kStream, &request);
  if (!admitted.ok()) {
    return callers_.refusals().FinishStream<v1::CreateBackupResponse>(admitted.status());
  }
  const absl::Status valid = CheckRequest(clock_, request);
  if (!valid.ok()) return Refuse<v1::CreateBackupResponse>(ToGrpcStatus(valid));
  std::vector<Told> told;
  const absl::Status allowed = MayBackUp(admitted->call, request.keep(), told);
  if (!allowed.ok()) {
    auto* refusal = new LateRefusal<v1::CreateBackupResponse>;
    access::Trail* trail = told.empty() ? nullptr : told.back().trail;
    commands::AnswerRefused(trail, admitted->call, allowed, [refusal](const absl::Status& status) {
      refusal->Finish(ToGrpcStatus(status));
    });
    return refusal;
  }
  const absl::Status ready = CheckReady();
  if (!ready.ok()) return Refuse<v1::CreateBackupResponse>(ToGrpcStatus(ready));
  if (running_.exchange(true)) {
    return Refuse<v1::CreateBackupResponse>(
        ToGrpcStatus(absl::AbortedError("BACKUP_IN_PROGRESS: this server is making a backup")));
  }
  return new Call(*this, *std::move(admitted), std::move(told), request.keep());
}

// A backup holds all ledgers, so all of them must let the caller make one.
absl::Status BackupCalls::MayBackUp(const access::Call& call, uint32_t keep,
                                    std::vector<Told>& told) const {
  for (const commands::Ledger* ledger : ledgers_.All()) {
    if (ledger->is_trail()) continue;
    Reading reading(ledgers_, call, "CreateBackup", clock_);
    const absl::Status allowed = reading.Begin(ledger->parts.name).status();
    Told& last = told.emplace_back(Told{reading.trail(), {}});
    RETURN_IF_ERROR(allowed);
    reading.AskedFor(StrCat("keep=", keep));
    last.entry = reading.Entry();
  }
  return absl::OkStatus();
}

absl::Status BackupCalls::CheckReady() const {
  if (maker_ == nullptr) {
    return absl::FailedPreconditionError(
        "BACKUP_NOT_CONFIGURED: start the server with --backup-dir");
  }
  if (ending_) return absl::UnavailableError("UNAVAILABLE: the server ends");
  return absl::OkStatus();
}

}  // namespace caseledger::rpc
