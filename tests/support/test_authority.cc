#include "tests/support/test_authority.h"

#include <openssl/ec.h>
#include <openssl/pem.h>

#include <cstdlib>
#include <utility>

#include "eventstore/base/random.h"

namespace caseledger::testing {
namespace {

using access::BioPtr;
using access::CertificatePtr;
using access::CrlPtr;
using access::KeyPtr;
using access::OpenSslDeleter;

constexpr size_t kSerialBytes = 16;

// A test cannot go on without.
void Must(bool done) {
  if (!done) std::abort();
}

std::string TextOf(BIO* memory) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(memory, &bytes);
  return {bytes, static_cast<size_t>(size)};
}

std::string PemOf(X509* certificate) {
  const BioPtr memory(BIO_new(BIO_s_mem()));
  Must(PEM_write_bio_X509(memory.get(), certificate) == 1);
  return TextOf(memory.get());
}

std::string PemOf(EVP_PKEY* key) {
  const BioPtr memory(BIO_new(BIO_s_mem()));
  Must(PEM_write_bio_PrivateKey(memory.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return TextOf(memory.get());
}

KeyPtr NewKey() {
  KeyPtr key(EVP_EC_gen("P-256"));
  Must(key != nullptr);
  return key;
}

std::string NewSerial() {
  std::string serial(kSerialBytes, '\0');
  SystemRandom().Fill(reinterpret_cast<uint8_t*>(serial.data()), serial.size());
  serial[0] = static_cast<char>((serial[0] & 0x3F) | 0x40);  // positive, no leading zeros
  return serial;
}

void SetSerial(ASN1_INTEGER* to, const std::string& serial) {
  Must(ASN1_STRING_set(to, serial.data(), static_cast<int>(serial.size())) == 1);
}

void AddExtension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  Must(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

void SetName(X509_NAME* name, const std::string& common_name) {
  Must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, access::Bytes(common_name),
                                  static_cast<int>(common_name.size()), -1, 0) == 1);
}

// `issuer` null: signs itself.
CertificatePtr Sign(const CertificateRequest& request, const std::string& serial, EVP_PKEY* key,
                    X509* issuer, EVP_PKEY* issuer_key) {
  CertificatePtr made(X509_new());
  X509* certificate = made.get();
  X509_set_version(certificate, 2);
  SetSerial(X509_get_serialNumber(certificate), serial);
  ASN1_TIME_set(X509_getm_notBefore(certificate), request.not_before);
  ASN1_TIME_set(X509_getm_notAfter(certificate), request.not_after);
  SetName(X509_get_subject_name(certificate), request.common_name);
  X509_set_issuer_name(certificate,
                       X509_get_subject_name(issuer == nullptr ? certificate : issuer));
  X509_set_pubkey(certificate, key);
  X509* signer = issuer == nullptr ? certificate : issuer;
  AddExtension(certificate, signer, NID_basic_constraints,
               request.may_issue ? "critical,CA:TRUE" : "critical,CA:FALSE");
  if (request.may_issue) {
    AddExtension(certificate, signer, NID_key_usage, "critical,keyCertSign,cRLSign");
  }
  std::string names;
  for (const std::string& name : request.names) names += (names.empty() ? "" : ",") + name;
  if (!names.empty()) AddExtension(certificate, signer, NID_subject_alt_name, names);
  Must(X509_sign(certificate, issuer_key, EVP_sha256()) > 0);
  return made;
}

}  // namespace

TestAuthority::TestAuthority(const std::string& name) : key_(NewKey()) {
  CertificateRequest request;
  request.common_name = name;
  request.may_issue = true;
  certificate_ = Sign(request, NewSerial(), key_.get(), nullptr, key_.get());
  certificate_pem_ = PemOf(certificate_.get());
}

TestAuthority::TestAuthority(KeyPtr key, CertificatePtr certificate)
    : key_(std::move(key)),
      certificate_(std::move(certificate)),
      certificate_pem_(PemOf(certificate_.get())) {}

TestAuthority TestAuthority::Intermediate(const std::string& name) {
  CertificateRequest request;
  request.common_name = name;
  request.may_issue = true;
  KeyPtr key = NewKey();
  CertificatePtr certificate =
      Sign(request, NewSerial(), key.get(), certificate_.get(), key_.get());
  return {std::move(key), std::move(certificate)};
}

TestCertificate TestAuthority::Issue(const CertificateRequest& request) {
  const KeyPtr key = NewKey();
  std::string serial = NewSerial();
  const CertificatePtr certificate =
      Sign(request, serial, key.get(), certificate_.get(), key_.get());
  return {PemOf(certificate.get()), PemOf(key.get()), std::move(serial)};
}

TestCertificate TestAuthority::IssueForAgency(const std::string& agency) {
  CertificateRequest request;
  request.common_name = agency;
  request.names = {"URI:urn:caseledger:agency:" + agency};
  return Issue(request);
}

std::string TestAuthority::List(int64_t this_update, int64_t next_update) const {
  const CrlPtr list(X509_CRL_new());
  X509_CRL_set_version(list.get(), 1);
  X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(certificate_.get()));
  const std::unique_ptr<ASN1_TIME, OpenSslDeleter<ASN1_TIME_free>> now(
      ASN1_TIME_set(nullptr, this_update));
  const std::unique_ptr<ASN1_TIME, OpenSslDeleter<ASN1_TIME_free>> next(
      ASN1_TIME_set(nullptr, next_update));
  X509_CRL_set1_lastUpdate(list.get(), now.get());
  X509_CRL_set1_nextUpdate(list.get(), next.get());
  for (const std::string& serial : revoked_) {
    const std::unique_ptr<ASN1_INTEGER, OpenSslDeleter<ASN1_INTEGER_free>> number(
        ASN1_INTEGER_new());
    SetSerial(number.get(), serial);
    X509_REVOKED* entry = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(entry, number.get());
    X509_REVOKED_set_revocationDate(entry, now.get());
    Must(X509_CRL_add0_revoked(list.get(), entry) == 1);
  }
  X509_CRL_sort(list.get());
  Must(X509_CRL_sign(list.get(), key_.get(), EVP_sha256()) > 0);
  const BioPtr memory(BIO_new(BIO_s_mem()));
  Must(PEM_write_bio_X509_CRL(memory.get(), list.get()) == 1);
  return TextOf(memory.get());
}

}  // namespace caseledger::testing
