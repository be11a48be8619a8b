// PublicationService: publishes reports and shows what was published.
#pragma once

#include "caseledger/v1/publication.grpc.pb.h"
#include "services/rpc/publications.h"
#include "services/rpc/query_runner.h"
#include "services/rpc/query_services.h"

namespace caseledger::rpc {

class PublicationServiceImpl final : public v1::PublicationService::CallbackService {
 public:
  PublicationServiceImpl(QueryRunner& queries, Publications& answers)
      : queries_(queries), answers_(answers) {}

  // A command that computes first. Its event says who did it, so that the trail need not.
  grpc::ServerUnaryReactor* PublishReport(grpc::CallbackServerContext* context,
                                          const v1::PublishReportRequest* request,
                                          v1::CommandResult* result) override {
    return queries_.Run(context, "PublishReport", request, result, Trailed::kNo,
                        [this, context, request, result](Reading& reading) {
                          return answers_.Checked(*request, [&] {
                            return answers_.PublishReport(reading, *request, WaitLimit(*context),
                                                          *result);
                          });
                        });
  }
  CASELEDGER_QUERY(ListPublishedReports)
  CASELEDGER_QUERY(GetPublishedReport)

 private:
  QueryRunner& queries_;
  Publications& answers_;
};

}  // namespace caseledger::rpc
