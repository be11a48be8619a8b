#include "eventstore/codec/upgrades.h"

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"

namespace caseledger::eventstore {

absl::Status FactUpgrades::Add(uint32_t fact_type, uint32_t from_version, Upgrade upgrade) {
  if (!steps_.try_emplace(std::pair(fact_type, from_version), std::move(upgrade)).second) {
    return absl::AlreadyExistsError(
        StrCat("fact type ", fact_type, " has an upgrade from version ", from_version));
  }
  return absl::OkStatus();
}

absl::Status FactUpgrades::Apply(RecordedEvent& event) const {
  if (steps_.empty()) return absl::OkStatus();
  for (auto step = steps_.find({event.fact_type, event.schema_version}); step != steps_.end();
       step = steps_.find({event.fact_type, event.schema_version})) {
    ASSIGN_OR_RETURN(event.fact, step->second(event.fact));
    ++event.schema_version;
  }
  return absl::OkStatus();
}

}  // namespace caseledger::eventstore
