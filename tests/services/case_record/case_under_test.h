// A case for tests: agency A owns it, an is its supervisor, B is a partner.
#pragma once

#include <string>

#include "services/domain/case_record/case_record.h"
#include "tests/support/domain_builders.h"

namespace caseledger::testing {

using CaseUnderTest = RecordUnderTest<domain::CaseState, domain::DecideCase>;

inline domain::Caller Supervisor() { return {"an", "A", {"supervisor"}}; }
inline domain::Caller Worker() { return {"binh", "A", {"case_worker"}}; }
inline domain::Caller Partner() { return {"chi", "B", {"partner"}}; }
inline domain::Caller ThirdAgency() { return {"dung", "C", {"partner"}}; }

inline constexpr char kOpened[] = "case_opened { owner_agency_id: 'A' owner_worker_id: 'binh' }";
inline constexpr char kClosed[] = "case_closed { reason: 'goals_met' }";
inline constexpr char kOverridden[] =
    "case_closed { reason: 'goals_met' override_reason: 'moved at night' }";
inline constexpr char kReopened[] = "case_reopened { reason: 'again' }";
inline constexpr char kAddMai[] =
    "participant_added { person_id: 'mai' role: PARTICIPANT_ROLE_CLIENT }";
inline constexpr char kAddLan[] =
    "participant_added { person_id: 'lan' role: PARTICIPANT_ROLE_COMPANION }";
inline constexpr char kRemoveMai[] = "participant_removed { person_id: 'mai' }";

inline std::string Sent(const std::string& key, const std::string& more = "") {
  return "referral_sent { referral_id: '" + key +
         "' person_id: 'mai' from_agency_id: 'A' to_agency_id: 'B' " + more + " }";
}
inline std::string Accepted(const std::string& key) {
  return "referral_accepted { referral_id: '" + key + "' }";
}
inline std::string Completed(const std::string& key) {
  return "referral_completed { referral_id: '" + key + "' }";
}
inline std::string Expired(const std::string& key) {
  return "referral_expired { referral_id: '" + key + "' }";
}
inline std::string ConsentLost(const std::string& key) {
  return "referral_consent_lost { referral_id: '" + key + "' consent_id: 'consent' }";
}
inline std::string Forwarded(const std::string& key, const std::string& to,
                             const std::string& new_key) {
  return "referral_forwarded { referral_id: '" + key + "' new_referral_id: '" + new_key +
         "' to_agency_id: '" + to + "' }";
}
inline std::string Service(const std::string& key) {
  return "service_delivered { service_id: '" + key + "' beneficiary_person_ids: 'mai' }";
}
inline std::string Screened(const std::string& key) {
  return "therapy_screened { episode_id: '" + key + "' person_id: 'mai' }";
}
inline std::string Enrolled(const std::string& key) {
  return "therapy_enrolled { episode_id: '" + key + "' }";
}
inline std::string Session(const std::string& episode, const std::string& key) {
  return "therapy_session_held { episode_id: '" + episode + "' session_id: '" + key + "' }";
}
inline std::string TherapyEnds(const std::string& key) {
  return "therapy_ended { episode_id: '" + key + "' }";
}
inline std::string Emergency(const std::string& key) {
  return "emergency_started { emergency_id: '" + key + "' person_id: 'mai' kind: 'other' }";
}
inline std::string EmergencyEnds(const std::string& key) {
  return "emergency_ended { emergency_id: '" + key + "' }";
}
inline std::string Ban(const std::string& key, double from, double to) {
  return "contact_ban_issued { measure_id: '" + key +
         "' protected_person_id: 'mai' banned_person_id: 'x' " + TimeField("from_time", from) +
         TimeField("to_time", to) + "}";
}
inline std::string BanExtended(const std::string& key, double to) {
  return "contact_ban_extended { measure_id: '" + key + "' " + TimeField("to_time", to) + "}";
}
inline std::string BanLifted(const std::string& key) {
  return "contact_ban_lifted { measure_id: '" + key + "' }";
}
inline std::string Separation(const std::string& key, double from, double to) {
  return "separation_ordered { measure_id: '" + key + "' person_id: 'mai' " +
         TimeField("from_time", from) + TimeField("to_time", to) + "}";
}
inline std::string SeparationExtended(const std::string& key, double to) {
  return "separation_extended { measure_id: '" + key + "' " + TimeField("to_time", to) + "}";
}
inline std::string SeparationLifted(const std::string& key) {
  return "separation_lifted { measure_id: '" + key + "' }";
}
inline std::string StayOpens(const std::string& key, const std::string& companion = "") {
  return "shelter_stay_opened { shelter_id: 'S' placement_id: '" + key + "' person_id: 'mai' " +
         (companion.empty() ? "" : "companion_person_ids: '" + companion + "'") + " }";
}
inline std::string StayCloses(const std::string& key) {
  return "shelter_stay_closed { shelter_id: 'S' placement_id: '" + key + "' }";
}
inline std::string Drafted(const std::string& key) {
  return "plan_drafted { plan_id: '" + key + "' content_hash: 'h' }";
}
inline std::string Approved(const std::string& key, const std::string& hash = "h") {
  return "plan_approved { plan_id: '" + key + "' content_hash: '" + hash + "' }";
}
inline std::string Reviewed(const std::string& key) {
  return "plan_reviewed { plan_id: '" + key + "' }";
}
inline std::string VictimStatus(const std::string& status) {
  return "victim_status_changed { person_id: 'mai' status: VICTIM_STATUS_" + status + " }";
}
inline std::string TransferRequested(const std::string& key) {
  return "transfer_requested { transfer_id: '" + key + "' to_ledger: 'hai-phong' }";
}
inline std::string TransferAccepted(const std::string& key) {
  return "transfer_accepted { transfer_id: '" + key + "' }";
}
inline std::string HoldPlaced(const std::string& key) {
  return "legal_hold_placed { hold_id: '" + key + "' }";
}
inline std::string HoldLifted(const std::string& key) {
  return "legal_hold_lifted { hold_id: '" + key + "' }";
}

// A case opened at hour 0 with mai as client and lan as companion, a supervisor asking, and mai's
// consent to sharing with anyone. Its events are e1 to e3.
inline CaseUnderTest OpenCase() {
  CaseUnderTest record;
  record.caller = Supervisor();
  record.related.consents[{"mai", "sharing", ""}] = "consent";
  record.Given(0, kOpened);
  record.Given(0, kAddMai);
  record.Given(0, kAddLan);
  return record;
}

}  // namespace caseledger::testing
