// Facts of cases, their participants, services, therapy, emergencies, referrals and shelter stays.
#include "services/app/cli/import/fact_list.h"

namespace caseledger::cli {
namespace {

event::v1::Risk RiskOf(const std::string& text) {
  using namespace event::v1;  // NOLINT: the enumerators
  if (text == "low") return RISK_LOW;
  if (text == "medium") return RISK_MEDIUM;
  if (text == "high") return RISK_HIGH;
  return text == "critical" ? RISK_CRITICAL : RISK_UNSPECIFIED;
}

event::v1::ParticipantRole RoleOf(const std::string& text) {
  using namespace event::v1;  // NOLINT: the enumerators
  if (text == "client") return PARTICIPANT_ROLE_CLIENT;
  if (text == "companion") return PARTICIPANT_ROLE_COMPANION;
  if (text == "guardian") return PARTICIPANT_ROLE_GUARDIAN;
  if (text == "parent") return PARTICIPANT_ROLE_PARENT;
  if (text == "alleged_perpetrator") return PARTICIPANT_ROLE_ALLEGED_PERPETRATOR;
  return text == "reporter" ? PARTICIPANT_ROLE_REPORTER : PARTICIPANT_ROLE_UNSPECIFIED;
}

// Adds a fact of the case for the agency that a cell names.
PlannedFact& AddFor(FactList& facts, std::string_view agency_column, Micros occurred_at,
                    Rank rank) {
  PlannedFact& planned = facts.AddToCase(facts.row.Get("case_id"), occurred_at, rank);
  if (facts.row.Has(agency_column)) planned.on_behalf_of = facts.row.Get(agency_column);
  return planned;
}

}  // namespace

void MapCase(FactList& facts) {
  const Row& row = facts.row;
  {
    PlannedFact& planned = AddFor(facts, "owner_agency_id", *row.GetTime("opened_at"), Rank::kCase);
    auto& opened = *planned.fact.mutable_case_opened();
    facts.SetExternalRef(row.Get("case_id"), *opened.mutable_external_ref());
    opened.set_case_type(row.Get("case_type"));
    for (const std::string& concern : row.GetList("concerns")) opened.add_concerns(concern);
    opened.set_owner_agency_id(row.Get("owner_agency_id"));
    if (row.Has("unit_code")) *opened.mutable_unit() = facts.context.Unit(row.Get("unit_code"));
    opened.set_risk(RiskOf(row.Get("risk_level")));
    if (row.Has("source_contact_id")) {
      opened.set_source_contact_id(
          facts.context.RecordId("contacts", row.Get("source_contact_id")));
    }
  }
  if (const auto closed_at = row.GetTime("closed_at")) {
    AddFor(facts, "owner_agency_id", *closed_at, Rank::kCaseEnding)
        .fact.mutable_case_closed()
        ->set_reason(CodeOrUnknown(row.Get("closure_reason")));
  }
  if (const auto reopened_at = row.GetTime("reopened_at")) {
    AddFor(facts, "owner_agency_id", *reopened_at, Rank::kCase)
        .fact.mutable_case_reopened()
        ->set_reason("reopened as the imported file says");
  }
}

void MapParticipant(FactList& facts) {
  const Row& row = facts.row;
  auto& added = *facts
                     .AddToCase(row.Get("case_id"), facts.context.CaseOpened(row.Get("case_id")),
                                Rank::kParticipant)
                     .fact.mutable_participant_added();
  added.set_person_id(facts.PersonId(row.Get("person_id")));
  added.set_role(RoleOf(row.Get("role")));
}

void MapService(FactList& facts) {
  const Row& row = facts.row;
  auto& delivered = *AddFor(facts, "provider_agency_id", *row.GetTime("delivered_at"), Rank::kRest)
                         .fact.mutable_service_delivered();
  delivered.set_service_id(row.Get("service_id"));
  delivered.set_kind(row.Get("kind"));
  for (const std::string& id : row.GetList("beneficiary_person_ids")) {
    delivered.add_beneficiary_person_ids(facts.PersonId(id));
  }
  delivered.set_minutes(row.GetNumber("minutes").value_or(0));
  delivered.set_provider_agency_id(row.Get("provider_agency_id"));
  if (!row.Has("note")) return;
  delivered.mutable_note()->set_text(row.Get("note"));
  *delivered.mutable_note()->mutable_about_person_ids() = delivered.beneficiary_person_ids();
}

void MapTherapyEpisode(FactList& facts) {
  const Row& row = facts.row;
  const std::string& episode_id = row.Get("episode_id");
  const std::string& case_id = row.Get("case_id");
  auto& screened = *facts.AddToCase(case_id, *row.GetTime("screened_at"), Rank::kRest)
                        .fact.mutable_therapy_screened();
  screened.set_episode_id(episode_id);
  screened.set_person_id(facts.PersonId(row.Get("person_id")));
  if (const auto enrolled_at = row.GetTime("enrolled_at")) {
    facts.AddToCase(case_id, *enrolled_at, Rank::kRest)
        .fact.mutable_therapy_enrolled()
        ->set_episode_id(episode_id);
  }
  if (const auto ended_at = row.GetTime("ended_at")) {
    auto& ended = *facts.AddToCase(case_id, *ended_at, Rank::kEnding).fact.mutable_therapy_ended();
    ended.set_episode_id(episode_id);
    ended.set_reason(CodeOrUnknown(row.Get("end_reason")));
  }
}

void MapTherapySession(FactList& facts) {
  const Row& row = facts.row;
  const Row* episode =
      facts.context.dataset().Get("therapy_episodes").FindById(row.Get("episode_id"));
  if (episode == nullptr) return;  // Validate lets no such row through
  auto& held = *facts.AddToCase(episode->Get("case_id"), *row.GetTime("held_at"), Rank::kRest)
                    .fact.mutable_therapy_session_held();
  held.set_episode_id(row.Get("episode_id"));
  held.set_session_id(row.Get("session_id"));
  held.set_minutes(row.GetNumber("minutes").value_or(0));
}

void MapEmergency(FactList& facts) {
  const Row& row = facts.row;
  auto& started = *facts.AddToCase(row.Get("case_id"), *row.GetTime("started_at"), Rank::kRest)
                       .fact.mutable_emergency_started();
  started.set_emergency_id(row.Get("emergency_id"));
  started.set_person_id(facts.PersonId(row.Get("person_id")));
  started.set_kind(row.Get("kind"));
  started.set_trafficking_status(row.Get("trafficking_status"));
  if (row.Has("place_unit_code")) {
    *started.mutable_place() = facts.context.Unit(row.Get("place_unit_code"));
  }
  if (const auto ended_at = row.GetTime("ended_at")) {
    facts.AddToCase(row.Get("case_id"), *ended_at, Rank::kEnding)
        .fact.mutable_emergency_ended()
        ->set_emergency_id(row.Get("emergency_id"));
  }
}

void MapReferral(FactList& facts) {
  const Row& row = facts.row;
  const std::string& referral_id = row.Get("referral_id");
  auto& sent = *AddFor(facts, "from_agency_id", *row.GetTime("sent_at"), Rank::kRest)
                    .fact.mutable_referral_sent();
  sent.set_referral_id(referral_id);
  sent.set_person_id(facts.PersonId(row.Get("person_id")));
  sent.set_from_agency_id(row.Get("from_agency_id"));
  sent.set_to_agency_id(row.Get("to_agency_id"));
  sent.set_service(row.Get("service"));
  // The answers are the receiver's.
  if (const auto responded_at = row.GetTime("responded_at")) {
    const bool accepted = row.Get("response") == "accepted";
    PlannedFact& planned =
        AddFor(facts, "to_agency_id", *responded_at, accepted ? Rank::kRest : Rank::kEnding);
    if (accepted) {
      planned.fact.mutable_referral_accepted()->set_referral_id(referral_id);
    } else {
      planned.fact.mutable_referral_declined()->set_referral_id(referral_id);
      planned.fact.mutable_referral_declined()->set_reason(CodeOrUnknown(row.Get("reason")));
    }
  }
  if (const auto completed_at = row.GetTime("completed_at")) {
    auto& completed = *AddFor(facts, "to_agency_id", *completed_at, Rank::kEnding)
                           .fact.mutable_referral_completed();
    completed.set_referral_id(referral_id);
    completed.set_outcome("service_given");
  }
}

void MapShelterStay(FactList& facts) {
  const Row& row = facts.row;
  const std::string& stay_id = row.Get("stay_id");
  const std::string& shelter_id = row.Get("shelter_id");
  auto& requested = *facts.AddToShelter(shelter_id, *row.GetTime("requested_at"), Rank::kRest)
                         .fact.mutable_placement_requested();
  requested.set_placement_id(stay_id);
  requested.set_case_id(facts.CaseId(row.Get("case_id")));
  requested.set_person_id(facts.PersonId(row.Get("person_id")));
  for (const std::string& id : row.GetList("companion_person_ids")) {
    requested.add_companion_person_ids(facts.PersonId(id));
  }
  if (const auto admitted_at = row.GetTime("admitted_at")) {
    facts.AddToShelter(shelter_id, *admitted_at, Rank::kRest)
        .fact.mutable_resident_admitted()
        ->set_placement_id(stay_id);
  }
  if (const auto discharged_at = row.GetTime("discharged_at")) {
    auto& discharged = *facts.AddToShelter(shelter_id, *discharged_at, Rank::kEnding)
                            .fact.mutable_resident_discharged();
    discharged.set_placement_id(stay_id);
    discharged.set_destination(CodeOrUnknown(row.Get("destination")));
  }
}

}  // namespace caseledger::cli
