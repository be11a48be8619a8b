// A case's row, computed from its effective facts.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "projections/case_list/case_list.h"
#include "projections/effective/fact_groups.h"

namespace caseledger::projections {

// Whether the list needs the fact.
bool MattersToCaseList(const event::v1::Fact& fact);

// The row without case id and revision; nullopt when no fact opens the case. Pure.
std::optional<CaseRow> FoldCase(const std::vector<EffectiveFact>& in_order);

}  // namespace caseledger::projections
