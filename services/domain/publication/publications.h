// What a ledger published. Invariants in README.md.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/domain/context.h"
#include "services/domain/event.h"

namespace caseledger::domain {

// Name of the record.
inline constexpr char kPublicationsName[] = "reports";

struct PublicationsState {
  static constexpr uint32_t kVersion = 1;

  uint32_t count = 0;
  std::map<std::string, uint32_t> newest;  // of each report and period, its number

  bool Exists() const { return count > 0; }

  // Number of the newest publication of the same report and period; 0: there is none.
  uint32_t NewestLike(const event::v1::ReportPublished& published) const;

  void Apply(const DomainEvent& event);
  absl::Status Check(const DomainEvent& event) const;

  template <typename Archive>
  void Fields(Archive& archive) {
    archive(count, newest);
  }
};

// Pure: same arguments, same answer. The caller runs Check on the fact as completed here, and has
// set everything but `restates`.
absl::StatusOr<Decided> DecidePublication(const PublicationsState& state, const Fact& fact,
                                          const Context& context);

}  // namespace caseledger::domain
