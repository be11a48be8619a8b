#include "services/access/identity/server_certificate.h"

#include <openssl/pem.h>

#include "eventstore/base/status_macros.h"
#include "services/access/identity/certificate.h"
#include "services/access/identity/openssl_types.h"

namespace caseledger::access {
namespace {

// A key with a password would make OpenSSL ask for it on the terminal.
int NoPassword(char*, int, int, void*) { return -1; }

absl::Status CheckValid(const X509& certificate, Micros now) {
  if (now >= ToMicros(X509_get0_notAfter(&certificate)) + kMicrosPerSecond) {
    return absl::InvalidArgumentError("--tls-cert: the certificate has expired; get a new one");
  }
  if (now < ToMicros(X509_get0_notBefore(&certificate))) {
    return absl::InvalidArgumentError(
        "--tls-cert: the certificate is not valid yet; check the clock");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckServerCertificate(std::string_view certificate_pem, std::string_view key_pem,
                                    Micros now) {
  const ErrorScope errors;
  const absl::StatusOr<CertificatePtr> certificate = ParseCertificate(certificate_pem);
  if (!certificate.ok()) {
    return absl::InvalidArgumentError("--tls-cert: there is no certificate in PEM in it");
  }
  const BioPtr reader = Reader(key_pem);
  const KeyPtr key(PEM_read_bio_PrivateKey(reader.get(), nullptr, NoPassword, nullptr));
  if (key == nullptr) {
    return absl::InvalidArgumentError(
        "--tls-key: there is no private key in PEM without a password in it");
  }
  if (X509_check_private_key(certificate->get(), key.get()) != 1) {
    return absl::InvalidArgumentError(
        "--tls-key and --tls-cert do not belong together; give the key that the certificate was "
        "made for");
  }
  if (X509_get_ext_by_NID(certificate->get(), NID_subject_alt_name, -1) < 0) {
    return absl::InvalidArgumentError(
        "--tls-cert: the certificate has no alternative names, so no client would accept it; make "
        "one for the names that clients connect to");
  }
  return CheckValid(**certificate, now);
}

}  // namespace caseledger::access
