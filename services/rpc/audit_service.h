// AuditService: histories to be checked without the server.
#pragma once

#include <cstddef>

#include "caseledger/v1/audit.grpc.pb.h"
#include "services/commands/ledgers.h"
#include "services/rpc/page_stream.h"
#include "services/rpc/peer.h"
#include "services/rpc/threads/executor.h"

namespace caseledger::rpc {

class AuditServiceImpl final : public v1::AuditService::CallbackService {
 public:
  AuditServiceImpl(const commands::Ledgers& ledgers, Executor& executor, StreamWarden& warden,
                   const Callers& callers, size_t max_exports, Clock& clock)
      : ledgers_(ledgers),
        executor_(executor),
        warden_(warden),
        callers_(callers),
        exports_(max_exports),
        clock_(clock) {}

  grpc::ServerWriteReactor<v1::ExportRecordResponse>* ExportRecord(
      grpc::CallbackServerContext* context, const v1::ExportRecordRequest* request) override;

 private:
  const commands::Ledgers& ledgers_;
  Executor& executor_;
  StreamWarden& warden_;
  const Callers& callers_;
  StreamPlaces exports_;
  Clock& clock_;
};

}  // namespace caseledger::rpc
