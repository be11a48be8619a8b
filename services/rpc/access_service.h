// AccessService: what the rules say, and what the trail holds.
#pragma once

#include "caseledger/v1/access.grpc.pb.h"
#include "services/rpc/explain.h"
#include "services/rpc/query_runner.h"
#include "services/rpc/query_services.h"
#include "services/rpc/requests.h"
#include "services/rpc/trail_answers.h"

namespace caseledger::rpc {

class AccessServiceImpl final : public v1::AccessService::CallbackService {
 public:
  AccessServiceImpl(QueryRunner& queries, const commands::Ledgers& ledgers, Clock& clock)
      : queries_(queries), clock_(clock), answers_(ledgers, clock) {}

  grpc::ServerUnaryReactor* ExplainAccess(grpc::CallbackServerContext* context,
                                          const v1::ExplainAccessRequest* request,
                                          v1::ExplainAccessResponse* response) override {
    return queries_.Run(context, "ExplainAccess", request, response, Trailed::kYes,
                        [this, request, response](Reading& reading) -> absl::Status {
                          if (absl::Status bad = CheckRequest(clock_, *request); !bad.ok()) {
                            return bad;
                          }
                          return rpc::ExplainAccess(reading, *request, *response);
                        });
  }

  CASELEDGER_QUERY(ListAccess)
  CASELEDGER_QUERY(ListDenials)
  CASELEDGER_QUERY(ListDisclosures)
  CASELEDGER_QUERY(ListBreakGlass)
  // What these write is on the trail, and all they show.
  CASELEDGER_QUERY_UNTRAILED(UseBreakGlass)
  CASELEDGER_QUERY_UNTRAILED(ReviewBreakGlass)
  CASELEDGER_QUERY_UNTRAILED(RecordDisclosure)

 private:
  QueryRunner& queries_;
  Clock& clock_;
  const TrailAnswers answers_;
};

}  // namespace caseledger::rpc
