#include "services/app/server/identity.h"

#include <string>
#include <string_view>
#include <utility>

#include "absl/time/time.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "services/access/identity/small_file.h"
#include "services/app/server/logging.h"

namespace caseledger::app {
namespace {

absl::Status CheckPlaintext(const ServerOptions& options) {
  for (const std::string& file :
       {options.tls_cert, options.tls_key, options.client_ca, options.revoked}) {
    if (file.empty()) continue;
    return absl::InvalidArgumentError(
        "--plaintext and the files of TLS exclude one another; leave out --plaintext");
  }
  if (options.token_keys.empty()) {
    return absl::InvalidArgumentError(
        "--token-keys is missing: also on plain text callers say who they are, by a token that "
        "names their agency");
  }
  return CheckLoopback(options.listen);
}

absl::Status CheckTls(const ServerOptions& options) {
  const std::pair<std::string_view, const std::string&> files[] = {
      {"--tls-cert", options.tls_cert},
      {"--tls-key", options.tls_key},
      {"--client-ca", options.client_ca},
      {"--revoked", options.revoked}};
  for (const auto& [flag, file] : files) {
    if (!file.empty()) continue;
    return absl::InvalidArgumentError(
        StrCat(flag,
               " is missing: nobody may connect without TLS and an identity. "
               "`deploy/pki.sh init DIR` makes all files for a trial and prints the flags; "
               "--plaintext does without, for connections of this machine alone"));
  }
  return CheckPort(options.listen);
}

void LogFiles(const absl::Status& status) {
  if (status.ok()) {
    Log(LogLevel::kInfo, "the files of identities are taken again");
  } else {
    Log(LogLevel::kError, "changed files of identities are refused; those read before hold",
        {{"reason", std::string(FromAbsl(status.message()))}});
  }
}

void LogOverdue(Micros due) {
  Log(LogLevel::kError, "the revocation list is overdue; the old one holds",
      {{"due", absl::FormatTime(absl::FromUnixMicros(due), absl::UTCTimeZone())},
       {"next", "put a newer list in the place of --revoked; `deploy/pki.sh list DIR` makes one"}});
}

}  // namespace

absl::Status CheckIdentityOptions(const ServerOptions& options) {
  return options.plaintext ? CheckPlaintext(options) : CheckTls(options);
}

std::optional<rpc::TlsFiles> TlsFilesOf(const ServerOptions& options) {
  if (options.plaintext) return std::nullopt;
  return rpc::TlsFiles{options.tls_cert, options.tls_key, options.client_ca};
}

absl::StatusOr<std::unique_ptr<access::Authenticator>> MakeAuthenticator(
    const ServerOptions& options, Clock& clock, std::function<absl::Status()> may_answer) {
  if (access::IsReadableByAll(options.tls_key)) {
    Log(LogLevel::kWarn, "everybody on this machine can read the server's key",
        {{"next", StrCat("chmod 600 ", options.tls_key)}});
  }
  access::AuthenticatorOptions wanted;
  wanted.plaintext = options.plaintext;
  wanted.paths = {options.client_ca, options.revoked, options.token_keys};
  wanted.token = {options.token_issuer, options.token_audience};
  wanted.clock = &clock;
  wanted.may_answer = std::move(may_answer);
  wanted.on_files = LogFiles;
  wanted.on_overdue = LogOverdue;
  ASSIGN_OR_RETURN(auto authenticator, access::Authenticator::Open(std::move(wanted)));
  authenticator->Start();
  return authenticator;
}

}  // namespace caseledger::app
