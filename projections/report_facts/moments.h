// Values of when a fact counts, how late it was told, and how long a span lasted.
#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "projections/report_facts/catalogue.h"
#include "projections/report_facts/records.h"

namespace caseledger::projections {

// The value at a special path of the scopes kMoment and kSpan, and the delay of kEvent; empty when
// it is not known. Hours and days are whole ones, rounded down; a fact that was recorded before it
// occurred, by a wrong clock, was told after 0 days.
std::vector<std::string> MomentValues(FieldPath::Special special, const Subject& subject,
                                      const absl::TimeZone& zone);

}  // namespace caseledger::projections
