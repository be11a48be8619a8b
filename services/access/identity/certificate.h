// The certificate of an agency: which agency it names, and what its revocation is told by.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "services/access/identity/openssl_types.h"

namespace caseledger::access {

// How a certificate's URI name begins; the agency's id follows.
inline constexpr std::string_view kAgencyUriPrefix = "urn:caseledger:agency:";

// Names a certificate among all: who issued it, and the number the issuer gave it.
struct CertificateId {
  std::string issuer;  // DER of the name
  std::string serial;  // of 0 to 20 bytes, without leading zeros

  friend auto operator<=>(const CertificateId&, const CertificateId&) = default;
  template <typename H>
  friend H AbslHashValue(H state, const CertificateId& id) {
    return H::combine(std::move(state), id.issuer, id.serial);
  }
};

struct AgencyCertificate {
  std::string agency;
  CertificateId id;
  Micros not_before = 0;
  Micros not_after = 0;  // the last second it is good
};

// A certificate of an agency has exactly one URI name of any kind, `urn:caseledger:agency:ID`, with
// an agency's key that is not the server's own. Whether anyone vouches for it is not asked here.
//
// UNAUTHENTICATED CERTIFICATE_INVALID: says which of these does not hold, and quotes nothing of it
absl::StatusOr<AgencyCertificate> ReadAgencyCertificate(const X509& certificate);

// The first certificate of a PEM text. UNAUTHENTICATED CERTIFICATE_INVALID when it is none, or more
// than 64 KiB.
absl::StatusOr<CertificatePtr> ParseCertificate(std::string_view pem);

// UNAUTHENTICATED CERTIFICATE_EXPIRED, CERTIFICATE_NOT_YET_VALID. To the second: certificates are
// checked by gRPC as well, with no allowance for clocks.
absl::Status CheckValidity(const AgencyCertificate& certificate, Micros now);

// DER of a name, by which issuers are compared.
std::string DerOf(const X509_NAME* name);
// Bytes of a serial number without leading zeros.
std::string SerialBytes(const ASN1_INTEGER* serial);
// A time of a certificate or list; 0 when it cannot be told.
Micros ToMicros(const ASN1_TIME* time);

}  // namespace caseledger::access
