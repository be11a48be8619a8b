// Who may connect to the server, from its options, with what happens to the files in the log.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "services/access/identity/authenticator.h"
#include "services/app/server/options.h"
#include "services/rpc/tls.h"

namespace caseledger::app {

// Before anything is opened. INVALID_ARGUMENT: neither TLS nor plain text was chosen, or both, or
// plain text for others than this machine; says what to do.
absl::Status CheckIdentityOptions(const ServerOptions& options);

// Nullopt on plain text.
std::optional<rpc::TlsFiles> TlsFilesOf(const ServerOptions& options);

// Null on plain text without keys of tokens. INVALID_ARGUMENT: names the file, what is wrong and
// what to do. `may_answer` as of AuthenticatorOptions.
absl::StatusOr<std::unique_ptr<access::Authenticator>> MakeAuthenticator(
    const ServerOptions& options, Clock& clock, std::function<absl::Status()> may_answer);

}  // namespace caseledger::app
