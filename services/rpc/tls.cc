#include "services/rpc/tls.h"

#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <cstdlib>
#include <string_view>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "services/access/identity/server_certificate.h"
#include "services/access/identity/small_file.h"
#include "services/rpc/peer.h"

namespace caseledger::rpc {
namespace {

constexpr unsigned kSecondsBetweenLooks = 1;
constexpr size_t kMaxFileBytes = 256 << 10;
constexpr char kCiphersVariable[] = "GRPC_SSL_CIPHER_SUITES";
// Counts for TLS 1.2 and older, of which it leaves nothing that both sides could use; the suites of
// TLS 1.3 are not chosen by it.
constexpr char kNoOldCiphers[] = "PSK-AES256-GCM-SHA384";

absl::Status CheckFiles(const TlsFiles& files, Micros now) {
  ASSIGN_OR_RETURN(const std::string certificate,
                   access::ReadSmallFile(files.certificate, kMaxFileBytes));
  ASSIGN_OR_RETURN(const std::string key, access::ReadSmallFile(files.key, kMaxFileBytes));
  RETURN_IF_ERROR(access::CheckServerCertificate(certificate, key, now));
  const char* ciphers = std::getenv(kCiphersVariable);
  if (ciphers != nullptr && std::string_view(ciphers) == kNoOldCiphers) return absl::OkStatus();
  return absl::FailedPreconditionError(
      StrCat("this process could speak TLS 1.2: it sets ", kCiphersVariable, " too late"));
}

}  // namespace

void SpeakOnlyTls13() { setenv(kCiphersVariable, kNoOldCiphers, /*overwrite=*/1); }

std::shared_ptr<grpc::ServerCredentials> TlsWithoutDoor(const TlsFiles& files) {
  const auto provider = std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
      files.key, files.certificate, files.client_ca, kSecondsBetweenLooks);
  grpc::experimental::TlsServerCredentialsOptions options(provider);
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  return grpc::experimental::TlsServerCredentials(options);
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(
    const std::optional<TlsFiles>& files, access::Authenticator& authenticator, Clock& clock) {
  if (files) RETURN_IF_ERROR(CheckFiles(*files, clock.Now()));
  // Insecure credentials have no door, and local ones look the same on the wire.
  std::shared_ptr<grpc::ServerCredentials> credentials =
      files ? TlsWithoutDoor(*files) : grpc::experimental::LocalServerCredentials(LOCAL_TCP);
  credentials->SetAuthMetadataProcessor(MakeDoor(authenticator));
  return credentials;
}

}  // namespace caseledger::rpc
