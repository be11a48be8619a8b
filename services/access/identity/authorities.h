// Whom the server lets vouch for agencies, and which certificates they have taken back.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "services/access/identity/certificate.h"

namespace caseledger::access {

// The authorities of one PEM file. Immutable; thread-safe.
class Authorities {
 public:
  static constexpr size_t kMaxFileBytes = 256 << 10;

  // INVALID_ARGUMENT: no certificates, or one that may not issue any.
  static absl::StatusOr<Authorities> Parse(std::string_view pem);

  // OK when one of them signed the certificate itself: an intermediate authority is listed in the
  // file beside its root. UNAUTHENTICATED CERTIFICATE_INVALID otherwise.
  absl::Status CheckIssued(X509& certificate) const;

  // Which of them signed the list: one of Ids(); "" when none did.
  std::string SignerOf(X509_CRL& list) const;

  size_t size() const { return certificates_.size(); }
  // Name and public key of each: one authority may be there with an old and a renewed certificate.
  std::vector<std::string> Ids() const;

 private:
  std::vector<std::shared_ptr<X509>> certificates_;
};

// What revocation lists (RFC 5280, PEM, one for each authority) say. Immutable; thread-safe.
class Revocations {
 public:
  static constexpr size_t kMaxFileBytes = 8 << 20;

  // Every list must be signed by one of the authorities, and every authority must have one, so that
  // a list that was left out is noticed and not taken for an empty one. Of two of one authority the
  // newer counts. Delta lists and lists for a part of the certificates only are refused.
  //
  // INVALID_ARGUMENT  says what is wrong
  static absl::StatusOr<Revocations> Parse(std::string_view pem, const Authorities& authorities);

  bool Contains(const CertificateId& id) const { return revoked_.contains(id); }
  size_t size() const { return revoked_.size(); }
  // When the first of the lists should have been replaced by a newer one; nullopt: none says.
  std::optional<Micros> next_update() const { return next_update_; }

 private:
  absl::flat_hash_set<CertificateId> revoked_;
  std::optional<Micros> next_update_;
};

}  // namespace caseledger::access
