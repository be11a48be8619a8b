#include "services/access/identity/authenticator.h"

#include <chrono>
#include <utility>

#include "absl/strings/match.h"
#include "eventstore/base/hash.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "services/access/identity/keys.h"

namespace caseledger::access {
namespace {

constexpr std::chrono::seconds kBetweenLooks(1);
constexpr Micros kBetweenReminders = 3600 * kMicrosPerSecond;
constexpr std::string_view kBearer = "Bearer ";
constexpr size_t kMaxTraceparentBytes = 256;

absl::StatusOr<std::string_view> TokenIn(std::string_view authorization) {
  if (absl::StartsWithIgnoreCase(ToAbsl(authorization), ToAbsl(kBearer))) {
    return authorization.substr(kBearer.size());
  }
  return absl::UnauthenticatedError(
      "TOKEN_INVALID: the authorization is no bearer token; sign in again");
}

absl::Status CheckStatement(std::string_view name, std::string_view value) {
  if (value.empty() || IsNameKey(value)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      StrCat("INVALID_REQUEST: ", name, " is not 1 to 64 of A-Z a-z 0-9 . _ - @ : /"));
}

}  // namespace

Authenticator::Authenticator(AuthenticatorOptions options)
    : options_(std::move(options)),
      files_(options_.paths, options_.plaintext),
      certificates_(options_.max_cached_certificates),
      tokens_(options_.max_cached_tokens) {}

Authenticator::~Authenticator() { Stop(); }

absl::StatusOr<std::unique_ptr<Authenticator>> Authenticator::Open(AuthenticatorOptions options) {
  if (options.token.issuer.empty() || options.token.audience.empty()) {
    return absl::InvalidArgumentError(
        "--token-issuer or --token-audience is missing: say who makes the tokens of the staff, and "
        "what this server is called in them");
  }
  std::unique_ptr<Authenticator> authenticator(new Authenticator(std::move(options)));
  RETURN_IF_ERROR(authenticator->files_.Refresh());
  authenticator->Refresh();  // tells at once what is overdue
  return authenticator;
}

void Authenticator::Start() {
  thread_ = Thread("identity", [this] { Run(); });
}

void Authenticator::Stop() {
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.Join();
}

void Authenticator::Run() {
  while (true) {
    Refresh();
    MutexLock lock(&mutex_);
    mutex_.AwaitFor(this, &Authenticator::stopping, kBetweenLooks);
    if (stopping_) return;
  }
}

void Authenticator::Refresh() {
  MutexLock lock(&refresh_mutex_);
  const absl::Status status = files_.Refresh();
  if (status != told_ && options_.on_files != nullptr) options_.on_files(status);
  told_ = status;
  TellOverdue();
}

void Authenticator::TellOverdue() {
  const std::shared_ptr<const Trust> trust = files_.trust();
  if (trust == nullptr || options_.on_overdue == nullptr) return;
  const std::optional<Micros> due = trust->revocations.next_update();
  const Micros now = options_.clock->Now();
  if (!due || now < *due) {
    told_overdue_at_ = 0;
    return;
  }
  if (told_overdue_at_ != 0 && now < told_overdue_at_ + kBetweenReminders) return;
  told_overdue_at_ = now;
  options_.on_overdue(*due);
}

absl::StatusOr<std::shared_ptr<const AgencyCertificate>> Authenticator::CertificateOf(
    std::string_view pem, const Trust& trust) {
  {
    MutexLock lock(&mutex_);
    if (trusted_by_.get() == &trust) {
      const auto* found = certificates_.Find(pem);
      if (found != nullptr) return *found;
    }
  }
  ASSIGN_OR_RETURN(const CertificatePtr certificate, ParseCertificate(pem));
  RETURN_IF_ERROR(trust.authorities.CheckIssued(*certificate));
  ASSIGN_OR_RETURN(AgencyCertificate read, ReadAgencyCertificate(*certificate));
  return std::make_shared<const AgencyCertificate>(std::move(read));
}

absl::StatusOr<std::string> Authenticator::AgencyOf(std::string_view certificate_pem, Micros now) {
  if (options_.plaintext) return "";
  if (certificate_pem.empty()) {
    return absl::UnauthenticatedError(
        "CALLER_UNKNOWN: the connection shows no certificate; connect with that of your agency");
  }
  const std::shared_ptr<const Trust> trust = files_.trust();
  ASSIGN_OR_RETURN(const auto certificate, CertificateOf(certificate_pem, *trust));
  if (trust->revocations.Contains(certificate->id)) {
    return absl::UnauthenticatedError(
        "CERTIFICATE_REVOKED: the agency's certificate was revoked; ask the centre for a new one");
  }
  RETURN_IF_ERROR(CheckValidity(*certificate, now));
  MutexLock lock(&mutex_);
  if (trusted_by_ != trust) {
    // Only the newest is kept: somebody still at work with an older one must not bring it back.
    if (files_.trust() != trust) return certificate->agency;
    certificates_.Clear();
    trusted_by_ = trust;
  }
  if (certificates_.Find(certificate_pem) == nullptr) {
    certificates_.Insert(certificate_pem, certificate);
  }
  return certificate->agency;
}

absl::StatusOr<std::shared_ptr<const TokenClaims>> Authenticator::ClaimsOf(
    std::string_view authorization, Micros now) {
  ASSIGN_OR_RETURN(const std::string_view token, TokenIn(authorization));
  if (token.size() > kMaxTokenBytes) {
    return absl::UnauthenticatedError(
        "TOKEN_INVALID: the token is not good: it is larger than 8 KiB; sign in again");
  }
  const Hash256 hash = Sha256({token});
  const std::shared_ptr<const TokenKeys> keys = files_.keys();
  std::shared_ptr<const TokenClaims> claims;
  {
    MutexLock lock(&mutex_);
    if (verified_by_ == keys) {
      const auto* found = tokens_.Find(hash.raw());
      if (found != nullptr) claims = *found;
    }
  }
  const bool known = claims != nullptr;
  if (!known) {
    ASSIGN_OR_RETURN(TokenClaims read, ReadToken(token, *keys, options_.token));
    claims = std::make_shared<const TokenClaims>(std::move(read));
  }
  const absl::Status in_time = CheckTimes(*claims, now);
  MutexLock lock(&mutex_);
  if (!in_time.ok()) {
    tokens_.Erase(hash.raw());
    return in_time;
  }
  if (known) return claims;
  if (verified_by_ != keys) {
    if (files_.keys() != keys) return claims;
    tokens_.Clear();
    verified_by_ = keys;
  }
  tokens_.Insert(hash.raw(), claims);
  return claims;
}

absl::StatusOr<Call> Authenticator::Authenticate(const Credentials& credentials) {
  if (const absl::Status may = options_.may_answer ? options_.may_answer() : absl::OkStatus();
      !may.ok()) {
    return absl::UnavailableError(
        StrCat("DATABASE_AWAY: ", FromAbsl(may.message()), "; try again, or call another server"));
  }
  absl::StatusOr<Call> call = Identify(credentials);
  if (!call.ok()) {
    const std::string_view message = FromAbsl(call.status().message());
    refused_.Add(message.substr(0, message.find(':')));
  }
  return call;
}

absl::StatusOr<Call> Authenticator::Identify(const Credentials& credentials) {
  const Micros now = options_.clock->Now();
  Call call;
  ASSIGN_OR_RETURN(call.agency, AgencyOf(credentials.certificate_pem, now));
  if (!credentials.authorization.empty()) {
    ASSIGN_OR_RETURN(const auto claims, ClaimsOf(credentials.authorization, now));
    if (options_.plaintext) call.agency = claims->agency;
    if (claims->agency != call.agency) {
      return absl::UnauthenticatedError(
          "AGENCY_MISMATCH: the token is of another agency than the certificate; use both of one");
    }
    call.actor = claims->person;
  } else if (options_.plaintext) {
    return absl::UnauthenticatedError("CALLER_UNKNOWN: the call brings no token; sign in");
  } else {
    call.actor = kProgramActor;
    call.is_program = true;
  }
  RETURN_IF_ERROR(CheckStatement("caseledger-purpose", credentials.purpose));
  RETURN_IF_ERROR(CheckStatement("caseledger-warrant", credentials.warrant));
  call.purpose = credentials.purpose;
  call.warrant = credentials.warrant;
  if (credentials.traceparent.size() <= kMaxTraceparentBytes) {
    call.traceparent = credentials.traceparent;
  }
  return call;
}

}  // namespace caseledger::access
