// What each row says, as facts. Pure: the same rows give the same facts.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "services/app/cli/import/dataset.h"
#include "services/app/cli/import/ids.h"
#include "services/app/cli/import/planned_fact.h"

namespace caseledger::cli {

// 2000-01-01 in the ledger's zone. Agencies, units and shelters have no time in their files. They
// are registered at this one, with precision unknown, so that a later import gives the same request
// however early its rows begin.
inline constexpr Micros kDirectoryTime = 946'659'600 * kMicrosPerSecond;

// What rows say about other rows. Taken from all rows, also wrong ones whose time can be read: a
// row that is put right later must not move other facts.
class RowContext {
 public:
  RowContext(const Dataset& dataset, ImportIds ids, std::string on_behalf_of);

  const Dataset& dataset() const { return *dataset_; }
  const ImportIds& ids() const { return ids_; }
  // For rows that name no agency.
  const std::string& on_behalf_of() const { return on_behalf_of_; }

  // UUID of the record that a row of `table` is.
  std::string RecordId(std::string_view table, std::string_view id) const;
  // When the case was opened; kDirectoryTime when its row is not part of the import.
  Micros CaseOpened(std::string_view case_id) const;
  // When another row first refers to the person; kDirectoryTime when none does.
  Micros FirstSeen(std::string_view person_id) const;
  // The unit with the version of the units' file; without one when the file has several.
  event::v1::UnitRef Unit(std::string_view code) const;
  // How many units are above the unit.
  size_t UnitLevel(std::string_view code) const;

 private:
  void NotePerson(std::string_view person_id, std::optional<Micros> time);
  void NotePersons();

  const Dataset* dataset_;
  ImportIds ids_;
  std::string on_behalf_of_;
  std::map<std::string, Micros, std::less<>> first_seen_;
  std::map<std::string, std::string, std::less<>> unit_versions_;
};

// The facts of one good row, in the order in which they happened.
std::vector<PlannedFact> FactsOfRow(const RowContext& context, const Row& row, size_t row_index);

// The facts of all good rows, in the order in which they are sent.
std::vector<PlannedFact> FactsOfDataset(const RowContext& context);

}  // namespace caseledger::cli
