// Queries about the server and about single cases; those over read models are in
// read_model_queries.cc.
#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "eventstore/base/status_macros.h"
#include "services/access/redaction.h"
#include "services/commands/case_query.h"
#include "services/commands/committed_view.h"
#include "services/commands/erasure_query.h"
#include "services/commands/times.h"
#include "services/rpc/queries.h"

namespace caseledger::rpc {
namespace {

using commands::Ledger;

constexpr auto kCase = options::v1::RECORD_KIND_CASE_RECORD;
constexpr auto kPerson = options::v1::RECORD_KIND_PERSON;

// Of a case that only a referral shows: the referral's own person, and no other referral.
void KeepOnlyShared(const access::Call& call, v1::GetCaseResponse& response) {
  auto& referrals = *response.mutable_referrals();
  std::set<std::string> persons;
  for (int i = referrals.size() - 1; i >= 0; --i) {
    if (referrals.Get(i).to_agency_id() == call.agency) {
      persons.insert(referrals.Get(i).person_id());
    } else {
      referrals.DeleteSubrange(i, 1);
    }
  }
  auto& participants = *response.mutable_participants();
  for (int i = participants.size() - 1; i >= 0; --i) {
    if (!persons.contains(participants.Get(i).person_id())) participants.DeleteSubrange(i, 1);
  }
  response.clear_owner_worker_id();
  response.clear_open_stays();
  response.clear_legal_holds();
}

void FillBackup(const eventstore::VaultBackupKeeper::State& state,
                const std::vector<eventstore::WrappingKeyInfo>& keys,
                v1::GetVaultResponse& response) {
  response.set_backs_up(true);
  response.set_backup_due(state.due);
  response.set_backup_tries(state.tries);
  response.set_backup_trouble(std::string(state.last.message()));
  if (!state.newest.has_value()) return;
  *response.mutable_backup_time() = commands::ToTimestamp(state.newest->created_at);
  for (const Uuid& id : state.newest->wrapping_key_ids) {
    const bool there =
        std::any_of(keys.begin(), keys.end(), [&](const auto& key) { return key.id == id; });
    if (!there) response.set_backup_unusable(true);
  }
}

std::string StateName(projections::ProjectionHealth::State state) {
  switch (state) {
    case projections::ProjectionHealth::State::kCatchingUp:
      return "catching_up";
    case projections::ProjectionHealth::State::kLive:
      return "live";
    case projections::ProjectionHealth::State::kRebuilding:
      return "rebuilding";
    case projections::ProjectionHealth::State::kPaused:
      return "paused";
    case projections::ProjectionHealth::State::kDropped:
      return "dropped";
    case projections::ProjectionHealth::State::kStopped:
      break;
  }
  return "stopped";
}

std::string StateName(projections::TableComparison::State state) {
  switch (state) {
    case projections::TableComparison::State::kWaiting:
      return "waiting";
    case projections::TableComparison::State::kRunning:
      return "running";
    case projections::TableComparison::State::kSame:
      return "same";
    case projections::TableComparison::State::kDifferent:
      return "different";
    case projections::TableComparison::State::kFailed:
      break;
  }
  return "failed";
}

void Show(const projections::TableComparison& comparison, v1::ProjectionComparison& out) {
  out.set_state(StateName(comparison.state));
  out.set_events(comparison.events);
  out.set_rows(comparison.rows);
  out.set_changed_rows(comparison.changed_rows);
  out.set_lost_rows(comparison.lost_rows);
  out.set_new_rows(comparison.new_rows);
  out.set_trouble(comparison.trouble);
}

}  // namespace

absl::Status Queries::GetCase(Reading& reading, const v1::GetCaseRequest& request, absl::Duration,
                              v1::GetCaseResponse& response) const {
  ASSIGN_OR_RETURN(const Ledger* ledger, reading.Begin(request.ledger(), kCase));
  ASSIGN_OR_RETURN(const eventstore::StreamId stream, reading.Open(kCase, request.case_id()));
  ASSIGN_OR_RETURN(response, commands::GetCase(*ledger->parts.log, stream, clock_.Now()));
  if (reading.shown().only_shared()) KeepOnlyShared(reading.call(), response);
  access::Redact(response, reading.shown().level, reading.shown().shared_fields);
  return absl::OkStatus();
}

absl::Status Queries::CheckClosure(Reading& reading, const v1::CheckClosureRequest& request,
                                   absl::Duration, v1::CheckClosureResponse& response) const {
  ASSIGN_OR_RETURN(const Ledger* ledger, reading.Begin(request.ledger(), kCase));
  ASSIGN_OR_RETURN(const eventstore::StreamId stream, reading.Open(kCase, request.case_id()));
  ASSIGN_OR_RETURN(response, commands::CheckClosure(*ledger->parts.log, stream, clock_.Now()));
  return absl::OkStatus();
}

// Those whose rules let the caller know of them.
absl::Status Queries::ListLedgers(Reading& reading, const v1::ListLedgersRequest&, absl::Duration,
                                  v1::ListLedgersResponse& response) const {
  response.set_version(version_);
  absl::Status refused;
  for (const Ledger* ledger : ledgers_.All()) {
    const absl::Status allowed = reading.Begin(ledger->parts.name).status();
    refused.Update(allowed);
    if (!allowed.ok()) continue;
    v1::LedgerSummary& summary = *response.add_ledgers();
    const absl::Status health = ledger->parts.log->health();
    summary.set_ledger(ledger->parts.name);
    summary.set_event_count(ledger->parts.log->Head().next_position);
    summary.set_accepting(health.ok());
    if (!health.ok()) summary.set_trouble(std::string(health.message()));
  }
  return response.ledgers().empty() ? refused : absl::OkStatus();
}

absl::Status Queries::ListProjections(Reading& reading, const v1::ListProjectionsRequest& request,
                                      absl::Duration, v1::ListProjectionsResponse& response) const {
  ASSIGN_OR_RETURN(const Ledger* ledger, reading.Begin(request.ledger()));
  response.set_event_count(ledger->parts.log->Head().next_position);
  for (const projections::ProjectionHealth& health : ledger->parts.projections->Health()) {
    v1::ProjectionStatus& status = *response.add_projections();
    status.set_name(health.name);
    status.set_state(StateName(health.state));
    status.set_applied_events(health.applied_events);
    status.set_lag_events(health.lag_events);
    status.set_lag_seconds(health.lag_seconds);
    status.set_stopped_at_position(health.stopped_at_position);
    status.set_trouble(health.trouble);
    if (health.comparison.has_value()) Show(*health.comparison, *status.mutable_comparison());
  }
  return absl::OkStatus();
}

absl::Status Queries::RebuildProjection(Reading& reading,
                                        const v1::RebuildProjectionRequest& request, absl::Duration,
                                        v1::RebuildProjectionResponse&) const {
  ASSIGN_OR_RETURN(const Ledger* ledger, reading.Begin(request.ledger()));
  reading.AskedFor("projection=" + request.name());
  using Compare = projections::Runtime::Compare;
  return ledger->parts.projections->Rebuild(request.name(),
                                            request.compare() ? Compare::kYes : Compare::kNo);
}

absl::Status Queries::PauseProjection(Reading& reading, const v1::PauseProjectionRequest& request,
                                      absl::Duration, v1::PauseProjectionResponse&) const {
  ASSIGN_OR_RETURN(const Ledger* ledger, reading.Begin(request.ledger()));
  reading.AskedFor("projection=" + request.name());
  return ledger->parts.projections->Pause(request.name());
}

absl::Status Queries::ResumeProjection(Reading& reading, const v1::ResumeProjectionRequest& request,
                                       absl::Duration, v1::ResumeProjectionResponse&) const {
  ASSIGN_OR_RETURN(const Ledger* ledger, reading.Begin(request.ledger()));
  reading.AskedFor("projection=" + request.name());
  return ledger->parts.projections->Resume(request.name());
}

absl::Status Queries::DropProjection(Reading& reading, const v1::DropProjectionRequest& request,
                                     absl::Duration, v1::DropProjectionResponse&) const {
  ASSIGN_OR_RETURN(const Ledger* ledger, reading.Begin(request.ledger()));
  reading.AskedFor("projection=" + request.name());
  return ledger->parts.projections->Drop(request.name());
}

absl::Status Queries::GetVault(Reading& reading, const v1::GetVaultRequest& request, absl::Duration,
                               v1::GetVaultResponse& response) const {
  RETURN_IF_ERROR(reading.Begin(request.ledger()).status());
  if (vault_.rotator == nullptr) {
    response.set_trouble(std::string(vault_.missing.message()));
    return absl::OkStatus();
  }
  const eventstore::Rotator::State state = vault_.rotator->state();
  response.set_available(true);
  if (!state.last.ok()) response.set_trouble(std::string(state.last.message()));
  for (const eventstore::WrappingKeyInfo& each : state.keys) {
    v1::VaultWrappingKey& key = *response.add_wrapping_keys();
    key.set_wrapping_key_id(each.id.ToString());
    *key.mutable_created_time() = commands::ToTimestamp(each.created_at);
    key.set_newest(each.id == state.keys.back().id);
  }
  if (state.next_at) *response.mutable_next_rotation_time() = commands::ToTimestamp(*state.next_at);
  response.set_rotating(state.rotating);
  response.set_rotated_keys(state.progress.done);
  response.set_total_keys(state.progress.total);
  if (vault_.backups != nullptr) FillBackup(vault_.backups->state(), state.keys, response);
  return absl::OkStatus();
}

// The vault holds the keys of all ledgers, so all of them must let the caller.
absl::Status Queries::AllLedgersAllow(const access::Call& call, std::string_view what) const {
  for (const Ledger* ledger : ledgers_.All()) {
    if (ledger->is_trail()) continue;
    Reading other(ledgers_, call, what, clock_);
    RETURN_IF_ERROR(other.Begin(ledger->parts.name).status());
  }
  return absl::OkStatus();
}

absl::Status Queries::RotateWrappingKey(Reading& reading,
                                        const v1::RotateWrappingKeyRequest& request, absl::Duration,
                                        v1::RotateWrappingKeyResponse&) const {
  RETURN_IF_ERROR(reading.Begin(request.ledger()).status());
  RETURN_IF_ERROR(AllLedgersAllow(reading.call(), "RotateWrappingKey"));
  reading.AskedFor("wrapping-key");
  if (vault_.rotator == nullptr) return vault_.missing;
  vault_.rotator->RotateNow();
  return absl::OkStatus();
}

absl::Status Queries::CreateVaultBackup(Reading& reading,
                                        const v1::CreateVaultBackupRequest& request, absl::Duration,
                                        v1::CreateVaultBackupResponse&) const {
  RETURN_IF_ERROR(reading.Begin(request.ledger()).status());
  RETURN_IF_ERROR(AllLedgersAllow(reading.call(), "CreateVaultBackup"));
  reading.AskedFor("vault-backup");
  if (vault_.rotator == nullptr) return vault_.missing;
  if (vault_.backups == nullptr) {
    return absl::FailedPreconditionError(
        "VAULT_BACKUP_NOT_CONFIGURED: start the server with --vault-backup-dir");
  }
  vault_.backups->BackUpSoon();
  return absl::OkStatus();
}

absl::Status Queries::GetErasure(Reading& reading, const v1::GetErasureRequest& request,
                                 absl::Duration, v1::GetErasureResponse& response) const {
  ASSIGN_OR_RETURN(const Ledger* ledger, reading.Begin(request.ledger(), kPerson));
  ASSIGN_OR_RETURN(const eventstore::StreamId person, reading.Open(kPerson, request.person_id()));
  if (ledger->parts.erasure_keys == nullptr) return vault_.missing;
  commands::CommittedView view(*ledger->parts.log, clock_.Now());
  ASSIGN_OR_RETURN(response, commands::GetErasure(view, person, *ledger->parts.erasure_keys));
  return absl::OkStatus();
}

}  // namespace caseledger::rpc
