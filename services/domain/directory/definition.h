// A definition loaded from a file: a report (`report/NAME`) or an agency's deadlines
// (`deadlines/AGENCY`). The text in force is the newest in time.
//
// Invariants
//  1. A text that is in force is not loaded again.
//  2. A changed report definition has a higher version than the one before it in time, so that
//     `NAME@VERSION` names one text for good.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/domain/context.h"
#include "services/domain/event.h"

namespace caseledger::domain {

struct DefinitionState {
  static constexpr uint32_t kVersion = 1;

  bool loaded = false;
  uint32_t version = 0;  // of a report definition
  std::string text;      // the whole file

  // Whether the record was begun, and its beginning was not voided.
  bool Exists() const { return loaded; }

  void Apply(const DomainEvent& event);
  absl::Status Check(const DomainEvent& event) const;

  template <typename Archive>
  void Fields(Archive& archive) {
    archive(loaded, version, text);
  }
};

// Pure: same arguments, same answer. The caller has parsed and validated the text and set the
// version it states; it runs Check on the fact as completed here.
absl::StatusOr<Decided> DecideDefinition(const DefinitionState& state, const Fact& fact,
                                         const Context& context);

}  // namespace caseledger::domain
