// HistoryService: replay, subscribe, correct.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include "caseledger/v1/history.grpc.pb.h"
#include "services/commands/ledgers.h"
#include "services/rpc/command_adapter.h"
#include "services/rpc/page_stream.h"
#include "services/rpc/query_runner.h"
#include "services/rpc/replay.h"
#include "services/rpc/subscriber.h"
#include "services/rpc/threads/executor.h"

namespace caseledger::rpc {

class HistoryServiceImpl final : public v1::HistoryService::CallbackService {
 public:
  HistoryServiceImpl(CommandAdapter& commands, const commands::Ledgers& ledgers, Executor& executor,
                     StreamWarden& warden, const Callers& callers, SubscriberPool& subscribers,
                     size_t max_replays, Clock& clock)
      : commands_(commands),
        ledgers_(ledgers),
        executor_(executor),
        warden_(warden),
        callers_(callers),
        queries_(ledgers, executor, callers, clock),
        subscribers_(subscribers),
        replays_(max_replays),
        clock_(clock) {}

  CASELEDGER_COMMAND(CorrectFact)
  CASELEDGER_COMMAND(VoidEvent)

  grpc::ServerUnaryReactor* GetLedgerHead(grpc::CallbackServerContext* context,
                                          const v1::GetLedgerHeadRequest* request,
                                          v1::GetLedgerHeadResponse* response) override;
  grpc::ServerUnaryReactor* GetCheckpoint(grpc::CallbackServerContext* context,
                                          const v1::GetCheckpointRequest* request,
                                          v1::GetCheckpointResponse* response) override;
  grpc::ServerUnaryReactor* GetInclusionProof(grpc::CallbackServerContext* context,
                                              const v1::GetInclusionProofRequest* request,
                                              v1::GetInclusionProofResponse* response) override;
  grpc::ServerUnaryReactor* GetConsistencyProof(grpc::CallbackServerContext* context,
                                                const v1::GetConsistencyProofRequest* request,
                                                v1::GetConsistencyProofResponse* response) override;
  grpc::ServerUnaryReactor* GetTile(grpc::CallbackServerContext* context,
                                    const v1::GetTileRequest* request,
                                    v1::GetTileResponse* response) override;
  grpc::ServerWriteReactor<v1::ReplayResponse>* ReplayCase(
      grpc::CallbackServerContext* context, const v1::ReplayCaseRequest* request) override;
  grpc::ServerWriteReactor<v1::ReplayResponse>* ReplayRecord(
      grpc::CallbackServerContext* context, const v1::ReplayRecordRequest* request) override;
  grpc::ServerWriteReactor<v1::ReplayResponse>* ReplayLedger(
      grpc::CallbackServerContext* context, const v1::ReplayLedgerRequest* request) override;
  grpc::ServerWriteReactor<v1::SubscribeResponse>* Subscribe(
      grpc::CallbackServerContext* context, const v1::SubscribeRequest* request) override;

 private:
  template <typename Request, typename Response>
  grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context, std::string_view action,
                                   const Request* request, Response* response,
                                   absl::Status (*answer)(const commands::Ledger&, const Request&,
                                                          Response&));
  // What a stream reads for whom.
  struct Opened {
    Reading reading;
    access::AgencyLimits::Place place;
  };
  absl::StatusOr<Opened> Open(const grpc::CallbackServerContext& context, std::string_view action,
                              const google::protobuf::Message& request);
  template <typename Request>
  grpc::ServerWriteReactor<v1::ReplayResponse>* StartReplay(
      const grpc::CallbackServerContext& context, std::string_view action, const Request& request,
      const std::function<ReplaySource(Reading)>& source_of);

  CommandAdapter& commands_;
  const commands::Ledgers& ledgers_;
  Executor& executor_;
  StreamWarden& warden_;
  const Callers& callers_;
  QueryRunner queries_;
  SubscriberPool& subscribers_;
  StreamPlaces replays_;
  Clock& clock_;
};

}  // namespace caseledger::rpc
