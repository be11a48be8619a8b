// What of a case decides how long it is kept, computed from its effective facts.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "eventstore/base/clock.h"
#include "eventstore/base/uuid.h"
#include "projections/effective/fact_groups.h"

namespace caseledger::projections {

struct KeptCase {
  std::string case_type;
  std::string owner_agency_id;
  std::optional<Micros> closed_at;    // last, while it is closed
  std::vector<std::string> hold_ids;  // in force, sorted
  std::vector<Uuid> persons;          // participants, former ones too, sorted
  std::optional<Micros> due_at;       // when its rule ceases to keep it; not known to the fold
  std::string rule_id;                // by which; not known to the fold

  template <typename Archive>
  void Fields(Archive& archive) {
    archive(case_type, owner_agency_id, closed_at, hold_ids, persons, due_at, rule_id);
  }
};

// Whether the list needs the fact.
bool MattersToRetention(const event::v1::Fact& fact);

// Nullopt when no fact opens the case. Pure.
std::optional<KeptCase> FoldKeptCase(const std::vector<EffectiveFact>& in_order);

}  // namespace caseledger::projections
