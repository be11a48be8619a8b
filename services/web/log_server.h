// The ledgers as transparency logs that standard monitors can read (c2sp.org/tlog-tiles):
//
//   /LEDGER/checkpoint                   the newest published checkpoint
//   /LEDGER/tile/L/N[.p/W]               hashes
//   /LEDGER/tile/entries/N[.p/W]         what the leaves commit to, when these are served
//
// and the same without /LEDGER when there is exactly one ledger. Nothing is shown beyond the newest
// published checkpoint.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "services/commands/ledgers.h"
#include "services/web/http/http_message.h"
#include "services/web/http/http_server.h"

namespace caseledger::web {

struct LogServerOptions {
  // Entries show streams, types and times: for auditors only.
  bool serve_entries = false;
};

// GET and HEAD. Thread-safe; may block on storage.
//
// 404  no such path, no checkpoint yet, or beyond the newest one; the sentence says which
// 405  another method
// 500  a stored record or tile is damaged
// 503  storage did not answer
HttpResponse AnswerLogRequest(const commands::Ledgers& ledgers, const LogServerOptions& options,
                              const HttpRequest& request);

// The ledgers must outlive it. Errors as StartHttpServer.
absl::StatusOr<std::unique_ptr<HttpServer>> StartLogServer(const std::string& address,
                                                           const commands::Ledgers& ledgers,
                                                           const LogServerOptions& options);

}  // namespace caseledger::web
