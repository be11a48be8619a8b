#include "services/commands/codes.h"

#include <map>
#include <set>

namespace caseledger::commands {
namespace {

using CodeLists = std::map<std::string, std::set<std::string>>;

const CodeLists& Lists() {
  static const auto* lists = new CodeLists{
      {"channel", {"phone", "sms", "app", "zalo", "email", "letter", "walk_in", "agency"}},
      {"main_topic",
       {"gender_equality", "child", "trafficking", "elderly", "disability", "mental_health",
        "social_assistance", "people_with_merit", "employment", "family_relations", "health",
        "other", "none"}},
      {"caller_role",
       {"victim", "child", "parent", "relative", "neighbour", "teacher", "official", "perpetrator",
        "unknown"}},
      {"sex", {"female", "male", "other", "unknown"}},
      {"document_status", {"registered", "undocumented", "unknown"}},
      {"school_status", {"enrolled", "dropped_out", "never_enrolled", "not_applicable", "unknown"}},
      {"case_type",
       {"gender_based_violence", "child_protection", "trafficking", "social_assistance",
        "developmental_therapy"}},
      {"concern",
       {"domestic_violence", "sexual_abuse", "physical_violence", "psychological_violence",
        "economic_violence", "neglect", "suicidal_behaviour", "school_dropout_mental_health",
        "undocumented", "trafficked", "wandering", "autism_spectrum", "emotional_disorder",
        "special_circumstances", "at_risk_special_circumstances", "legal_procedures",
        "case_management"}},
      {"violence_type",
       {"rape", "sexual_assault", "physical_assault", "forced_marriage", "denial_of_resources",
        "psychological_abuse"}},
      {"perpetrator_relation",
       {"intimate_partner", "former_partner", "primary_caregiver", "other_family", "employer",
        "schoolmate", "teacher", "service_provider", "neighbour", "acquaintance", "other", "none",
        "unknown"}},
      {"service_kind",
       {"psychological_counselling", "legal_procedure_support", "medical_care",
        "civil_documents_support", "school_enrolment_support", "livelihood_support",
        "parent_counselling", "care_method_counselling", "in_kind_support", "safety_planning",
        "case_management_visit"}},
      {"referral_service",
       {"safehouse", "health_medical", "psychosocial", "police_other", "legal", "livelihoods",
        "child_protection", "family_mediation", "family_reunification", "education", "registration",
        "other"}},
      {"referral_decline_reason",
       {"no_capacity", "not_eligible", "out_of_area", "consent_missing", "duplicate", "other"}},
      {"emergency_kind",
       {"gender_based_violence", "child_sexual_abuse", "child_violence", "trafficking", "other"}},
      {"trafficking_status", {"suspected", "confirmed"}},
      {"closure_reason",
       {"goals_met", "client_request", "left_area", "transferred", "lost_contact", "refused",
        "deceased", "duplicate", "other"}},
      {"shelter_destination",
       {"own_housing", "relatives", "host_family", "other_shelter", "hospital", "rented",
        "returned_to_origin", "left_without_notice", "deceased", "unknown", "other"}},
      {"consent_purpose", {"services", "sharing", "shelter", "statistics", "recording"}},
      {"consent_giver",
       {"self", "guardian", "parent", "representative", "self_and_representative"}},
      {"representative_capacity", {"parent", "guardian", "court_appointed", "chosen"}},
      {"programme_kind",
       {"safe_city", "prostitution_prevention", "anti_trafficking", "gbv_prevention", "livelihood",
        "counselling_service"}},
      {"outreach_kind", {"training", "conference", "broadcast", "banner"}},
      {"unit_kind", {"province", "district", "commune"}},
      {"plan_review_result", {"on_track", "adjust", "achieved"}},
      {"role",
       {"hotline_operator", "case_worker", "therapist", "shelter_manager", "supervisor", "partner",
        "auditor", "dashboard_viewer", "data_steward", "privacy_officer", "administrator",
        "service", "legal_officer"}},
      {"data_request_kind", {"access", "correction", "restriction", "erasure"}},
      {"data_request_asker", {"self", "representative", "heir", "authority"}},
      {"data_request_refusal",
       {"law_requires_keeping", "identity_not_shown", "legal_hold", "other"}},
      {"restriction_reason",
       {"accuracy_contested", "unlawful_processing", "objection", "legal_claim", "other"}},
      {"restriction_end_reason",
       {"data_corrected", "claim_settled", "objection_withdrawn", "other"}},
  };
  return *lists;
}

}  // namespace

bool IsKnownCode(const std::string& list, const std::string& code) {
  const auto it = Lists().find(list);
  return it == Lists().end() || it->second.contains(code);
}

}  // namespace caseledger::commands
