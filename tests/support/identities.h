// Everything that a server under test needs to know its callers, and what callers need to be known:
// an authority, a server's certificate, certificates of agencies, a key of tokens.
//
//   Identities identities(scratch / "pki");
//   identities.Configure(options);                                // of an app::ServerOptions
//   grpc::CreateChannel(address, ChannelCredentialsOf(identities, "ctxh-qn"));  //
//   identity_channels.h context.AddMetadata("authorization", identities.Bearer("ctxh-qn",
//   "nv-07"));
//
// For a server that is a process of its own, ServerFlags() go to its command line.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/test_authority.h"
#include "tests/support/test_tokens.h"

namespace caseledger::testing {

// Makes its files in some milliseconds; each is replaced at once, as the server's watcher needs it.
// Everything is valid from 2000 to 2100, so any clock will do. Not thread-safe, except Bearer() and
// CertificateOf() of what was asked for before.
class Identities {
 public:
  // In a folder that is made for it.
  explicit Identities(std::string directory);

  // Sets `tls_cert`, `tls_key`, `client_ca`, `revoked`, `token_keys`, `token_issuer`,
  // `token_audience`, and `plaintext` to false.
  template <typename ServerOptions>
  void Configure(ServerOptions& options) const {
    options.plaintext = false;
    options.tls_cert = server_certificate_file();
    options.tls_key = server_key_file();
    options.client_ca = client_ca_file();
    options.revoked = revoked_file();
    options.token_keys = {token_keys_file()};
    options.token_issuer = kTestIssuer;
    options.token_audience = kTestAudience;
  }
  std::vector<std::string> ServerFlags() const;

  std::string server_certificate_file() const { return directory_ + "/server/server.crt"; }
  std::string server_key_file() const { return directory_ + "/server/server.key"; }
  std::string client_ca_file() const { return directory_ + "/ca.crt"; }
  std::string revoked_file() const { return directory_ + "/revoked.pem"; }
  std::string token_keys_file() const { return directory_ + "/token-keys.json"; }

  TestAuthority& authority() { return authority_; }
  const TestAuthority& authority() const { return authority_; }
  const TokenSigner& signer() const { return signer_; }

  // The agency's certificate, the same at each call.
  const TestCertificate& CertificateOf(const std::string& agency);
  // Files of it and of its key, for programs.
  std::pair<std::string, std::string> CertificateFilesOf(const std::string& agency);

  // `Bearer TOKEN`, the same token at each call.
  const std::string& Bearer(const std::string& agency, const std::string& person);
  // The token alone, in a file.
  std::string TokenFileOf(const std::string& agency, const std::string& person);

  // The server's list names the certificate a second later at most.
  void Revoke(const TestCertificate& certificate);
  // Another certificate and key of the server, from the same authority.
  void ReplaceServerCertificate();
  void WriteFile(const std::string& path, const std::string& content) const;

 private:
  const std::string directory_;
  TestAuthority authority_;
  TokenSigner signer_;
  std::map<std::string, TestCertificate> certificates_;
  std::map<std::pair<std::string, std::string>, std::string> bearers_;
  int server_certificates_ = 0;
};

}  // namespace caseledger::testing
