// How facts of older schema versions become today's, on read. Stored bytes and leaf hashes stay as
// they were written.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/event.h"

namespace caseledger::eventstore {

// Fill it at start, then only read it: reading is thread-safe, Add is not.
class FactUpgrades {
 public:
  // Serialised fact of one version -> of the next version. Pure.
  using Upgrade = std::function<absl::StatusOr<std::string>(std::string_view fact)>;

  // `upgrade` turns facts of `fact_type` from `from_version` into `from_version + 1`.
  // ALREADY_EXISTS when that step is known.
  absl::Status Add(uint32_t fact_type, uint32_t from_version, Upgrade upgrade);

  // Takes every step there is for the event's fact, one version at a time. Fails as the step fails.
  absl::Status Apply(RecordedEvent& event) const;

 private:
  absl::flat_hash_map<std::pair<uint32_t, uint32_t>, Upgrade> steps_;
};

}  // namespace caseledger::eventstore
