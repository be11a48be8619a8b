// A certificate authority for tests: signs anything, also what no honest one would.
#pragma once

#include <openssl/x509.h>

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "services/access/identity/openssl_types.h"

namespace caseledger::testing {

// Whatever the clock of a test says lies between these. Seconds since 1970.
inline constexpr int64_t kLongAgo = 946'684'800;     // 2000-01-01
inline constexpr int64_t kFarAhead = 4'102'444'800;  // 2100-01-01

struct CertificateRequest {
  std::string common_name = "test";
  // As OpenSSL writes them: `URI:urn:caseledger:agency:bv-qn`, `DNS:localhost`, `IP:127.0.0.1`.
  std::vector<std::string> names;
  int64_t not_before = kLongAgo;
  int64_t not_after = kFarAhead;
  bool may_issue = false;
};

struct TestCertificate {
  std::string certificate_pem;
  std::string key_pem;
  std::string serial;  // bytes
};

// Not thread-safe. Making a certificate takes well under a millisecond.
class TestAuthority {
 public:
  explicit TestAuthority(const std::string& name = "test authority");

  const std::string& certificate_pem() const { return certificate_pem_; }
  // An authority that this one vouches for.
  TestAuthority Intermediate(const std::string& name);
  TestCertificate Issue(const CertificateRequest& request);
  // The usual one of an agency.
  TestCertificate IssueForAgency(const std::string& agency);

  // From now on on the lists it makes.
  void Revoke(const TestCertificate& certificate) { revoked_.insert(certificate.serial); }
  // A signed revocation list, PEM.
  std::string List(int64_t this_update = kLongAgo, int64_t next_update = kFarAhead) const;

 private:
  TestAuthority(access::KeyPtr key, access::CertificatePtr certificate);

  access::KeyPtr key_;
  access::CertificatePtr certificate_;
  std::string certificate_pem_;
  std::set<std::string> revoked_;
};

}  // namespace caseledger::testing
