#include "services/app/cli/import/schema.h"

namespace caseledger::cli {
namespace {

using enum CellKind;

Column Id(std::string_view name) { return {name, kId, true}; }
Column Required(std::string_view name, CellKind kind) { return {name, kind, true}; }
Column Optional(std::string_view name, CellKind kind) { return {name, kind}; }
Column Reference(std::string_view name, std::string_view table) {
  return {name, kReference, true, table};
}
Column MaybeReference(std::string_view name, std::string_view table) {
  return {name, kReference, false, table};
}
Column NeededReference(std::string_view name, std::string_view table) {
  return {name, kReference, true, table, {}, true};
}
Column Unit(std::string_view name) { return MaybeReference(name, "admin_units"); }

std::vector<Table> DirectoryTables() {
  return {
      {"admin_units",
       {Id("code"), Id("version"), Required("kind", kCode), Required("name", kText),
        Unit("parent_code")},
       {"version", "code"}},
      // Versions and codes of units that need not be part of the import.
      {"unit_predecessors",
       {Id("from_version"), Id("from_code"), Id("to_version"), Id("to_code"),
        Required("share", kShare), Required("source", kText)},
       {"from_version", "from_code", "to_version", "to_code"}},
      {"agencies",
       {Id("agency_id"), Required("kind", kCode), Required("name_vi", kText),
        Optional("name_en", kText), Unit("unit_code")},
       {"agency_id"}},
      {"shelters",
       {Id("shelter_id"), Reference("agency_id", "agencies"), Optional("alias", kText),
        Required("beds", kNumber), Optional("address", kText)},
       {"shelter_id"}},
      {"programmes",
       {Id("programme_id"),
        Required("kind", kCode),
        Required("name", kText),
        Required("valid_from", kDay),
        Optional("valid_to", kDay),
        {"unit_codes", kReferences, false, "admin_units"}},
       {"programme_id"},
       {{"valid_from", "valid_to"}}},
      {"outreach",
       {Id("outreach_id"), Required("kind", kCode), Required("held_at", kInstant),
        Unit("unit_code"), Optional("attendance", kNumber), Optional("topic", kCode)},
       {"outreach_id"}},
  };
}

std::vector<Table> IntakeTables() {
  return {
      {"persons",
       {Id("person_id"), Optional("full_name", kText), Optional("sex", kCode),
        Optional("birth", kBirth), Optional("phone", kText), Optional("documents", kCode),
        Optional("school", kCode), Unit("unit_code")},
       {"person_id"}},
      {"contacts",
       {Id("contact_id"),
        Required("channel", kCode),
        Optional("line", kText),
        Required("started_at", kInstant),
        Optional("ended_at", kInstant),
        {"outcome",
         kChoice,
         false,
         {},
         {"counselled", "information_only", "silent", "prank", "dropped", "wrong_number",
          "abusive"}},
        Optional("main_topic", kCode),
        Optional("caller_role", kCode),
        Unit("unit_code"),
        Optional("operator", kId),
        MaybeReference("case_id", "cases")},
       {"contact_id"},
       {{"started_at", "ended_at"}},
       {{"ended_at", "outcome"}}},
      {"cases",
       {Id("case_id"),
        Required("case_type", kCode),
        Optional("concerns", kCodes),
        Required("opened_at", kInstant),
        Reference("owner_agency_id", "agencies"),
        Unit("unit_code"),
        {"risk_level", kChoice, false, {}, {"low", "medium", "high", "critical"}},
        MaybeReference("source_contact_id", "contacts"),
        Optional("closed_at", kInstant),
        Optional("closure_reason", kCode),
        Optional("reopened_at", kInstant)},
       {"case_id"},
       {{"opened_at", "closed_at"}, {"closed_at", "reopened_at", true}},
       {{"reopened_at", "closed_at"}}},
      {"participants",
       {NeededReference("case_id", "cases"),
        Reference("person_id", "persons"),
        {"role",
         kChoice,
         true,
         {},
         {"client", "companion", "guardian", "parent", "alleged_perpetrator", "reporter"}}},
       {"case_id", "person_id"}},
      {"consents",
       {Reference("person_id", "persons"), Required("purposes", kCodes),
        Required("given_by", kCode), Required("given_at", kInstant),
        Optional("withdrawn_at", kInstant)},
       {"person_id", "given_at"},
       {{"given_at", "withdrawn_at"}}},
  };
}

std::vector<Table> CaseworkTables() {
  return {
      {"services",
       {Id("service_id"),
        Reference("case_id", "cases"),
        Required("kind", kCode),
        Required("delivered_at", kInstant),
        Optional("minutes", kNumber),
        {"beneficiary_person_ids", kReferences, true, "persons"},
        MaybeReference("provider_agency_id", "agencies"),
        Optional("note", kText)},
       {"service_id"}},
      {"therapy_episodes",
       {Id("episode_id"), Reference("case_id", "cases"), Reference("person_id", "persons"),
        Required("screened_at", kInstant), Optional("enrolled_at", kInstant),
        Optional("ended_at", kInstant), Optional("end_reason", kCode)},
       {"episode_id"},
       {{"screened_at", "enrolled_at"}, {"screened_at", "ended_at"}, {"enrolled_at", "ended_at"}}},
      {"therapy_sessions",
       {Id("session_id"), NeededReference("episode_id", "therapy_episodes"),
        Required("held_at", kInstant), Optional("minutes", kNumber)},
       {"session_id"}},
      {"emergencies",
       {Id("emergency_id"), Reference("case_id", "cases"), Reference("person_id", "persons"),
        Required("kind", kCode), Optional("trafficking_status", kCode),
        Required("started_at", kInstant), Optional("ended_at", kInstant), Unit("place_unit_code")},
       {"emergency_id"},
       {{"started_at", "ended_at"}}},
      {"referrals",
       {Id("referral_id"),
        Reference("case_id", "cases"),
        Reference("person_id", "persons"),
        Reference("from_agency_id", "agencies"),
        Reference("to_agency_id", "agencies"),
        Required("service", kCode),
        Required("sent_at", kInstant),
        {"response", kChoice, false, {}, {"accepted", "declined"}},
        Optional("responded_at", kInstant),
        Optional("completed_at", kInstant),
        Optional("reason", kCode)},
       {"referral_id"},
       {{"sent_at", "responded_at"}, {"sent_at", "completed_at"}, {"responded_at", "completed_at"}},
       {{"response", "responded_at"}, {"responded_at", "response"}}},
      {"shelter_stays",
       {Id("stay_id"),
        Reference("case_id", "cases"),
        Reference("person_id", "persons"),
        Reference("shelter_id", "shelters"),
        Required("requested_at", kInstant),
        Optional("admitted_at", kInstant),
        Optional("discharged_at", kInstant),
        Optional("destination", kCode),
        {"companion_person_ids", kReferences, false, "persons"}},
       {"stay_id"},
       {{"requested_at", "admitted_at"}, {"admitted_at", "discharged_at"}},
       {{"discharged_at", "admitted_at"}}},
  };
}

std::vector<Table> AllTables() {
  std::vector<Table> all;
  for (auto part : {DirectoryTables(), IntakeTables(), CaseworkTables()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

}  // namespace

int Table::Find(std::string_view column) const {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].name == column) return static_cast<int>(i);
  }
  return -1;
}

const std::vector<Table>& Tables() {
  static const std::vector<Table>& tables = *new std::vector<Table>(AllTables());
  return tables;
}

const Table& CorrectionsTable() {
  static const Table& table = *new Table{
      "corrections",
      {Id("correction_id"), Id("table"), Required("record_id", kText), Optional("field", kText),
       Optional("new_value", kText), Required("corrected_at", kInstant), Required("reason", kText)},
      {"correction_id"}};
  return table;
}

const Table* FindTable(std::string_view name) {
  for (const Table& table : Tables()) {
    if (table.name == name) return &table;
  }
  return nullptr;
}

}  // namespace caseledger::cli
