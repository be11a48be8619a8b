#include "services/domain/case_record/referrals.h"

#include <algorithm>
#include <utility>

#include "services/domain/case_record/lookup.h"
#include "services/domain/rejection.h"

namespace caseledger::domain {
namespace {

Referral Sent(const DomainEvent& event) {
  const event::v1::ReferralSent& sent = event.fact->referral_sent();
  Referral referral;
  referral.person = sent.person_id();
  referral.from_agency = sent.from_agency_id();
  referral.to_agency = sent.to_agency_id();
  referral.expire_at = sent.has_expire_time() ? ToMicros(sent.expire_time()) : 0;
  referral.settled_at = event.occurred_at;
  referral.legal_basis = event.legal_basis;
  referral.consent_id = sent.consent_id();
  referral.shared_fields.assign(sent.shared_fields().begin(), sent.shared_fields().end());
  return referral;
}

// The referral that the fact answers or finishes as its receiver does, or "".
std::string AnsweredBy(const Fact& fact) {
  switch (KindOf(fact)) {
    case Fact::kReferralAccepted:
      return fact.referral_accepted().referral_id();
    case Fact::kReferralDeclined:
      return fact.referral_declined().referral_id();
    case Fact::kReferralCompleted:
      return fact.referral_completed().referral_id();
    case Fact::kReferralReturned:
      return fact.referral_returned().referral_id();
    case Fact::kReferralForwarded:
      return fact.referral_forwarded().referral_id();
    default:
      return "";
  }
}

}  // namespace

std::optional<std::string> Referrals::OpenFor(const std::string& person_id, Micros at) const {
  for (const auto& [key, referral] : referrals) {
    const bool open = referral.IsPending(at) || referral.IsActive();
    if (open && referral.person == person_id) return key;
  }
  return std::nullopt;
}

std::vector<ReferralOnConsent> Referrals::OnConsentOf(const std::string& person_id,
                                                      Micros at) const {
  std::vector<ReferralOnConsent> found;
  for (const auto& [key, referral] : referrals) {
    const bool rests = referral.person == person_id && !referral.consent_id.empty();
    const bool open = referral.IsActive() || referral.IsPending(std::max(at, referral.settled_at));
    if (rests && open) {
      found.push_back({"", key, referral.to_agency, referral.consent_id, referral.settled_at});
    }
  }
  return found;
}

void Referrals::Apply(const DomainEvent& event) {
  using Phase = Referral::Phase;
  const Fact& fact = *event.fact;
  const Micros at = event.occurred_at;
  switch (KindOf(fact)) {
    case Fact::kReferralSent:
      referrals[fact.referral_sent().referral_id()] = Sent(event);
      break;
    case Fact::kReferralAccepted:
      Settle(fact.referral_accepted().referral_id(), Phase::kActive, at);
      break;
    case Fact::kReferralDeclined:
      Settle(fact.referral_declined().referral_id(), Phase::kDeclined, at);
      break;
    case Fact::kReferralRevoked:
      Settle(fact.referral_revoked().referral_id(), Phase::kRevoked, at);
      break;
    case Fact::kReferralExpired:
      Settle(fact.referral_expired().referral_id(), Phase::kExpired, at);
      break;
    case Fact::kReferralCompleted:
      Settle(fact.referral_completed().referral_id(), Phase::kCompleted, at);
      break;
    case Fact::kReferralReturned:
      Settle(fact.referral_returned().referral_id(), Phase::kReturned, at);
      break;
    case Fact::kReferralConsentLost:
      Settle(fact.referral_consent_lost().referral_id(), Phase::kConsentLost, at);
      break;
    case Fact::kReferralForwarded:
      Forward(event);
      break;
    default:
      break;
  }
}

void Referrals::Settle(const std::string& key, Referral::Phase phase, Micros at) {
  Referral* referral = Find(referrals, key);
  if (referral == nullptr) return;
  referral->phase = phase;
  referral->settled_at = at;
}

void Referrals::Forward(const DomainEvent& event) {
  const event::v1::ReferralForwarded& forwarded = event.fact->referral_forwarded();
  const Referral* old = Find(referrals, forwarded.referral_id());
  if (old == nullptr) return;
  Referral next = *old;
  next.phase = Referral::Phase::kPending;
  next.from_agency = old->to_agency;
  next.to_agency = forwarded.to_agency_id();
  next.expire_at = 0;
  next.settled_at = event.occurred_at;
  next.consent_id = forwarded.consent_id();
  next.legal_basis = event.legal_basis;
  Settle(forwarded.referral_id(), Referral::Phase::kForwarded, event.occurred_at);
  referrals[forwarded.new_referral_id()] = std::move(next);
}

absl::Status Referrals::Check(const DomainEvent& event) const {
  if (absl::Status status = CheckStep(event); !status.ok()) return status;
  return CheckReceiver(event);
}

absl::Status Referrals::CheckStep(const DomainEvent& event) const {
  const Fact& fact = *event.fact;
  const Micros at = event.occurred_at;
  switch (KindOf(fact)) {
    case Fact::kReferralSent:
      return CheckSending(event);
    case Fact::kReferralAccepted:
      return CheckAnswer(fact.referral_accepted().referral_id(), at);
    case Fact::kReferralDeclined:
      return CheckAnswer(fact.referral_declined().referral_id(), at);
    case Fact::kReferralRevoked:
      return CheckAnswer(fact.referral_revoked().referral_id(), at);
    case Fact::kReferralExpired:
      return CheckExpiry(fact.referral_expired().referral_id(), at);
    case Fact::kReferralConsentLost:
      return CheckLoss(fact.referral_consent_lost().referral_id(), at);
    case Fact::kReferralCompleted:
      return CheckFinish(fact.referral_completed().referral_id());
    case Fact::kReferralReturned:
      return CheckFinish(fact.referral_returned().referral_id());
    case Fact::kReferralForwarded:
      return CheckForwarding(fact.referral_forwarded());
    default:
      return absl::OkStatus();
  }
}

// DecideCase asks this of who records an answer. Here it keeps a referral that was answered from
// being corrected to another agency, which would have what it never accepted.
absl::Status Referrals::CheckReceiver(const DomainEvent& event) const {
  const Referral* referral = Find(referrals, AnsweredBy(*event.fact));
  const bool theirs = referral == nullptr || referral->to_agency == event.agency;
  if (theirs || event.imported) return absl::OkStatus();
  return Reject(Reason::kReferralNotYours, AnsweredBy(*event.fact));
}

absl::Status Referrals::CheckSending(const DomainEvent& event) const {
  const event::v1::ReferralSent& sent = event.fact->referral_sent();
  const std::string& key = sent.referral_id();
  if (referrals.contains(key)) return Reject(Reason::kKeyUsed, key);
  if (sent.from_agency_id() == sent.to_agency_id()) return Reject(Reason::kReferralToSelf, key);
  if (sent.has_expire_time() && ToMicros(sent.expire_time()) <= event.occurred_at) {
    return Reject(Reason::kReferralExpiryNotAfterSending, key);
  }
  return absl::OkStatus();
}

absl::Status Referrals::CheckAnswer(const std::string& key, Micros at) const {
  const Referral* referral = Find(referrals, key);
  if (referral == nullptr) return Reject(Reason::kReferralUnknown, key);
  if (referral->phase == Referral::Phase::kConsentLost) {
    return Reject(Reason::kReferralConsentLost, key);
  }
  const bool expired = referral->phase == Referral::Phase::kExpired;
  const bool pending = referral->phase == Referral::Phase::kPending;
  if (expired || (pending && referral->IsOver(at))) return Reject(Reason::kReferralExpired, key);
  return pending ? absl::OkStatus() : Reject(Reason::kReferralNotPending, key);
}

absl::Status Referrals::CheckExpiry(const std::string& key, Micros at) const {
  const Referral* referral = Find(referrals, key);
  if (referral == nullptr) return Reject(Reason::kReferralUnknown, key);
  if (referral->phase != Referral::Phase::kPending) {
    return Reject(Reason::kReferralNotPending, key);
  }
  return referral->IsOver(at) ? absl::OkStatus() : Reject(Reason::kReferralNotExpired, key);
}

absl::Status Referrals::CheckLoss(const std::string& key, Micros at) const {
  const Referral* referral = Find(referrals, key);
  if (referral == nullptr) return Reject(Reason::kReferralUnknown, key);
  const bool open = referral->IsPending(at) || referral->IsActive();
  return open ? absl::OkStatus() : Reject(Reason::kReferralNotPending, key);
}

absl::Status Referrals::CheckFinish(const std::string& key) const {
  const Referral* referral = Find(referrals, key);
  if (referral == nullptr) return Reject(Reason::kReferralUnknown, key);
  if (referral->phase == Referral::Phase::kConsentLost) {
    return Reject(Reason::kReferralConsentLost, key);
  }
  return referral->IsActive() ? absl::OkStatus() : Reject(Reason::kReferralNotAccepted, key);
}

absl::Status Referrals::CheckForwarding(const event::v1::ReferralForwarded& forwarded) const {
  const std::string& key = forwarded.referral_id();
  const std::string& new_key = forwarded.new_referral_id();
  if (absl::Status status = CheckFinish(key); !status.ok()) return status;
  if (referrals.contains(new_key)) return Reject(Reason::kKeyUsed, new_key);
  const bool to_self = Find(referrals, key)->to_agency == forwarded.to_agency_id();
  return to_self ? Reject(Reason::kReferralToSelf, new_key) : absl::OkStatus();
}

}  // namespace caseledger::domain
