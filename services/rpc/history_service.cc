#include "services/rpc/history_service.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "eventstore/base/status_macros.h"
#include "services/commands/times.h"
#include "services/commands/validation.h"
#include "services/rpc/proofs.h"
#include "services/rpc/requests.h"
#include "services/rpc/status.h"

namespace caseledger::rpc {
namespace {

using ReplayReactor = grpc::ServerWriteReactor<v1::ReplayResponse>;

template <typename Request>
RecordReplay ReplayFor(const commands::Ledger& ledger, const Request& request,
                       options::v1::RecordKind kind, const std::string& record_id) {
  RecordReplay replay{ledger.parts.name, kind, record_id, request.as_of(), std::nullopt};
  if (request.has_as_of_occurred_time()) {
    replay.as_of_occurred = commands::FromTimestamp(request.as_of_occurred_time());
  }
  return replay;
}

absl::Status GetLedgerHead(const commands::Ledger& ledger, const v1::GetLedgerHeadRequest&,
                           v1::GetLedgerHeadResponse& response) {
  const eventstore::LedgerHead head = ledger.parts.log->Head();
  response.set_ledger(ledger.parts.name);
  response.set_event_count(head.next_position);
  if (head.next_position > 0) {
    *response.mutable_last_recorded_time() = commands::ToTimestamp(head.last_recorded_at);
  }
  *response.mutable_created_time() = commands::ToTimestamp(ledger.parts.created_at);
  response.set_sealed(ledger.parts.sealed);
  return absl::OkStatus();
}

}  // namespace

template <typename Request, typename Response>
grpc::ServerUnaryReactor* HistoryServiceImpl::Answer(
    grpc::CallbackServerContext* context, const Request* request, Response* response,
    absl::Status (*answer)(const commands::Ledger&, const Request&, Response&)) {
  return queries_.Run(context, [this, request, response, answer]() -> absl::Status {
    ASSIGN_OR_RETURN(const commands::Ledger* ledger, CheckAndFind(ledgers_, clock_, *request));
    return answer(*ledger, *request, *response);
  });
}

grpc::ServerUnaryReactor* HistoryServiceImpl::GetLedgerHead(grpc::CallbackServerContext* context,
                                                            const v1::GetLedgerHeadRequest* request,
                                                            v1::GetLedgerHeadResponse* response) {
  return Answer(context, request, response, rpc::GetLedgerHead);
}

grpc::ServerUnaryReactor* HistoryServiceImpl::GetCheckpoint(grpc::CallbackServerContext* context,
                                                            const v1::GetCheckpointRequest* request,
                                                            v1::GetCheckpointResponse* response) {
  return Answer(context, request, response, rpc::GetCheckpoint);
}

grpc::ServerUnaryReactor* HistoryServiceImpl::GetInclusionProof(
    grpc::CallbackServerContext* context, const v1::GetInclusionProofRequest* request,
    v1::GetInclusionProofResponse* response) {
  return Answer(context, request, response, rpc::GetInclusionProof);
}

grpc::ServerUnaryReactor* HistoryServiceImpl::GetConsistencyProof(
    grpc::CallbackServerContext* context, const v1::GetConsistencyProofRequest* request,
    v1::GetConsistencyProofResponse* response) {
  return Answer(context, request, response, rpc::GetConsistencyProof);
}

grpc::ServerUnaryReactor* HistoryServiceImpl::GetTile(grpc::CallbackServerContext* context,
                                                      const v1::GetTileRequest* request,
                                                      v1::GetTileResponse* response) {
  return Answer(context, request, response, rpc::GetTile);
}

ReplayReactor* HistoryServiceImpl::StartReplay(ReplaySource source) {
  if (!replays_.Take()) {
    return Refuse<v1::ReplayResponse>(ToGrpcStatus(
        absl::ResourceExhaustedError("OVERLOADED: too many replays are running; try again")));
  }
  return new PageStream<v1::ReplayResponse>(executor_, replays_, std::move(source));
}

ReplayReactor* HistoryServiceImpl::ReplayCase(grpc::CallbackServerContext*,
                                              const v1::ReplayCaseRequest* request) {
  const auto ledger = CheckAndFind(ledgers_, clock_, *request);
  if (!ledger.ok()) return Refuse<v1::ReplayResponse>(ToGrpcStatus(ledger.status()));
  return StartReplay(ReplayOfRecord(
      *(*ledger)->parts.log,
      ReplayFor(**ledger, *request, options::v1::RECORD_KIND_CASE_RECORD, request->case_id())));
}

ReplayReactor* HistoryServiceImpl::ReplayRecord(grpc::CallbackServerContext*,
                                                const v1::ReplayRecordRequest* request) {
  const auto ledger = CheckAndFind(ledgers_, clock_, *request);
  if (!ledger.ok()) return Refuse<v1::ReplayResponse>(ToGrpcStatus(ledger.status()));
  return StartReplay(
      ReplayOfRecord(*(*ledger)->parts.log,
                     ReplayFor(**ledger, *request, request->record_kind(), request->record_id())));
}

ReplayReactor* HistoryServiceImpl::ReplayLedger(grpc::CallbackServerContext*,
                                                const v1::ReplayLedgerRequest* request) {
  const auto ledger = CheckAndFind(ledgers_, clock_, *request);
  if (!ledger.ok()) return Refuse<v1::ReplayResponse>(ToGrpcStatus(ledger.status()));
  LedgerReplay replay{(*ledger)->parts.name, request->from_position(), request->max_events(),
                      request->as_of(), std::nullopt};
  if (request->has_as_of_occurred_time()) {
    replay.as_of_occurred = commands::FromTimestamp(request->as_of_occurred_time());
  }
  return StartReplay(ReplayOfLedger(*(*ledger)->parts.log, std::move(replay)));
}

grpc::ServerWriteReactor<v1::SubscribeResponse>* HistoryServiceImpl::Subscribe(
    grpc::CallbackServerContext*, const v1::SubscribeRequest* request) {
  const auto ledger = CheckAndFind(ledgers_, clock_, *request);
  if (!ledger.ok()) return Refuse<v1::SubscribeResponse>(ToGrpcStatus(ledger.status()));
  absl::StatusOr<EventFilter> filter = EventFilter::Of(*request);
  if (!filter.ok()) return Refuse<v1::SubscribeResponse>(ToGrpcStatus(filter.status()));
  return StartSubscription(subscribers_, *(*ledger)->parts.log, clock_,
                           {(*ledger)->parts.name, request->from_position(), *std::move(filter)});
}

}  // namespace caseledger::rpc
