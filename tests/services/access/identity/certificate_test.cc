#include "services/access/identity/certificate.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "tests/support/test_authority.h"

namespace caseledger::access {
namespace {

using testing::CertificateRequest;
using ::testing::HasSubstr;
using testing::kFarAhead;
using testing::kLongAgo;
using testing::TestAuthority;

constexpr char kUri[] = "URI:urn:caseledger:agency:";

absl::StatusOr<AgencyCertificate> Read(const std::string& pem) {
  const auto certificate = ParseCertificate(pem);
  if (!certificate.ok()) return certificate.status();
  return ReadAgencyCertificate(**certificate);
}

class Certificates : public ::testing::Test {
 protected:
  absl::StatusOr<AgencyCertificate> ReadWith(const std::vector<std::string>& names) {
    CertificateRequest request;
    request.common_name = "urn:caseledger:agency:common-name";
    request.names = names;
    return Read(authority_.Issue(request).certificate_pem);
  }
  void ExpectInvalid(const std::vector<std::string>& names, const std::string& why) {
    const auto read = ReadWith(names);
    EXPECT_TRUE(absl::IsUnauthenticated(read.status())) << why;
    EXPECT_THAT(std::string(read.status().message()), HasSubstr("CERTIFICATE_INVALID: "));
    EXPECT_THAT(std::string(read.status().message()), HasSubstr(why));
  }
  TestAuthority authority_;
};

TEST_F(Certificates, NameTheirAgency) {
  const auto made = authority_.IssueForAgency("ctxh-qn");
  const auto read = Read(made.certificate_pem);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->agency, "ctxh-qn");
  EXPECT_EQ(read->id.serial, made.serial);
  EXPECT_EQ(read->not_before, kLongAgo * kMicrosPerSecond);
  EXPECT_EQ(read->not_after, kFarAhead * kMicrosPerSecond);
  EXPECT_TRUE(ReadWith({"DNS:client.example.org", kUri + std::string("A.b_c-9")}).ok());
}

TEST_F(Certificates, HaveExactlyOneUriName) {
  ExpectInvalid({}, "names no agency");
  ExpectInvalid({"DNS:ctxh-qn"}, "names no agency");
  ExpectInvalid({kUri + std::string("a"), kUri + std::string("b")}, "more than one URI");
  ExpectInvalid({kUri + std::string("a"), "URI:https://example.org"}, "more than one URI");
  ExpectInvalid({"URI:https://example.org"}, "does not begin with");
  ExpectInvalid({"URI:URN:caseledger:agency:a"}, "does not begin with");
  ExpectInvalid({"URI:spiffe://urn:caseledger:agency:a"}, "does not begin with");
}

TEST_F(Certificates, NameNothingButAnAgencysKey) {
  for (const std::string& name : {std::string(), std::string("a b"), std::string("a/b"),
                                  std::string("a:b"), std::string("a%00"), std::string(65, 'a')}) {
    ExpectInvalid({kUri + name}, "1 to 64 of");
  }
  EXPECT_TRUE(ReadWith({kUri + std::string(64, 'a')}).ok());
  ExpectInvalid({kUri + std::string("caseledger")}, "the server itself");
}

TEST_F(Certificates, ErrorsQuoteNothing) {
  const auto read = ReadWith({kUri + std::string("Nguyen Thi Hoa")});
  EXPECT_EQ(std::string(read.status().message()).find("Hoa"), std::string::npos);
}

TEST_F(Certificates, WhatIsNoCertificateIsRefused) {
  for (const std::string& text : {std::string(), std::string("x"), std::string(1 << 17, 'x'),
                                  std::string("-----BEGIN CERTIFICATE-----\nMIIB\n"
                                              "-----END CERTIFICATE-----\n")}) {
    EXPECT_TRUE(absl::IsUnauthenticated(Read(text).status()));
  }
}

TEST_F(Certificates, AreGoodFromTheirFirstSecondToTheirLast) {
  AgencyCertificate certificate;
  certificate.not_before = 1000 * kMicrosPerSecond;
  certificate.not_after = 2000 * kMicrosPerSecond;
  const auto reason_at = [&](Micros now) {
    const std::string message(CheckValidity(certificate, now).message());
    return message.substr(0, message.find(':'));
  };
  EXPECT_EQ(reason_at(certificate.not_before - 1), "CERTIFICATE_NOT_YET_VALID");
  EXPECT_EQ(reason_at(certificate.not_before), "");
  EXPECT_EQ(reason_at(certificate.not_after + kMicrosPerSecond - 1), "");
  EXPECT_EQ(reason_at(certificate.not_after + kMicrosPerSecond), "CERTIFICATE_EXPIRED");
}

}  // namespace
}  // namespace caseledger::access
