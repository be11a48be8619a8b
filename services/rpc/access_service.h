// AccessService: what the rules say, and what the trail holds.
#pragma once

#include "caseledger/v1/access.grpc.pb.h"
#include "services/rpc/explain.h"
#include "services/rpc/query_runner.h"
#include "services/rpc/requests.h"

namespace caseledger::rpc {

class AccessServiceImpl final : public v1::AccessService::CallbackService {
 public:
  AccessServiceImpl(QueryRunner& queries, Clock& clock) : queries_(queries), clock_(clock) {}

  grpc::ServerUnaryReactor* ExplainAccess(grpc::CallbackServerContext* context,
                                          const v1::ExplainAccessRequest* request,
                                          v1::ExplainAccessResponse* response) override {
    return queries_.Run(context, "ExplainAccess", response, Trailed::kYes,
                        [this, request, response](Reading& reading) -> absl::Status {
                          if (absl::Status bad = CheckRequest(clock_, *request); !bad.ok()) {
                            return bad;
                          }
                          return rpc::ExplainAccess(reading, *request, *response);
                        });
  }

 private:
  QueryRunner& queries_;
  Clock& clock_;
};

}  // namespace caseledger::rpc
