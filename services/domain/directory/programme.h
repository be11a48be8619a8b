// A prevention programme, or one outreach event.
//
// Invariants
//  1. The record begins with ProgrammeRecorded or OutreachHeld, once.
//  2. A programme runs until after it begins, and is ended at most once, not before it begins.
//  3. An outreach event takes no other facts.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/domain/context.h"
#include "services/domain/event.h"

namespace caseledger::domain {

struct ProgrammeState {
  static constexpr uint32_t kVersion = 2;

  enum class Kind : uint8_t { kNone, kProgramme, kOutreach };

  Kind kind = Kind::kNone;
  std::string registered_by;  // agency
  Micros valid_from = 0;
  bool ended = false;

  // Whether the record was begun, and its beginning was not voided.
  bool Exists() const { return kind != Kind::kNone; }

  void Apply(const DomainEvent& event);
  absl::Status Check(const DomainEvent& event) const;

  template <typename Archive>
  void Fields(Archive& archive) {
    archive(kind, registered_by, valid_from, ended);
  }
};

// Pure: same arguments, same answer. The caller runs Check beside it.
absl::StatusOr<Decided> DecideProgramme(const ProgrammeState& state, const Fact& fact,
                                        const Context& context);

}  // namespace caseledger::domain
