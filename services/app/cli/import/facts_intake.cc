// Facts of contacts, persons and their consents.
#include <algorithm>

#include "services/app/cli/import/fact_list.h"
#include "services/app/cli/import/validate.h"
#include "services/app/cli/text/phone.h"
#include "services/app/cli/text/time_text.h"

namespace caseledger::cli {
namespace {

event::v1::ContactOutcome OutcomeOf(const std::string& text) {
  using namespace event::v1;  // NOLINT: the enumerators
  if (text == "counselled") return CONTACT_OUTCOME_COUNSELLED;
  if (text == "information_only") return CONTACT_OUTCOME_INFORMATION_ONLY;
  if (text == "silent") return CONTACT_OUTCOME_SILENT;
  if (text == "prank") return CONTACT_OUTCOME_PRANK;
  if (text == "dropped") return CONTACT_OUTCOME_DROPPED;
  if (text == "wrong_number") return CONTACT_OUTCOME_WRONG_NUMBER;
  if (text == "abusive") return CONTACT_OUTCOME_ABUSIVE;
  return CONTACT_OUTCOME_UNSPECIFIED;
}

// The files say `none` for someone without papers.
std::string DocumentStatusOf(const std::string& documents) {
  return documents == "none" ? "undocumented" : documents;
}

void FillAttributes(const FactList& facts, event::v1::PersonAttributes& person) {
  const Row& row = facts.row;
  person.set_sex(row.Get("sex"));
  if (row.Has("birth")) {
    person.set_birth_year(static_cast<uint32_t>(std::stoul(row.Get("birth").substr(0, 4))));
  }
  person.set_document_status(DocumentStatusOf(row.Get("documents")));
  person.set_school_status(row.Get("school"));
  if (row.Has("unit_code")) *person.mutable_unit() = facts.context.Unit(row.Get("unit_code"));
  auto& personal = *person.mutable_private_part();
  personal.set_full_name(row.Get("full_name"));
  personal.set_birth_date(row.Get("birth"));
  personal.set_phone(NormalizePhone(row.Get("phone")));
}

// The key of the consent within its person: who gave it when, in UTC.
std::string ConsentKey(const Row& row) {
  return row.Get("person_id") + "/" + FormatUtc(*row.GetTime("given_at"));
}

}  // namespace

void MapContact(FactList& facts) {
  const Row& row = facts.row;
  const std::string& id = row.Get("contact_id");
  const Micros started_at = *row.GetTime("started_at");
  {
    PlannedFact& planned = facts.AddToContact(id, started_at, Rank::kContact);
    auto& received = *planned.fact.mutable_contact_received();
    facts.SetExternalRef(id, *received.mutable_external_ref());
    received.set_channel(row.Get("channel"));
    received.set_line(row.Get("line"));
    received.set_caller_role(row.Get("caller_role"));
    if (row.Has("unit_code")) *received.mutable_unit() = facts.context.Unit(row.Get("unit_code"));
    received.set_operator_id(row.Get("operator"));
  }
  // At the start, whether the contact has ended or not: a row that gains its end later must not
  // move this fact.
  if (row.Has("main_topic")) {
    facts.AddToContact(id, started_at, Rank::kRest)
        .fact.mutable_contact_classified()
        ->set_main_topic(row.Get("main_topic"));
  }
  if (HasGoodCase(facts.context.dataset(), row)) {
    const Micros linked_at = std::max(started_at, facts.context.CaseOpened(row.Get("case_id")));
    facts.AddToContact(id, linked_at, Rank::kRest)
        .fact.mutable_contact_linked_to_case()
        ->set_case_id(facts.CaseId(row.Get("case_id")));
  }
  if (const auto ended_at = row.GetTime("ended_at")) {
    facts.AddToContact(id, *ended_at, Rank::kEnding)
        .fact.mutable_contact_ended()
        ->set_outcome(OutcomeOf(row.Get("outcome")));
  }
}

void MapPerson(FactList& facts) {
  const std::string& id = facts.row.Get("person_id");
  PlannedFact& planned = facts.AddToPerson(id, facts.context.FirstSeen(id), Rank::kPerson);
  planned.precision = event::v1::TIME_PRECISION_UNKNOWN;
  auto& registered = *planned.fact.mutable_person_registered();
  facts.SetExternalRef(id, *registered.mutable_external_ref());
  FillAttributes(facts, *registered.mutable_attributes());
}

void MapConsent(FactList& facts) {
  const Row& row = facts.row;
  const std::string& person_id = row.Get("person_id");
  auto& given = *facts.AddToPerson(person_id, *row.GetTime("given_at"), Rank::kConsent)
                     .fact.mutable_consent_given();
  given.set_consent_id(ConsentKey(row));
  for (const std::string& purpose : row.GetList("purposes")) given.add_purposes(purpose);
  given.set_given_by(row.Get("given_by"));
  if (const auto withdrawn_at = row.GetTime("withdrawn_at")) {
    facts.AddToPerson(person_id, *withdrawn_at, Rank::kEnding)
        .fact.mutable_consent_withdrawn()
        ->set_consent_id(ConsentKey(row));
  }
}

}  // namespace caseledger::cli
