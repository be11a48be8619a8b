#include "services/app/cli/client/head.h"

#include "caseledger/v1/history.grpc.pb.h"
#include "eventstore/base/status_macros.h"
#include "services/app/cli/client/errors.h"

namespace caseledger::cli {

absl::StatusOr<v1::GetLedgerHeadResponse> GetHead(const Connection& connection) {
  const ClientOptions& options = connection.options();
  v1::GetLedgerHeadRequest request;
  request.set_ledger(options.ledger);
  v1::GetLedgerHeadResponse response;
  grpc::ClientContext context;
  connection.PrepareCall(context);
  const auto stub = v1::HistoryService::NewStub(connection.channel());
  RETURN_IF_ERROR(ToAbslStatus(stub->GetLedgerHead(&context, request, &response), options.server,
                               options.vietnamese));
  return response;
}

}  // namespace caseledger::cli
