#include "services/access/identity/authorities.h"

#include <openssl/pem.h>

#include <algorithm>
#include <map>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"

namespace caseledger::access {
namespace {

constexpr size_t kMaxAuthorities = 64;

// Whether the last read stopped at the end of the text and not at something broken.
bool AtEnd() {
  const unsigned long error = ERR_peek_last_error();
  return error == 0 ||
         (ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE);
}

std::string IdOf(const X509& authority) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(X509_get0_pubkey(&authority), &der);
  std::string id = DerOf(X509_get_subject_name(&authority));
  if (size > 0) id.append(reinterpret_cast<const char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  return id;
}

bool MaySignCertificates(X509& certificate) {
  return X509_check_ca(&certificate) == 1 &&
         (X509_get_key_usage(&certificate) & KU_KEY_CERT_SIGN) != 0;
}

absl::StatusOr<std::vector<CrlPtr>> ParseLists(std::string_view pem) {
  const ErrorScope errors;
  const BioPtr reader = Reader(pem);
  std::vector<CrlPtr> lists;
  while (CrlPtr list{PEM_read_bio_X509_CRL(reader.get(), nullptr, nullptr, nullptr)}) {
    lists.push_back(std::move(list));
    if (lists.size() > kMaxAuthorities) {
      return absl::InvalidArgumentError(StrCat("more than ", kMaxAuthorities, " lists"));
    }
  }
  if (!AtEnd()) return absl::InvalidArgumentError("a revocation list that cannot be read");
  if (lists.empty()) return absl::InvalidArgumentError("no revocation list in PEM");
  return lists;
}

// A critical extension may say that the list covers only some certificates, or changes another
// list.
absl::Status CheckWhole(const X509_CRL& list) {
  for (int i = 0; i < X509_CRL_get_ext_count(&list); ++i) {
    if (X509_EXTENSION_get_critical(X509_CRL_get_ext(&list, i)) == 0) continue;
    return absl::InvalidArgumentError(
        "a revocation list that covers only part of the certificates, or changes another list; "
        "give whole lists");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Authorities> Authorities::Parse(std::string_view pem) {
  const ErrorScope errors;
  if (pem.size() > kMaxFileBytes) {
    return absl::InvalidArgumentError(StrCat("larger than ", kMaxFileBytes, " bytes"));
  }
  Authorities authorities;
  const BioPtr reader = Reader(pem);
  while (CertificatePtr certificate{PEM_read_bio_X509(reader.get(), nullptr, nullptr, nullptr)}) {
    if (!MaySignCertificates(*certificate)) {
      return absl::InvalidArgumentError(
          "a certificate that may not issue others; give those of authorities alone");
    }
    authorities.certificates_.emplace_back(certificate.release(), X509_free);
    if (authorities.size() > kMaxAuthorities) {
      return absl::InvalidArgumentError(StrCat("more than ", kMaxAuthorities, " certificates"));
    }
  }
  if (!AtEnd()) return absl::InvalidArgumentError("a certificate that cannot be read");
  if (authorities.size() == 0) return absl::InvalidArgumentError("no certificate in PEM");
  return authorities;
}

absl::Status Authorities::CheckIssued(X509& certificate) const {
  const ErrorScope errors;
  for (const std::shared_ptr<X509>& authority : certificates_) {
    if (X509_check_issued(authority.get(), &certificate) != X509_V_OK) continue;
    if (X509_verify(&certificate, X509_get0_pubkey(authority.get())) == 1) return absl::OkStatus();
  }
  return absl::UnauthenticatedError(
      "CERTIFICATE_INVALID: no authority that this server trusts signed it; ask the centre for a "
      "certificate of your agency");
}

std::string Authorities::SignerOf(X509_CRL& list) const {
  const ErrorScope errors;
  for (const std::shared_ptr<X509>& authority : certificates_) {
    if (X509_NAME_cmp(X509_get_subject_name(authority.get()), X509_CRL_get_issuer(&list)) != 0) {
      continue;
    }
    if (X509_CRL_verify(&list, X509_get0_pubkey(authority.get())) == 1) return IdOf(*authority);
  }
  return "";
}

std::vector<std::string> Authorities::Ids() const {
  std::vector<std::string> ids;
  for (const std::shared_ptr<X509>& authority : certificates_) ids.push_back(IdOf(*authority));
  return ids;
}

absl::StatusOr<Revocations> Revocations::Parse(std::string_view pem,
                                               const Authorities& authorities) {
  if (pem.size() > kMaxFileBytes) {
    return absl::InvalidArgumentError(StrCat("larger than ", kMaxFileBytes, " bytes"));
  }
  ASSIGN_OR_RETURN(const std::vector<CrlPtr> lists, ParseLists(pem));
  const ErrorScope errors;
  std::map<std::string, X509_CRL*> newest;  // by the authority's id
  for (const CrlPtr& list : lists) {
    const std::string signer = authorities.SignerOf(*list);
    if (signer.empty()) {
      return absl::InvalidArgumentError(
          "a revocation list that none of the authorities signed; give the lists of those in "
          "--client-ca");
    }
    RETURN_IF_ERROR(CheckWhole(*list));
    X509_CRL*& kept = newest[signer];
    if (kept == nullptr || ToMicros(X509_CRL_get0_lastUpdate(list.get())) >=
                               ToMicros(X509_CRL_get0_lastUpdate(kept))) {
      kept = list.get();
    }
  }
  for (const std::string& id : authorities.Ids()) {
    if (newest.contains(id)) continue;
    return absl::InvalidArgumentError(
        "no revocation list of one of the authorities in --client-ca; an empty one says that none "
        "of its certificates is revoked");
  }
  Revocations revocations;
  for (const auto& [signer, list] : newest) {
    const std::string issuer = DerOf(X509_CRL_get_issuer(list));
    const STACK_OF(X509_REVOKED)* entries = X509_CRL_get_REVOKED(list);
    for (int i = 0; i < sk_X509_REVOKED_num(entries); ++i) {
      const X509_REVOKED* entry = sk_X509_REVOKED_value(entries, i);
      revocations.revoked_.insert({issuer, SerialBytes(X509_REVOKED_get0_serialNumber(entry))});
    }
    if (const ASN1_TIME* next = X509_CRL_get0_nextUpdate(list); next != nullptr) {
      const Micros at = ToMicros(next);
      revocations.next_update_ = std::min(revocations.next_update_.value_or(at), at);
    }
  }
  return revocations;
}

}  // namespace caseledger::access
