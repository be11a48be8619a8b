// What a server's connections are protected with.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "services/access/identity/authenticator.h"

namespace caseledger::rpc {

// PEM files. Looked at every second; connections that are open stay. Key and certificate are to be
// exchanged at once, as by a symbolic link to their folder that is renamed into place: new
// connections fail while they do not belong together.
struct TlsFiles {
  std::string certificate;  // and those of intermediate authorities after it
  std::string key;
  std::string client_ca;
};

// Makes this process speak TLS 1.3 and nothing older: gRPC 1.51 can be told so by its environment
// alone. To be called before gRPC is used and before there are threads.
void SpeakOnlyTls13();

// TLS that asks for a certificate of `client_ca`, and nothing more: whoever has one is let in. For
// a server of tests that measures what TLS costs; files that are wrong are told to nobody.
std::shared_ptr<grpc::ServerCredentials> TlsWithoutDoor(const TlsFiles& files);

// With files: TLS 1.3, and who has no certificate of `client_ca` gets no connection. Without: plain
// text, for connections of this machine alone. Every rpc passes the authenticator's door, which
// must outlive the server.
//
// INVALID_ARGUMENT     a file cannot be read, or is wrong
// FAILED_PRECONDITION  SpeakOnlyTls13() was not called
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(
    const std::optional<TlsFiles>& files, access::Authenticator& authenticator, Clock& clock);

}  // namespace caseledger::rpc
