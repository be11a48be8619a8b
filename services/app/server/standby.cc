#include "services/app/server/standby.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "eventstore/base/scheduler.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/signing/signer.h"
#include "eventstore/vault/vault_rows.h"
#include "projections/person_search/person_search.h"
#include "services/access/trail/trail.h"
#include "services/app/server/logging.h"
#include "services/app/vault/vault_files.h"

namespace caseledger::app {
namespace {

constexpr Micros kTellAgain = 60 * kMicrosPerSecond;
constexpr Micros kLookAgain = kMicrosPerSecond;

bool IsThere(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

}  // namespace

Families StandbyHealth::Metrics() const {
  const MutexLock lock(&mutex_);
  return StandbyMetrics(stands_by_, ledgers_);
}

void StandbyHealth::Set(bool stands_by, std::vector<LedgerHealth> ledgers) {
  const MutexLock lock(&mutex_);
  stands_by_ = stands_by;
  ledgers_ = std::move(ledgers);
}

absl::Status Standby::Check() const {
  const bool has_token = !options_.wrapping_token.module_path.empty();
  for (const auto& [flag, is_given] :
       {std::pair{"--key-dir", !options_.key_dir.empty()},
        {"--checkpoint-dir", !options_.checkpoint_dir.empty()},
        {"--wrapping-key-dir, or a token,", has_token || !options_.wrapping_key_dir.empty()}}) {
    if (is_given) continue;
    return absl::InvalidArgumentError(
        StrCat("--standby needs ", flag,
               " with what all servers of the database use, on a volume that each of them sees: "
               "in a data directory of its own no server could go on with another's keys"));
  }
  return absl::OkStatus();
}

bool Standby::GoOn(const eventstore::PostgresLease::Waiting& waiting) {
  if (options_.stop_waiting && options_.stop_waiting()) return false;
  Tell(waiting.why);
  if (!dropped_) {
    trouble_ = DropPersonSearch();
    dropped_ = trouble_.ok();
  }
  // A server that cannot do the work must not take it from one that can.
  if (trouble_.ok() && !checked_) trouble_ = CheckPlaces();
  if (!trouble_.ok()) return false;
  if (waiting.address) port_.PassOnTo(*waiting.address);
  FollowTheLog();
  if (warm_up_ != nullptr) LookAtReadModels();
  return true;
}

void Standby::Tell(const absl::Status& why) {
  const bool again = absl::IsUnavailable(why) && MonotonicNow() - told_at_ > kTellAgain;
  if (told_ == why.message() && !again) return;
  told_ = std::string(why.message());
  told_at_ = MonotonicNow();
  Log(absl::IsUnavailable(why) ? LogLevel::kWarn : LogLevel::kInfo, "standing by",
      {{"reason", told_}});
}

absl::Status Standby::CheckPlaces() {
  const auto rows = OpenVaultToRead(options_.storage, random_);
  const auto vault = rows->Get(eventstore::VaultRows::Info());
  if (!vault.ok()) return absl::OkStatus();
  if (vault->has_value()) {
    VaultPlace place = VaultIn(options_.data_dir, "", options_.wrapping_key_dir);
    place.token = options_.wrapping_token;
    RETURN_IF_ERROR(VaultFiles::CheckWrappingKeys(place, *rows, clock_, random_));
  }
  const auto engine = OpenToRead(options_.storage, random_);
  if (absl::IsUnavailable(engine.status())) return absl::OkStatus();
  RETURN_IF_ERROR(engine.status());
  for (const std::string& name : ledgers_) {
    for (const std::string& ledger : {name, access::TrailLedgerOf(name)}) {
      RETURN_IF_ERROR(CheckSigningOf(**engine, ledger));
    }
  }
  checked_ = true;
  return absl::OkStatus();
}

absl::Status Standby::CheckSigningOf(const eventstore::Engine& engine,
                                     const std::string& ledger) const {
  const auto bytes = engine.FindSigningState(ledger);
  if (!bytes.ok() || !bytes->has_value()) return absl::OkStatus();
  const auto state = eventstore::DecodeSigningState(**bytes);
  if (!state.ok()) return absl::OkStatus();  // said when it is opened
  const std::string keys = StrCat(options_.key_dir, "/", ledger, ".keys");
  if (!IsThere(keys)) {
    return absl::FailedPreconditionError(
        StrCat("ledger ", ledger, ": its signing keys are not in ", keys,
               ": give --key-dir the folder that all servers of the database use"));
  }
  const std::string checkpoint = eventstore::CheckpointPath(options_.checkpoint_dir, ledger);
  if (!state->checkpoint().empty() && !IsThere(checkpoint) && !options_.accept_lost_checkpoint) {
    return absl::FailedPreconditionError(
        StrCat("ledger ", ledger, ": its newest checkpoint is not in ", checkpoint,
               ": give --checkpoint-dir the folder that all servers of the database use"));
  }
  return absl::OkStatus();
}

absl::Status Standby::DropPersonSearch() {
  for (const std::string& ledger : ledgers_) {
    ASSIGN_OR_RETURN(const std::vector<std::string> tables, read_models_.ListTables(ledger));
    for (const std::string& table : tables) {
      if (!table.starts_with(StrCat(projections::kPersonSearchName, "@"))) continue;
      RETURN_IF_ERROR(read_models_.DropTable(ledger, table));
      // And out of the files.
      ASSIGN_OR_RETURN(const auto emptied, read_models_.OpenTable(ledger, table));
      const auto batch = emptied->NewBatch();
      batch->PurgeDeleted();
      RETURN_IF_ERROR(emptied->Commit(*batch, 0, 0));
    }
  }
  return absl::OkStatus();
}

void Standby::FollowTheLog() {
  if (warm_up_ != nullptr) return;
  auto started = WarmUp::Start(options_.storage, ledgers_, read_models_, clock_, random_);
  if (started.ok()) {
    warm_up_ = *std::move(started);
  } else if (!absl::IsUnavailable(started.status())) {
    // With the next look it is tried again.
    Tell(absl::UnavailableError(
        StrCat("read models cannot be kept up: ", FromAbsl(started.status().message()))));
  }
}

void Standby::LookAtReadModels() {
  if (looked_at_ != 0 && MonotonicNow() - looked_at_ < kLookAgain) return;
  const absl::Status following = warm_up_->CheckFollowing();
  if (!following.ok() && !absl::IsUnavailable(following)) {
    Tell(absl::UnavailableError(
        StrCat("read models are kept up anew: ", FromAbsl(following.message()))));
    warm_up_.reset();
    warm_ = false;
    looked_at_ = 0;
    behind_ = 0;
    health_.Begin();
    return;
  }
  std::vector<LedgerHealth> ledgers = warm_up_->Health();
  looked_at_ = MonotonicNow();
  behind_ = 0;
  for (const LedgerHealth& ledger : ledgers) {
    for (const projections::ProjectionHealth& each : ledger.projections) {
      behind_ = std::max(behind_, each.lag_events);
    }
  }
  health_.Show(std::move(ledgers));
  if (warm_ || behind_ > 0) return;
  warm_ = true;
  Log(LogLevel::kInfo, "read models are up to date, but for the search for persons");
}

void Standby::TakeOver() {
  if (warm_up_ != nullptr) {
    looked_at_ = 0;
    LookAtReadModels();
  }
  port_.TakeOver();
  health_.End();
  if (warm_up_ == nullptr) return;
  Log(LogLevel::kInfo, "taking over", {{"read_models_behind", StrCat(behind_)}});
  warm_up_.reset();
}

}  // namespace caseledger::app
