#include "services/rpc/audit_service.h"

#include "services/rpc/export.h"
#include "services/rpc/refuse.h"
#include "services/rpc/requests.h"
#include "services/rpc/status.h"

namespace caseledger::rpc {

grpc::ServerWriteReactor<v1::ExportRecordResponse>* AuditServiceImpl::ExportRecord(
    grpc::CallbackServerContext*, const v1::ExportRecordRequest* request) {
  const auto ledger = CheckAndFind(ledgers_, clock_, *request);
  if (!ledger.ok()) return Refuse<v1::ExportRecordResponse>(ToGrpcStatus(ledger.status()));
  if (!exports_.Take()) {
    return Refuse<v1::ExportRecordResponse>(ToGrpcStatus(
        absl::ResourceExhaustedError("OVERLOADED: too many exports are running; try again")));
  }
  return new PageStream<v1::ExportRecordResponse>(
      executor_, exports_, ExportOfRecord(**ledger, request->record_kind(), request->record_id()));
}

}  // namespace caseledger::rpc
