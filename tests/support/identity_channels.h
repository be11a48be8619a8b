// Channels that show a certificate of tests/support/identities.h.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "tests/support/identities.h"

namespace caseledger::testing {

inline std::shared_ptr<grpc::ChannelCredentials> ChannelCredentialsOf(
    const TestAuthority& servers, const TestCertificate& certificate) {
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = servers.certificate_pem();
  options.pem_private_key = certificate.key_pem;
  options.pem_cert_chain = certificate.certificate_pem;
  return grpc::SslCredentials(options);
}

inline std::shared_ptr<grpc::ChannelCredentials> ChannelCredentialsOf(Identities& identities,
                                                                      const std::string& agency) {
  return ChannelCredentialsOf(identities.authority(), identities.CertificateOf(agency));
}

}  // namespace caseledger::testing
