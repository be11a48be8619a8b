#include "services/rpc/audit_service.h"

#include "services/rpc/export.h"
#include "services/rpc/peer.h"
#include "services/rpc/refuse.h"
#include "services/rpc/requests.h"
#include "services/rpc/status.h"

namespace caseledger::rpc {

grpc::ServerWriteReactor<v1::ExportRecordResponse>* AuditServiceImpl::ExportRecord(
    grpc::CallbackServerContext* context, const v1::ExportRecordRequest* request) {
  absl::StatusOr<Admitted> admitted = callers_.Admit(*context, Callers::Use::kStream, request);
  if (!admitted.ok()) {
    return callers_.refusals().FinishStream<v1::ExportRecordResponse>(admitted.status());
  }
  if (const absl::Status bad = CheckRequest(clock_, *request); !bad.ok()) {
    return Refuse<v1::ExportRecordResponse>(ToGrpcStatus(bad));
  }
  if (!exports_.Take()) {
    return Refuse<v1::ExportRecordResponse>(ToGrpcStatus(
        absl::ResourceExhaustedError("OVERLOADED: too many exports are running; try again")));
  }
  const std::string agency = admitted->call.agency;
  return new PageStream<v1::ExportRecordResponse>(
      {executor_, warden_, exports_}, agency, std::move(admitted->place),
      ExportOfRecord(Reading(ledgers_, std::move(admitted->call), "ExportRecord", clock_),
                     *request));
}

}  // namespace caseledger::rpc
