// The referrals of a case.
//
//   Sent -> pending -> Accepted -> active -> Completed | Returned | Forwarded
//                   -> Declined | Revoked | Expired
//   pending or active -> ConsentLost
//
// Invariants
//  1. A referral's key is used once; forwarding gives the referral it becomes a key of its own.
//  2. An offer ends at its expiry (exclusive), whether or not ReferralExpired was recorded: nobody
//     answers or revokes it from then on, and it stands in no closure's way.
//  3. With the consent it rests on a pending or active referral ends; nobody answers or finishes it
//     then. ReferralConsentLost follows from the person's withdrawal.
//  4. An agency never refers to itself. A forwarded referral is from the agency that forwards it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "services/domain/context.h"
#include "services/domain/event.h"

namespace caseledger::domain {

struct Referral {
  enum class Phase : uint8_t {
    kPending,
    kActive,  // accepted, not finished
    kDeclined,
    kRevoked,
    kExpired,
    kCompleted,
    kReturned,
    kForwarded,
    kConsentLost,
  };
  Phase phase = Phase::kPending;
  std::string person;
  std::string from_agency;
  std::string to_agency;
  Micros expire_at = 0;     // 0: never
  Micros settled_at = 0;    // when it got its phase
  std::string consent_id;   // "": it rests on the legal basis
  std::string legal_basis;  // of the event that sent or forwarded it
  std::vector<std::string> shared_fields;

  bool IsOver(Micros at) const { return expire_at != 0 && at >= expire_at; }
  bool IsPending(Micros at) const { return phase == Phase::kPending && !IsOver(at); }
  bool IsActive() const { return phase == Phase::kActive; }

  template <typename Archive>
  void Fields(Archive& archive) {
    archive(phase, person, from_agency, to_agency, expire_at, settled_at, consent_id, legal_basis,
            shared_fields);
  }
};

struct Referrals {
  std::map<std::string, Referral> referrals;  // by referral id

  // A pending or active referral of the person, if any.
  std::optional<std::string> OpenFor(const std::string& person_id, Micros at) const;

  // The person's referrals that rest on a consent and are pending or active at `at`, or at their
  // last step when that came later; without the id of the case.
  std::vector<ReferralOnConsent> OnConsentOf(const std::string& person_id, Micros at) const;

  void Apply(const DomainEvent& event);
  absl::Status Check(const DomainEvent& event) const;

  template <typename Archive>
  void Fields(Archive& archive) {
    archive(referrals);
  }

 private:
  void Settle(const std::string& key, Referral::Phase phase, Micros at);
  void Forward(const DomainEvent& event);
  absl::Status CheckStep(const DomainEvent& event) const;
  absl::Status CheckReceiver(const DomainEvent& event) const;
  absl::Status CheckSending(const DomainEvent& event) const;
  absl::Status CheckAnswer(const std::string& key, Micros at) const;
  absl::Status CheckExpiry(const std::string& key, Micros at) const;
  absl::Status CheckLoss(const std::string& key, Micros at) const;
  absl::Status CheckFinish(const std::string& key) const;
  absl::Status CheckForwarding(const event::v1::ReferralForwarded& forwarded) const;
};

}  // namespace caseledger::domain
