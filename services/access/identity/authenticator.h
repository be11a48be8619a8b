// Who is calling, from the certificate of the connection and the token of the call.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/thread.h"
#include "services/access/call.h"
#include "services/access/identity/certificate.h"
#include "services/access/identity/identity_files.h"
#include "services/access/identity/recent.h"
#include "services/access/identity/token.h"
#include "services/access/reason_counts.h"

namespace caseledger::access {

// What a call brings; views that must live as long as the question.
struct Credentials {
  std::string_view certificate_pem;  // of the peer, verified by TLS; "" on plain text
  std::string_view authorization;    // `Bearer TOKEN`, or ""
  std::string_view purpose;
  std::string_view warrant;
  std::string_view traceparent;
};

struct AuthenticatorOptions {
  // Nobody shows a certificate: every call needs a token, and the agency is the token's.
  bool plaintext = false;
  IdentityPaths paths;
  TokenExpectations token;
  Clock* clock = nullptr;  // never null
  // Asked before anything else: an error means that what this server knows may be old, the rights
  // of the caller included, and everybody is refused with it. Must not wait. May be empty.
  std::function<absl::Status()> may_answer;
  // Changed files were refused, and what was read before stays in force; or with OK: all is well
  // again. Called from Refresh().
  std::function<void(const absl::Status&)> on_files;
  // A revocation list should have been replaced by then. Called from Refresh(), every hour.
  std::function<void(Micros due)> on_overdue;
  size_t max_cached_certificates = 4096;
  size_t max_cached_tokens = 65'536;
};

// Thread-safe.
class Authenticator {
 public:
  // Reads all files. INVALID_ARGUMENT: names the flag, the file, what is wrong and what to do.
  static absl::StatusOr<std::unique_ptr<Authenticator>> Open(AuthenticatorOptions options);
  ~Authenticator();

  // Looks at the files every second from a thread of its own, until Stop().
  void Start();
  void Stop();
  // Takes files that changed. What cannot be taken changes nothing.
  void Refresh();

  // Decides from what was read; never waits for a file. For a person or, without a token, for a
  // program of the agency.
  //
  // UNAUTHENTICATED   CALLER_UNKNOWN (no certificate, or no token on plain text),
  //                   CERTIFICATE_INVALID, CERTIFICATE_EXPIRED, CERTIFICATE_NOT_YET_VALID,
  //                   CERTIFICATE_REVOKED, TOKEN_INVALID, TOKEN_EXPIRED, TOKEN_NOT_YET_VALID,
  //                   TOKEN_OF_OTHER_ISSUER, TOKEN_FOR_OTHER_AUDIENCE, AGENCY_MISSING,
  //                   AGENCY_MISMATCH
  // INVALID_ARGUMENT  purpose or warrant are no keys
  // UNAVAILABLE       DATABASE_AWAY: `may_answer` says no
  absl::StatusOr<Call> Authenticate(const Credentials& credentials);

  // Whether a call that was let in is still good; for streams that last. The same errors.
  absl::Status Recheck(const Credentials& credentials) {
    return Authenticate(credentials).status();
  }

  // How many were refused, by reason.
  const ReasonCounts& refused() const { return refused_; }

 private:
  explicit Authenticator(AuthenticatorOptions options);

  absl::StatusOr<Call> Identify(const Credentials& credentials);
  void TellOverdue() ABSL_EXCLUSIVE_LOCKS_REQUIRED(refresh_mutex_);
  void Run();
  bool stopping() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stopping_; }
  // The agency that the connection belongs to.
  absl::StatusOr<std::string> AgencyOf(std::string_view certificate_pem, Micros now);
  absl::StatusOr<std::shared_ptr<const AgencyCertificate>> CertificateOf(std::string_view pem,
                                                                         const Trust& trust);
  // The person that the call is made for.
  absl::StatusOr<std::shared_ptr<const TokenClaims>> ClaimsOf(std::string_view authorization,
                                                              Micros now);

  const AuthenticatorOptions options_;
  IdentityFiles files_;
  ReasonCounts refused_;
  Thread thread_;

  Mutex refresh_mutex_;
  absl::Status told_ ABSL_GUARDED_BY(refresh_mutex_);
  Micros told_overdue_at_ ABSL_GUARDED_BY(refresh_mutex_) = 0;

  Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  // By the text of the certificate; of `trusted_by_` alone.
  Recent<std::shared_ptr<const AgencyCertificate>> certificates_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const Trust> trusted_by_ ABSL_GUARDED_BY(mutex_);
  // By the hash of the token, so that none lies around in memory; of `verified_by_` alone.
  Recent<std::shared_ptr<const TokenClaims>> tokens_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const TokenKeys> verified_by_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace caseledger::access
