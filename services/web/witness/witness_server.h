// A witness over HTTP (c2sp.org/tlog-witness): POST /add-checkpoint.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "eventstore/witness/witness.h"
#include "services/web/http/http_message.h"
#include "services/web/http/http_server.h"

namespace caseledger::web {

// Thread-safe; may block on the disk. Statuses as Witness::Add; 404 for other paths, 405 for other
// methods.
HttpResponse AnswerWitnessRequest(eventstore::Witness& witness, const HttpRequest& request);

// The witness must outlive it. Errors as StartHttpServer.
absl::StatusOr<std::unique_ptr<HttpServer>> StartWitnessServer(const std::string& address,
                                                               eventstore::Witness& witness);

}  // namespace caseledger::web
