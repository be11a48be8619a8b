#include "services/access/identity/server_certificate.h"

#include <string>

#include "gmock/gmock.h"
#include "tests/support/test_authority.h"

namespace caseledger::access {
namespace {

using testing::CertificateRequest;
using ::testing::HasSubstr;
using testing::TestAuthority;
using testing::TestCertificate;

constexpr Micros kNow = 1'700'000'000 * kMicrosPerSecond;

TEST(ServerCertificate, WhatCannotServeIsRefusedAtTheStart) {
  TestAuthority authority;
  CertificateRequest request;
  request.names = {"DNS:localhost"};
  const TestCertificate good = authority.Issue(request);
  EXPECT_TRUE(CheckServerCertificate(good.certificate_pem, good.key_pem, kNow).ok());
  const auto expect_refused = [](const std::string& certificate, const std::string& key,
                                 const std::string& why) {
    const absl::Status status = CheckServerCertificate(certificate, key, kNow);
    EXPECT_TRUE(absl::IsInvalidArgument(status));
    EXPECT_THAT(std::string(status.message()), HasSubstr(why));
  };
  expect_refused("", good.key_pem, "--tls-cert: there is no certificate");
  expect_refused(good.key_pem, good.key_pem, "--tls-cert: there is no certificate");
  expect_refused(good.certificate_pem, "", "--tls-key: there is no private key");
  expect_refused(good.certificate_pem, good.certificate_pem, "--tls-key: there is no private key");
  expect_refused(good.certificate_pem, authority.Issue(request).key_pem, "do not belong together");
  CertificateRequest bad;
  const TestCertificate nameless = authority.Issue(bad);
  expect_refused(nameless.certificate_pem, nameless.key_pem, "no alternative names");
  bad = request;
  bad.not_after = 1'600'000'000;
  const TestCertificate expired = authority.Issue(bad);
  expect_refused(expired.certificate_pem, expired.key_pem, "has expired");
  bad = request;
  bad.not_before = 1'800'000'000;
  const TestCertificate early = authority.Issue(bad);
  expect_refused(early.certificate_pem, early.key_pem, "not valid yet");
}

}  // namespace
}  // namespace caseledger::access
