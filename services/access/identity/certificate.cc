#include "services/access/identity/certificate.h"

#include <openssl/pem.h>

#include <ctime>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "services/access/call.h"
#include "services/access/identity/keys.h"

namespace caseledger::access {
namespace {

constexpr size_t kMaxPemBytes = 64 << 10;

absl::Status Invalid(std::string_view why) {
  return absl::UnauthenticatedError(
      StrCat("CERTIFICATE_INVALID: the certificate is not good: ", why,
             "; ask the centre for a certificate of your agency"));
}

using NamesPtr = std::unique_ptr<GENERAL_NAMES, OpenSslDeleter<GENERAL_NAMES_free>>;

// The only URI among the alternative names.
absl::StatusOr<std::string> OnlyUri(const X509& certificate) {
  int critical = -1;
  const NamesPtr names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(&certificate, NID_subject_alt_name, &critical, nullptr)));
  if (names == nullptr && critical == -2) return Invalid("it has its alternative names twice");
  if (names == nullptr) return Invalid("it names no agency");
  std::string uri;
  int uris = 0;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    const ASN1_IA5STRING* text = name->d.uniformResourceIdentifier;
    uri.assign(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
               static_cast<size_t>(ASN1_STRING_length(text)));
    ++uris;
  }
  if (uris == 0) return Invalid("it names no agency");
  if (uris > 1) return Invalid("it has more than one URI name");
  return uri;
}

}  // namespace

std::string DerOf(const X509_NAME* name) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_NAME(name, &der);
  if (size <= 0) return "";
  std::string bytes(reinterpret_cast<const char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  return bytes;
}

std::string SerialBytes(const ASN1_INTEGER* serial) {
  std::string bytes(reinterpret_cast<const char*>(ASN1_STRING_get0_data(serial)),
                    static_cast<size_t>(ASN1_STRING_length(serial)));
  bytes.erase(0, bytes.find_first_not_of('\0'));
  return bytes;
}

Micros ToMicros(const ASN1_TIME* time) {
  std::tm fields{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &fields) != 1) return 0;
  return static_cast<Micros>(timegm(&fields)) * kMicrosPerSecond;
}

absl::StatusOr<CertificatePtr> ParseCertificate(std::string_view pem) {
  const ErrorScope errors;
  if (pem.size() > kMaxPemBytes) return Invalid("it is larger than 64 KiB");
  const BioPtr reader = Reader(pem);
  CertificatePtr certificate(PEM_read_bio_X509(reader.get(), nullptr, nullptr, nullptr));
  if (certificate == nullptr) return Invalid("it cannot be read");
  return certificate;
}

absl::StatusOr<AgencyCertificate> ReadAgencyCertificate(const X509& certificate) {
  const ErrorScope errors;
  ASSIGN_OR_RETURN(const std::string uri, OnlyUri(certificate));
  if (!uri.starts_with(kAgencyUriPrefix)) {
    return Invalid(StrCat("its URI name does not begin with ", kAgencyUriPrefix));
  }
  AgencyCertificate read;
  read.agency = uri.substr(kAgencyUriPrefix.size());
  if (!IsAgencyKey(read.agency)) {
    return Invalid("the agency it names is not 1 to 64 of A-Z a-z 0-9 . _ -");
  }
  if (read.agency == kServerAgency) return Invalid("it names the server itself as an agency");
  read.id.issuer = DerOf(X509_get_issuer_name(&certificate));
  read.id.serial = SerialBytes(X509_get0_serialNumber(&certificate));
  read.not_before = ToMicros(X509_get0_notBefore(&certificate));
  read.not_after = ToMicros(X509_get0_notAfter(&certificate));
  return read;
}

absl::Status CheckValidity(const AgencyCertificate& certificate, Micros now) {
  if (now >= certificate.not_after + kMicrosPerSecond) {
    return absl::UnauthenticatedError(
        "CERTIFICATE_EXPIRED: the agency's certificate has expired; ask the centre for a new one");
  }
  if (now < certificate.not_before) {
    return absl::UnauthenticatedError(
        "CERTIFICATE_NOT_YET_VALID: the agency's certificate is not valid yet; check the clocks");
  }
  return absl::OkStatus();
}

}  // namespace caseledger::access
