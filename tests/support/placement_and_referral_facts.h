// Facts of referrals and shelters, as projection tests need them.
#pragma once

#include <string>
#include <vector>

#include "caseledger/event/v1/fact.pb.h"
#include "tests/support/recorded_events.h"

namespace caseledger::testing {

// Sent from `hotline` for person `p1`; `expire_at` 0: never expires.
inline event::v1::Fact ReferralSentFact(const std::string& id, const std::string& to,
                                        Micros expire_at = 0) {
  event::v1::Fact fact;
  auto& sent = *fact.mutable_referral_sent();
  sent.set_referral_id(id);
  sent.set_person_id("p1");
  sent.set_from_agency_id("hotline");
  sent.set_to_agency_id(to);
  sent.set_service("legal");
  sent.set_urgency(event::v1::REFERRAL_URGENCY_URGENT);
  sent.mutable_note()->set_text("secret");
  if (expire_at != 0) SetTime(*sent.mutable_expire_time(), expire_at);
  return fact;
}
inline event::v1::Fact ReferralAcceptedFact(const std::string& id) {
  event::v1::Fact fact;
  fact.mutable_referral_accepted()->set_referral_id(id);
  return fact;
}
inline event::v1::Fact ReferralExpiredFact(const std::string& id) {
  event::v1::Fact fact;
  fact.mutable_referral_expired()->set_referral_id(id);
  return fact;
}
inline event::v1::Fact ReferralConsentLostFact(const std::string& id) {
  event::v1::Fact fact;
  fact.mutable_referral_consent_lost()->set_referral_id(id);
  fact.mutable_referral_consent_lost()->set_consent_id("c1");
  return fact;
}
inline event::v1::Fact ReferralCompletedFact(const std::string& id) {
  event::v1::Fact fact;
  fact.mutable_referral_completed()->set_referral_id(id);
  return fact;
}
inline event::v1::Fact ReferralReturnedFact(const std::string& id) {
  event::v1::Fact fact;
  fact.mutable_referral_returned()->set_referral_id(id);
  return fact;
}
inline event::v1::Fact ReferralForwardedFact(const std::string& id, const std::string& new_id,
                                             const std::string& to) {
  event::v1::Fact fact;
  fact.mutable_referral_forwarded()->set_referral_id(id);
  fact.mutable_referral_forwarded()->set_new_referral_id(new_id);
  fact.mutable_referral_forwarded()->set_to_agency_id(to);
  return fact;
}

inline event::v1::Fact ShelterRegisteredFact(uint32_t beds) {
  event::v1::Fact fact;
  fact.mutable_shelter_registered()->set_beds(beds);
  return fact;
}
inline event::v1::Fact BedsChangedFact(uint32_t beds) {
  event::v1::Fact fact;
  fact.mutable_beds_changed()->set_beds(beds);
  return fact;
}
inline event::v1::Fact RequestedFact(const std::string& placement,
                                     const std::vector<std::string>& companions = {}) {
  event::v1::Fact fact;
  auto& requested = *fact.mutable_placement_requested();
  requested.set_placement_id(placement);
  requested.set_person_id("p-" + placement);
  for (const std::string& person : companions) requested.add_companion_person_ids(person);
  return fact;
}
inline event::v1::Fact HeldFact(const std::string& placement, Micros expire_at) {
  event::v1::Fact fact;
  fact.mutable_placement_held()->set_placement_id(placement);
  SetTime(*fact.mutable_placement_held()->mutable_expire_time(), expire_at);
  return fact;
}
inline event::v1::Fact AdmittedFact(const std::string& placement,
                                    const std::vector<std::string>& companions = {}) {
  event::v1::Fact fact;
  auto& admitted = *fact.mutable_resident_admitted();
  admitted.set_placement_id(placement);
  admitted.set_person_id("p-" + placement);
  for (const std::string& person : companions) admitted.add_companion_person_ids(person);
  return fact;
}
inline event::v1::Fact DischargedFact(const std::string& placement) {
  event::v1::Fact fact;
  fact.mutable_resident_discharged()->set_placement_id(placement);
  fact.mutable_resident_discharged()->set_destination("relatives");
  return fact;
}
inline event::v1::Fact CancelledFact(const std::string& placement) {
  event::v1::Fact fact;
  fact.mutable_placement_cancelled()->set_placement_id(placement);
  return fact;
}
inline event::v1::Fact HoldExpiredFact(const std::string& placement) {
  event::v1::Fact fact;
  fact.mutable_hold_expired()->set_placement_id(placement);
  return fact;
}

}  // namespace caseledger::testing
