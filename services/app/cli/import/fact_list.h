// Collects the facts of one row. Only for the files that map rows to facts.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "services/app/cli/import/row_facts.h"

namespace caseledger::cli {

class FactList {
 public:
  FactList(const RowContext& row_context, const Row& of_row, size_t row_index)
      : context(row_context), row(of_row), row_index_(row_index) {}

  const RowContext& context;
  const Row& row;

  // Adds a fact about the record; the caller fills in what it says.
  PlannedFact& Add(options::v1::RecordKind kind, std::string record_id, Micros occurred_at,
                   Rank rank);

  // The same for a record of another table.
  PlannedFact& AddToContact(std::string_view contact_id, Micros occurred_at, Rank rank);
  PlannedFact& AddToPerson(std::string_view person_id, Micros occurred_at, Rank rank);
  PlannedFact& AddToCase(std::string_view case_id, Micros occurred_at, Rank rank);
  PlannedFact& AddToShelter(std::string_view shelter_id, Micros occurred_at, Rank rank);

  std::string PersonId(std::string_view id) const { return context.RecordId("persons", id); }
  std::string CaseId(std::string_view id) const { return context.RecordId("cases", id); }

  // What the other system calls the record.
  void SetExternalRef(std::string_view id, event::v1::ExternalRef& ref) const;

  // Names the requests, which needs the facts' kinds, and hands the facts over.
  std::vector<PlannedFact> Finish() &&;

 private:
  size_t row_index_;
  std::vector<PlannedFact> facts_;
};

// The rows of one table each.
void MapAdminUnit(FactList& facts);
void MapUnitPredecessor(FactList& facts);
void MapAgency(FactList& facts);
void MapShelter(FactList& facts);
void MapProgramme(FactList& facts);
void MapOutreach(FactList& facts);
void MapContact(FactList& facts);
void MapPerson(FactList& facts);
void MapConsent(FactList& facts);
void MapCase(FactList& facts);
void MapParticipant(FactList& facts);
void MapService(FactList& facts);
void MapTherapyEpisode(FactList& facts);
void MapTherapySession(FactList& facts);
void MapEmergency(FactList& facts);
void MapReferral(FactList& facts);
void MapShelterStay(FactList& facts);

// A code the fact needs but the file does not give: `unknown`, which the server flags.
inline std::string CodeOrUnknown(const std::string& code) {
  return code.empty() ? "unknown" : code;
}

}  // namespace caseledger::cli
