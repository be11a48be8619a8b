// A definition loaded from a file: a report (`report/NAME`), an agency's deadlines
// (`deadlines/AGENCY`), how long it keeps closed cases (`retention/AGENCY`), or who may do what
// (`access-rules`). The text in force is the newest in time.
//
// Invariants
//  1. A text that is in force is not loaded again.
//  2. A changed report definition, and changed access rules, have a higher version than the one
//     before in time, so that `NAME@VERSION` names one text for good.
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
  uint32_t version = 0;  // of a report definition or access rules
  std::string text;      // the whole file

  // Whether the record was begun, and its beginning was not voided.
  bool Exists() const { return loaded; }

  void Apply(const DomainEvent& event);
  absl::Status Check(const DomainEvent& event) const;
  // Whether a text of that version may follow the one in force.
  absl::Status CheckSuccessor(const std::string& new_text, uint32_t new_version) const;

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
