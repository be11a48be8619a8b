#include "services/app/cli/import/row_facts.h"

#include <algorithm>
#include <utility>

#include "services/app/cli/import/fact_list.h"

namespace caseledger::cli {
namespace {

using MapRow = void (*)(FactList&);

MapRow MapperOf(std::string_view table) {
  static constexpr std::pair<std::string_view, MapRow> kMappers[] = {
      {"admin_units", MapAdminUnit},
      {"unit_predecessors", MapUnitPredecessor},
      {"agencies", MapAgency},
      {"shelters", MapShelter},
      {"programmes", MapProgramme},
      {"outreach", MapOutreach},
      {"contacts", MapContact},
      {"persons", MapPerson},
      {"consents", MapConsent},
      {"cases", MapCase},
      {"participants", MapParticipant},
      {"services", MapService},
      {"therapy_episodes", MapTherapyEpisode},
      {"therapy_sessions", MapTherapySession},
      {"emergencies", MapEmergency},
      {"referrals", MapReferral},
      {"shelter_stays", MapShelterStay},
  };
  for (const auto& [name, mapper] : kMappers) {
    if (name == table) return mapper;
  }
  return nullptr;
}

size_t IndexOf(const Table& table) { return static_cast<size_t>(&table - Tables().data()); }

}  // namespace

PlannedFact& FactList::Add(options::v1::RecordKind kind, std::string record_id, Micros occurred_at,
                           Rank rank) {
  PlannedFact& planned = facts_.emplace_back();
  planned.file = row.FileName();
  planned.at = row.at;
  planned.row_key = row.key;
  planned.record_kind = kind;
  planned.record_id = std::move(record_id);
  planned.occurred_at = occurred_at;
  planned.on_behalf_of = context.on_behalf_of();
  planned.rank = rank;
  planned.table_index = IndexOf(*row.table);
  planned.row_index = row_index_;
  planned.ordinal = facts_.size() - 1;
  return planned;
}

PlannedFact& FactList::AddToContact(std::string_view contact_id, Micros occurred_at, Rank rank) {
  return Add(options::v1::RECORD_KIND_CONTACT, context.RecordId("contacts", contact_id),
             occurred_at, rank);
}

PlannedFact& FactList::AddToPerson(std::string_view person_id, Micros occurred_at, Rank rank) {
  return Add(options::v1::RECORD_KIND_PERSON, PersonId(person_id), occurred_at, rank);
}

PlannedFact& FactList::AddToCase(std::string_view case_id, Micros occurred_at, Rank rank) {
  return Add(options::v1::RECORD_KIND_CASE_RECORD, CaseId(case_id), occurred_at, rank);
}

PlannedFact& FactList::AddToShelter(std::string_view shelter_id, Micros occurred_at, Rank rank) {
  return Add(options::v1::RECORD_KIND_SHELTER, context.RecordId("shelters", shelter_id),
             occurred_at, rank);
}

void FactList::SetExternalRef(std::string_view id, event::v1::ExternalRef& ref) const {
  ref.set_source(context.ids().source());
  ref.set_value(std::string(id));
}

std::vector<PlannedFact> FactList::Finish() && {
  for (PlannedFact& planned : facts_) {
    planned.request_id =
        context.ids().Request(planned.file, planned.row_key, FactName(planned.fact));
  }
  return std::move(facts_);
}

std::vector<PlannedFact> FactsOfRow(const RowContext& context, const Row& row, size_t row_index) {
  FactList facts(context, row, row_index);
  MapperOf(row.table->name)(facts);
  return std::move(facts).Finish();
}

std::vector<PlannedFact> FactsOfDataset(const RowContext& context) {
  std::vector<PlannedFact> all;
  for (const Table& table : Tables()) {
    const std::vector<Row>& rows = context.dataset().Get(table.name).rows;
    for (size_t i = 0; i < rows.size(); ++i) {
      if (!rows[i].good) continue;
      std::vector<PlannedFact> facts = FactsOfRow(context, rows[i], i);
      std::move(facts.begin(), facts.end(), std::back_inserter(all));
    }
  }
  std::sort(all.begin(), all.end(),
            [](const PlannedFact& a, const PlannedFact& b) { return a.Order() < b.Order(); });
  return all;
}

}  // namespace caseledger::cli
