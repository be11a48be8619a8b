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

// `fact` is a ConsentWithdrawn. It ends the referrals that name the consent as their ground, and
// those that name the other half of it, which is in force no more without it. That another consent
// would cover the receiver keeps none: nobody asked under that one, and whoever takes a consent
// back is not to be told that it goes on under another. The agency can be asked again. A referral
// that went on before a late withdrawal was learned ends at its last step, so that what happened
// stays possible.
absl::StatusOr<Decided> DecideWithdrawal(const PersonState& state, const Fact& fact,
                                         const Context& context);

}  // namespace caseledger::domain
