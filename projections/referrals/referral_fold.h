// A case's referrals, computed from its effective facts.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "projections/effective/fact_groups.h"

namespace caseledger::projections {

// One referral as recorded. That an offer has run out is told when asked: StateAt.
struct ReferralRow {
  Uuid case_id;
  std::string referral_id;  // its key in the case
  std::string from_agency_id;
  std::string to_agency_id;
  std::string service;
  std::string state;    // `pending`, `accepted`, `declined`, `revoked`, `expired`, `completed`,
                        // `returned`, `forwarded` or `consent_lost`
  std::string urgency;  // `routine`, `urgent` or `emergency`
  std::string person_id;
  Micros sent_at = 0;
  std::optional<Micros> answered_at;   // accepted or declined
  std::optional<Micros> completed_at;  // completed or returned
  std::optional<Micros> expire_at;     // end of the offer, exclusive
  Uuid sent_event_id;

  template <typename Archive>
  void Fields(Archive& archive) {
    archive(case_id, referral_id, from_agency_id, to_agency_id, service, state, urgency, person_id,
            sent_at, answered_at, completed_at, expire_at, sent_event_id);
  }
};

inline constexpr char kReferralPending[] = "pending";
inline constexpr char kReferralExpired[] = "expired";

// Its state at `now`: a pending one is expired from its expire time on, recorded or not.
std::string StateAt(const ReferralRow& row, Micros now);

// Whether the fact is one of a referral.
bool IsReferralFact(const event::v1::Fact& fact);

// Referrals by key. One that was passed on stays as `forwarded`; the one it became asks for the
// same, from the agency that passed it on. Pure.
std::map<std::string, ReferralRow> FoldReferrals(const Uuid& case_id,
                                                 const std::vector<EffectiveFact>& in_order);

}  // namespace caseledger::projections
