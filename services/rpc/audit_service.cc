#include "services/rpc/audit_service.h"

#include "services/rpc/export.h"
#include "services/rpc/peer.h"
#include "services/rpc/refuse.h"
#include "services/rpc/requests.h"
#include "services/rpc/status.h"

namespace caseledger::rpc {

grpc::ServerWriteReactor<v1::ExportRecordResponse>* AuditServiceImpl::ExportRecord(
    grpc::CallbackServerContext* context, const v1::ExportRecordRequest* request) {
  if (const absl::Status bad = CheckRequest(clock_, *request); !bad.ok()) {
    return Refuse<v1::ExportRecordResponse>(ToGrpcStatus(bad));
  }
  absl::StatusOr<access::Call> call = callers_.ReaderOf(*context);
  if (!call.ok()) return Refuse<v1::ExportRecordResponse>(ToGrpcStatus(call.status()));
  if (!exports_.Take()) {
    return Refuse<v1::ExportRecordResponse>(ToGrpcStatus(
        absl::ResourceExhaustedError("OVERLOADED: too many exports are running; try again")));
  }
  return new PageStream<v1::ExportRecordResponse>(
      executor_, exports_,
      ExportOfRecord(Reading(ledgers_, *std::move(call), "ExportRecord", clock_), *request));
}

}  // namespace caseledger::rpc
