#include "services/domain/case_record/case_record.h"

#include <algorithm>
#include <optional>

namespace caseledger::domain {
namespace {

using Ids = std::vector<std::string>;

// Whom the fact concerns; each must take part. Empty for a fact that concerns the case alone.
Ids PeopleOf(const Fact& fact, const Therapy& therapy) {
  switch (KindOf(fact)) {
    case Fact::kParticipantRoleChanged:
      return {fact.participant_role_changed().person_id()};
    case Fact::kParticipantRemoved:
      return {fact.participant_removed().person_id()};
    case Fact::kVictimStatusChanged:
      return {fact.victim_status_changed().person_id()};
    case Fact::kServiceDelivered:
      return Ids(fact.service_delivered().beneficiary_person_ids().begin(),
                 fact.service_delivered().beneficiary_person_ids().end());
    case Fact::kTherapyScreened:
      return {fact.therapy_screened().person_id()};
    case Fact::kTherapyEnrolled:
      return {therapy.PersonOf(fact.therapy_enrolled().episode_id())};
    case Fact::kTherapySessionHeld:
      return {therapy.PersonOf(fact.therapy_session_held().episode_id())};
    case Fact::kEmergencyStarted:
      return {fact.emergency_started().person_id()};
    case Fact::kSeparationOrdered:
      return {fact.separation_ordered().person_id()};
    case Fact::kContactBanIssued:
      return {fact.contact_ban_issued().protected_person_id()};
    case Fact::kReferralSent:
      return {fact.referral_sent().person_id()};
    case Fact::kShelterStayOpened: {
      const event::v1::ShelterStayOpened& opened = fact.shelter_stay_opened();
      Ids people(opened.companion_person_ids().begin(), opened.companion_person_ids().end());
      people.insert(people.begin(), opened.person_id());
      return people;
    }
    default:
      return {};
  }
}

}  // namespace

void CaseState::Apply(const DomainEvent& event) {
  lifecycle.Apply(event);
  participants.Apply(event);
  plans.Apply(event);
  services.Apply(event);
  therapy.Apply(event);
  emergencies.Apply(event);
  measures.Apply(event);
  referrals.Apply(event);
  transfers.Apply(event);
  holds.Apply(event);
  stays.Apply(event);
}

// The first failure counts: whether the case allows it at all, then the part's own rules, then the
// people. Each part passes facts that are not its own.
absl::Status CaseState::Check(const DomainEvent& event) const {
  absl::Status status = lifecycle.Check(event);
  if (status.ok()) status = participants.Check(event);
  if (status.ok()) status = plans.Check(event);
  if (status.ok()) status = services.Check(event);
  if (status.ok()) status = therapy.Check(event);
  if (status.ok()) status = emergencies.Check(event);
  if (status.ok()) status = measures.Check(event);
  if (status.ok()) status = referrals.Check(event);
  if (status.ok()) status = transfers.Check(event);
  if (status.ok()) status = holds.Check(event);
  if (status.ok()) status = stays.Check(event);
  if (status.ok()) status = CheckPeople(event);
  if (status.ok()) status = CheckClosure(event);
  return status;
}

absl::Status CaseState::CheckPeople(const DomainEvent& event) const {
  const Fact& fact = *event.fact;
  for (const std::string& person : PeopleOf(fact, therapy)) {
    if (!participants.Has(person)) return Reject(Reason::kNotParticipant, person);
  }
  if (!fact.has_participant_removed()) return absl::OkStatus();
  return CheckRemoval(fact.participant_removed().person_id(), event.occurred_at);
}

absl::Status CaseState::CheckRemoval(const std::string& person_id, Micros at) const {
  for (const std::optional<std::string>& open :
       {stays.OpenFor(person_id), therapy.RunningFor(person_id), emergencies.RunningFor(person_id),
        referrals.OpenFor(person_id, at), measures.NotOverFor(person_id, at)}) {
    if (open.has_value()) return Reject(Reason::kParticipantStillInvolved, *open);
  }
  return absl::OkStatus();
}

absl::Status CaseState::CheckClosure(const DomainEvent& event) const {
  if (!event.fact->has_case_closed()) return absl::OkStatus();
  const auto& overridden = event.fact->case_closed().overridden_rules();
  for (const ClosureBlocker& blocker : ClosureBlockers(*this, event.occurred_at)) {
    const std::string_view id = TextOf(blocker.reason).id;
    if (std::find(overridden.begin(), overridden.end(), id) == overridden.end()) {
      return Reject(blocker.reason, blocker.item);
    }
  }
  return absl::OkStatus();
}

std::vector<ClosureBlocker> ClosureBlockers(const CaseState& state, Micros at) {
  std::vector<ClosureBlocker> blockers;
  for (const auto& [key, stay] : state.stays.stays) {
    if (stay.open) blockers.push_back({Reason::kOpenShelterStay, key});
  }
  for (const auto& [key, referral] : state.referrals.referrals) {
    if (referral.IsPending(at)) blockers.push_back({Reason::kReferralPending, key});
    if (referral.IsActive()) blockers.push_back({Reason::kReferralActive, key});
  }
  for (const auto& [key, emergency] : state.emergencies.emergencies) {
    if (emergency.running) blockers.push_back({Reason::kEmergencyRunning, key});
  }
  for (const auto& [key, ban] : state.measures.bans) {
    if (ban.InForce(at)) blockers.push_back({Reason::kContactBanInForce, key});
  }
  return blockers;
}

}  // namespace caseledger::domain
