#include "services/rpc/history_service.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "eventstore/base/status_macros.h"
#include "services/commands/times.h"
#include "services/commands/validation.h"
#include "services/rpc/peer.h"
#include "services/rpc/proofs.h"
#include "services/rpc/requests.h"
#include "services/rpc/status.h"

namespace caseledger::rpc {
namespace {

using ReplayReactor = grpc::ServerWriteReactor<v1::ReplayResponse>;

template <typename Request>
RecordReplay ReplayFor(const Request& request, options::v1::RecordKind kind,
                       const std::string& record_id) {
  RecordReplay replay{request.ledger(), kind, record_id, request.as_of(), std::nullopt};
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
    grpc::CallbackServerContext* context, std::string_view action, const Request* request,
    Response* response,
    absl::Status (*answer)(const commands::Ledger&, const Request&, Response&)) {
  // Hashes and sizes: nothing of a record is shown.
  return queries_.Run(context, action, request, response, Trailed::kNo,
                      [this, request, response, answer](Reading& reading) -> absl::Status {
                        RETURN_IF_ERROR(CheckRequest(clock_, *request));
                        ASSIGN_OR_RETURN(const commands::Ledger* ledger,
                                         reading.Begin(request->ledger()));
                        return answer(*ledger, *request, *response);
                      });
}

grpc::ServerUnaryReactor* HistoryServiceImpl::GetLedgerHead(grpc::CallbackServerContext* context,
                                                            const v1::GetLedgerHeadRequest* request,
                                                            v1::GetLedgerHeadResponse* response) {
  return Answer(context, "GetLedgerHead", request, response, rpc::GetLedgerHead);
}

grpc::ServerUnaryReactor* HistoryServiceImpl::GetCheckpoint(grpc::CallbackServerContext* context,
                                                            const v1::GetCheckpointRequest* request,
                                                            v1::GetCheckpointResponse* response) {
  return Answer(context, "GetCheckpoint", request, response, rpc::GetCheckpoint);
}

grpc::ServerUnaryReactor* HistoryServiceImpl::GetInclusionProof(
    grpc::CallbackServerContext* context, const v1::GetInclusionProofRequest* request,
    v1::GetInclusionProofResponse* response) {
  return Answer(context, "GetInclusionProof", request, response, rpc::GetInclusionProof);
}

grpc::ServerUnaryReactor* HistoryServiceImpl::GetConsistencyProof(
    grpc::CallbackServerContext* context, const v1::GetConsistencyProofRequest* request,
    v1::GetConsistencyProofResponse* response) {
  return Answer(context, "GetConsistencyProof", request, response, rpc::GetConsistencyProof);
}

grpc::ServerUnaryReactor* HistoryServiceImpl::GetTile(grpc::CallbackServerContext* context,
                                                      const v1::GetTileRequest* request,
                                                      v1::GetTileResponse* response) {
  return Answer(context, "GetTile", request, response, rpc::GetTile);
}

template <typename Request>
ReplayReactor* HistoryServiceImpl::StartReplay(
    const grpc::CallbackServerContext& context, std::string_view action, const Request& request,
    const std::function<ReplaySource(Reading)>& source_of) {
  absl::StatusOr<Opened> opened = Open(context, action, request);
  if (!opened.ok()) return callers_.refusals().FinishStream<v1::ReplayResponse>(opened.status());
  if (const absl::Status bad = CheckRequest(clock_, request); !bad.ok()) {
    return Refuse<v1::ReplayResponse>(ToGrpcStatus(bad));
  }
  if (!replays_.Take()) {
    return Refuse<v1::ReplayResponse>(ToGrpcStatus(
        absl::ResourceExhaustedError("OVERLOADED: too many replays are running; try again")));
  }
  const std::string agency = opened->reading.call().agency;
  return new PageStream<v1::ReplayResponse>({executor_, warden_, replays_}, agency,
                                            std::move(opened->place),
                                            source_of(std::move(opened->reading)));
}

ReplayReactor* HistoryServiceImpl::ReplayCase(grpc::CallbackServerContext* context,
                                              const v1::ReplayCaseRequest* request) {
  return StartReplay(*context, "ReplayCase", *request, [request](Reading reading) {
    return ReplayOfRecord(
        std::move(reading),
        ReplayFor(*request, options::v1::RECORD_KIND_CASE_RECORD, request->case_id()));
  });
}

ReplayReactor* HistoryServiceImpl::ReplayRecord(grpc::CallbackServerContext* context,
                                                const v1::ReplayRecordRequest* request) {
  return StartReplay(*context, "ReplayRecord", *request, [request](Reading reading) {
    return ReplayOfRecord(std::move(reading),
                          ReplayFor(*request, request->record_kind(), request->record_id()));
  });
}

ReplayReactor* HistoryServiceImpl::ReplayLedger(grpc::CallbackServerContext* context,
                                                const v1::ReplayLedgerRequest* request) {
  return StartReplay(*context, "ReplayLedger", *request, [request](Reading reading) {
    LedgerReplay replay{request->ledger(), request->from_position(), request->max_events(),
                        request->as_of(), std::nullopt};
    if (request->has_as_of_occurred_time()) {
      replay.as_of_occurred = commands::FromTimestamp(request->as_of_occurred_time());
    }
    return ReplayOfLedger(std::move(reading), std::move(replay));
  });
}

grpc::ServerWriteReactor<v1::SubscribeResponse>* HistoryServiceImpl::Subscribe(
    grpc::CallbackServerContext* context, const v1::SubscribeRequest* request) {
  absl::StatusOr<Opened> opened = Open(*context, "Subscribe", *request);
  if (!opened.ok()) return callers_.refusals().FinishStream<v1::SubscribeResponse>(opened.status());
  if (const absl::Status bad = CheckRequest(clock_, *request); !bad.ok()) {
    return Refuse<v1::SubscribeResponse>(ToGrpcStatus(bad));
  }
  absl::StatusOr<EventFilter> filter = EventFilter::Of(*request);
  if (!filter.ok()) return Refuse<v1::SubscribeResponse>(ToGrpcStatus(filter.status()));
  return StartSubscription(subscribers_, ledgers_, clock_, std::move(opened->reading),
                           {request->ledger(), request->from_position(), *std::move(filter),
                            std::move(opened->place), warden_.limits()});
}

absl::StatusOr<HistoryServiceImpl::Opened> HistoryServiceImpl::Open(
    const grpc::CallbackServerContext& context, std::string_view action,
    const google::protobuf::Message& request) {
  ASSIGN_OR_RETURN(Admitted admitted, callers_.Admit(context, Callers::Use::kStream, &request));
  Reading reading(ledgers_, std::move(admitted.call), action, clock_);
  reading.GoodWhile([this, &context] { return callers_.Recheck(context); });
  return Opened{std::move(reading), std::move(admitted.place)};
}

}  // namespace caseledger::rpc
