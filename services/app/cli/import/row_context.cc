#include <algorithm>

#include "services/app/cli/import/row_facts.h"

namespace caseledger::cli {
namespace {

options::v1::RecordKind KindOfTable(std::string_view table) {
  if (table == "contacts") return options::v1::RECORD_KIND_CONTACT;
  if (table == "persons") return options::v1::RECORD_KIND_PERSON;
  if (table == "cases") return options::v1::RECORD_KIND_CASE_RECORD;
  if (table == "shelters") return options::v1::RECORD_KIND_SHELTER;
  return options::v1::RECORD_KIND_PROGRAMME;
}

}  // namespace

RowContext::RowContext(const Dataset& dataset, ImportIds ids, std::string on_behalf_of)
    : dataset_(&dataset), ids_(std::move(ids)), on_behalf_of_(std::move(on_behalf_of)) {
  for (const Row& row : dataset.Get("admin_units").rows) {
    const auto [entry, inserted] = unit_versions_.emplace(row.Get("code"), row.Get("version"));
    if (!inserted && entry->second != row.Get("version")) entry->second.clear();
  }
  NotePersons();
}

void RowContext::NotePerson(std::string_view person_id, std::optional<Micros> time) {
  if (person_id.empty() || !time) return;
  const auto [entry, inserted] = first_seen_.emplace(person_id, *time);
  if (!inserted) entry->second = std::min(entry->second, *time);
}

void RowContext::NotePersons() {
  for (const Row& row : dataset_->Get("participants").rows) {
    const Row* opened = dataset_->Get("cases").FindById(row.Get("case_id"));
    if (opened != nullptr) NotePerson(row.Get("person_id"), opened->GetTime("opened_at"));
  }
  for (const Row& row : dataset_->Get("services").rows) {
    for (const std::string& id : row.GetList("beneficiary_person_ids")) {
      NotePerson(id, row.GetTime("delivered_at"));
    }
  }
  for (const Row& row : dataset_->Get("shelter_stays").rows) {
    NotePerson(row.Get("person_id"), row.GetTime("requested_at"));
    for (const std::string& id : row.GetList("companion_person_ids")) {
      NotePerson(id, row.GetTime("requested_at"));
    }
  }
  constexpr std::pair<std::string_view, std::string_view> kTimes[] = {
      {"consents", "given_at"},
      {"therapy_episodes", "screened_at"},
      {"emergencies", "started_at"},
      {"referrals", "sent_at"}};
  for (const auto& [table, column] : kTimes) {
    for (const Row& row : dataset_->Get(table).rows) {
      NotePerson(row.Get("person_id"), row.GetTime(column));
    }
  }
}

std::string RowContext::RecordId(std::string_view table, std::string_view id) const {
  return ids_.Record(KindOfTable(table), id);
}

Micros RowContext::CaseOpened(std::string_view case_id) const {
  const Row* row = dataset_->Get("cases").FindById(case_id);
  return row == nullptr ? kDirectoryTime : row->GetTime("opened_at").value_or(kDirectoryTime);
}

Micros RowContext::FirstSeen(std::string_view person_id) const {
  const auto found = first_seen_.find(person_id);
  return found == first_seen_.end() ? kDirectoryTime : found->second;
}

event::v1::UnitRef RowContext::Unit(std::string_view code) const {
  event::v1::UnitRef unit;
  unit.set_code(std::string(code));
  const auto found = unit_versions_.find(code);
  if (found != unit_versions_.end()) unit.set_version(found->second);
  return unit;
}

size_t RowContext::UnitLevel(std::string_view code) const {
  constexpr size_t kDeepest = 8;  // also the way out of a circle
  size_t level = 0;
  const Row* row = dataset_->Get("admin_units").FindById(code);
  while (row != nullptr && row->Has("parent_code") && level < kDeepest) {
    row = dataset_->Get("admin_units").FindById(row->Get("parent_code"));
    ++level;
  }
  return level;
}

}  // namespace caseledger::cli
