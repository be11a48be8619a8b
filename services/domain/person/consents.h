// Consents of a person: how one begins, when it is in force, what giving and withdrawing one means.
// ConsentInForce, for others, is in person.h.
#pragma once

#include "absl/status/statusor.h"
#include "services/domain/context.h"
#include "services/domain/event.h"
#include "services/domain/person/person.h"

namespace caseledger::domain {

// The consent that a ConsentGiven makes. `state` is that of just before it.
PersonState::Consent ConsentOf(const PersonState& state, const DomainEvent& event);

// `fact` is a ConsentGiven.
absl::StatusOr<Decided> DecideConsent(const PersonState& state, const Fact& fact,
                                      const Context& context);

}  // namespace caseledger::domain
