// Queries about the server and about single cases; those over read models are in
// read_model_queries.cc.
#include "eventstore/base/status_macros.h"
#include "services/commands/case_query.h"
#include "services/commands/references.h"
#include "services/rpc/queries.h"
#include "services/rpc/recorded_event.h"

namespace caseledger::rpc {
namespace {

using commands::Ledger;

absl::StatusOr<eventstore::StreamId> FindCase(const Ledger& ledger, const std::string& id) {
  return commands::FindRecord(IndexOf(*ledger.parts.log), options::v1::RECORD_KIND_CASE_RECORD, id);
}

std::string StateName(projections::ProjectionHealth::State state) {
  switch (state) {
    case projections::ProjectionHealth::State::kCatchingUp:
      return "catching_up";
    case projections::ProjectionHealth::State::kLive:
      return "live";
    case projections::ProjectionHealth::State::kRebuilding:
      return "rebuilding";
    case projections::ProjectionHealth::State::kStopped:
      break;
  }
  return "stopped";
}

}  // namespace

absl::Status Queries::GetCase(const v1::GetCaseRequest& request, absl::Duration,
                              v1::GetCaseResponse& response) const {
  ASSIGN_OR_RETURN(const Ledger* ledger, ledgers_.Find(request.ledger()));
  ASSIGN_OR_RETURN(const eventstore::StreamId stream, FindCase(*ledger, request.case_id()));
  ASSIGN_OR_RETURN(response, commands::GetCase(*ledger->parts.log, stream, clock_.Now()));
  return absl::OkStatus();
}

absl::Status Queries::CheckClosure(const v1::CheckClosureRequest& request, absl::Duration,
                                   v1::CheckClosureResponse& response) const {
  ASSIGN_OR_RETURN(const Ledger* ledger, ledgers_.Find(request.ledger()));
  ASSIGN_OR_RETURN(const eventstore::StreamId stream, FindCase(*ledger, request.case_id()));
  ASSIGN_OR_RETURN(response, commands::CheckClosure(*ledger->parts.log, stream, clock_.Now()));
  return absl::OkStatus();
}

absl::Status Queries::ListLedgers(const v1::ListLedgersRequest&, absl::Duration,
                                  v1::ListLedgersResponse& response) const {
  response.set_version(version_);
  for (const Ledger* ledger : ledgers_.All()) {
    v1::LedgerSummary& summary = *response.add_ledgers();
    const absl::Status health = ledger->parts.log->health();
    summary.set_ledger(ledger->parts.name);
    summary.set_event_count(ledger->parts.log->Head().next_position);
    summary.set_accepting(health.ok());
    if (!health.ok()) summary.set_trouble(std::string(health.message()));
  }
  return absl::OkStatus();
}

absl::Status Queries::ListProjections(const v1::ListProjectionsRequest& request, absl::Duration,
                                      v1::ListProjectionsResponse& response) const {
  ASSIGN_OR_RETURN(const Ledger* ledger, ledgers_.Find(request.ledger()));
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
  }
  return absl::OkStatus();
}

absl::Status Queries::RebuildProjection(const v1::RebuildProjectionRequest& request, absl::Duration,
                                        v1::RebuildProjectionResponse&) const {
  ASSIGN_OR_RETURN(const Ledger* ledger, ledgers_.Find(request.ledger()));
  return ledger->parts.projections->Rebuild(request.name());
}

}  // namespace caseledger::rpc
