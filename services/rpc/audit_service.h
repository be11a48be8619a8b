// AuditService: histories to be checked without the server.
#pragma once

#include "caseledger/v1/audit.grpc.pb.h"
#include "services/rpc/export.h"
#include "services/rpc/exports.h"

namespace caseledger::rpc {

class AuditServiceImpl final : public v1::AuditService::CallbackService {
 public:
  explicit AuditServiceImpl(Exports& exports) : exports_(exports) {}

  grpc::ServerWriteReactor<v1::ExportRecordResponse>* ExportRecord(
      grpc::CallbackServerContext* context, const v1::ExportRecordRequest* request) override {
    return exports_.Start(*context, "ExportRecord", *request, ExportOfRecord);
  }

 private:
  Exports& exports_;
};

}  // namespace caseledger::rpc
