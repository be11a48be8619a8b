#include "services/web/witness/witness_server.h"

#include <utility>

namespace caseledger::web {

HttpResponse AnswerWitnessRequest(eventstore::Witness& witness, const HttpRequest& request) {
  if (request.target != eventstore::AddCheckpoint::kPath) {
    return PlainAnswer(404, "no such path; there is /add-checkpoint");
  }
  if (request.method != "POST") {
    HttpResponse refused = PlainAnswer(405, "checkpoints are added with POST");
    refused.headers.emplace_back("Allow", "POST");
    return refused;
  }
  eventstore::WitnessAnswer answer = witness.Add(request.body);
  return {answer.http_status,
          std::move(answer.content_type),
          std::move(answer.body),
          {{"Cache-Control", "no-store"}}};
}

absl::StatusOr<std::unique_ptr<HttpServer>> StartWitnessServer(const std::string& address,
                                                               eventstore::Witness& witness) {
  HttpLimits limits;
  limits.body_bytes = eventstore::AddCheckpoint::kMaxBytes;
  return StartHttpServer(address, limits, [&witness](const HttpRequest& request) {
    return AnswerWitnessRequest(witness, request);
  });
}

}  // namespace caseledger::web
