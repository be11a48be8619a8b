// A trial authority as deploy/pki.sh makes it, and what tests need from it: flags for a server,
// credentials for clients, tokens with any claims.
#pragma once

#include <grpcpp/grpcpp.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace caseledger::testing {

class Pki {
 public:
  // Makes the authority in the directory, with certificates for these agencies.
  Pki(std::string directory, const std::vector<std::string>& agencies);

  // Runs deploy/pki.sh with the action and these arguments after the directory.
  void Run(const std::string& action, const std::vector<std::string>& arguments = {}) const;
  std::vector<std::string> ServerFlags() const;
  const std::string& directory() const { return directory_; }
  std::string AgencyFile(const std::string& agency, const std::string& file) const {
    return directory_ + "/agencies/" + agency + "/" + file;
  }

  // With the certificate of the agency; of an authority of the same shape in `other`, if given.
  std::shared_ptr<grpc::ChannelCredentials> Credentials(const std::string& agency) const;
  // Trusts the server and shows nothing.
  std::shared_ptr<grpc::ChannelCredentials> WithoutCertificate() const;

  // What a good token of a staff member says: iss, aud, sub, agency, iat, nbf, exp.
  struct Claims {
    std::map<std::string, std::string> texts;
    std::map<std::string, int64_t> numbers;
  };
  static Claims GoodClaims(const std::string& agency, const std::string& person);
  // Signed with Ed25519 by the authority's token key, or by `key` (a PEM file).
  std::string Token(const Claims& claims, const std::string& algorithm = "EdDSA",
                    const std::string& key = "") const;
  std::string Token(const std::string& agency, const std::string& person) const {
    return Token(GoodClaims(agency, person));
  }

 private:
  std::string directory_;
};

std::string ReadFile(const std::string& path);

}  // namespace caseledger::testing
