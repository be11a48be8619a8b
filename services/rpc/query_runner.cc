#include "services/rpc/query_runner.h"

#include <algorithm>
#include <chrono>

#include "services/commands/command_handler.h"
#include "services/rpc/peer.h"
#include "services/rpc/status.h"

namespace caseledger::rpc {
namespace {

constexpr int kMostAttempts = 3;

absl::Status Overloaded() {
  return absl::ResourceExhaustedError("OVERLOADED: too many queries are waiting; try again");
}

absl::Status NoTrail() {
  return absl::UnavailableError("TRAIL_UNAVAILABLE: the ledger has no access trail");
}

}  // namespace

struct QueryRunner::Query {
  grpc::ServerUnaryReactor* reactor;
  access::Call call;
  access::AgencyLimits::Place place;
  std::string_view action;
  google::protobuf::Message* response;
  Trailed trailed;
  Answer answer;
  std::string exported;  // as what kind of file, or ""
  int attempts = 0;

  void Finish(const absl::Status& status) {
    if (!status.ok()) response->Clear();
    reactor->Finish(ToGrpcStatus(status));
  }
};

grpc::ServerUnaryReactor* QueryRunner::Run(grpc::CallbackServerContext* context,
                                           std::string_view action,
                                           const google::protobuf::Message* request,
                                           google::protobuf::Message* response, Trailed trailed,
                                           Answer answer) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  absl::StatusOr<Admitted> admitted = callers_.Admit(*context, Callers::Use::kCall, request);
  if (!admitted.ok()) {
    // gRPC made it for this call alone, which may be held back, and many with it.
    const_cast<google::protobuf::Message*>(request)->Clear();
    callers_.refusals().Finish(reactor, admitted.status());
    return reactor;
  }
  absl::StatusOr<std::string> exported = Callers::ExportOf(*context);
  if (!exported.ok()) {
    reactor->Finish(ToGrpcStatus(exported.status()));
    return reactor;
  }
  Post(std::make_shared<Query>(Query{reactor, std::move(admitted->call), std::move(admitted->place),
                                     action, response, trailed, std::move(answer),
                                     *std::move(exported)}));
  return reactor;
}

void QueryRunner::Post(const std::shared_ptr<Query>& query) {
  if (!executor_.Post(query->call.agency, [this, query] { Attempt(query); })) {
    query->Finish(Overloaded());
  }
}

void QueryRunner::Attempt(const std::shared_ptr<Query>& query) {
  ++query->attempts;
  query->response->Clear();
  auto reading = std::make_shared<Reading>(ledgers_, query->call, query->action, clock_);
  reading->ExportedAs(query->exported);
  const absl::Status status = query->answer(*reading);
  if (!status.ok()) {
    commands::AnswerRefused(reading->trail(), query->call, status,
                            [query](const absl::Status& answered) { query->Finish(answered); });
  } else if (query->trailed == Trailed::kNo) {
    query->Finish(status);
  } else {
    PutOnTrail(query, reading);
  }
}

void QueryRunner::PutOnTrail(const std::shared_ptr<Query>& query,
                             const std::shared_ptr<Reading>& reading) {
  access::Trail* trail = reading->trail();
  if (trail == nullptr) return query->Finish(NoTrail());
  trail->Append(
      query->call,
      [reading](Micros) -> absl::StatusOr<event::v1::Fact> {
        if (absl::Status holds = reading->StillHolds(); !holds.ok()) return holds;
        return reading->Entry();
      },
      [this, query](const absl::StatusOr<access::Trail::Place>& place) {
        if (!absl::IsAborted(place.status())) return query->Finish(place.status());
        if (query->attempts >= kMostAttempts) {
          return query->Finish(RightsKeepChanging());
        }
        Post(query);
      });
}

absl::Duration WaitLimit(const grpc::CallbackServerContext& context) {
  constexpr absl::Duration kMost = absl::Seconds(10);
  const absl::Duration left =
      absl::FromChrono(context.deadline()) - absl::FromChrono(std::chrono::system_clock::now());
  return std::clamp(left, absl::ZeroDuration(), kMost);
}

}  // namespace caseledger::rpc
