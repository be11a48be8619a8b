// Which facts of other records were allowed because of what this record said, so that a correction
// takes the ground from under none of them.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "eventstore/log.h"
#include "services/commands/aggregates.h"
#include "services/domain/event.h"

namespace caseledger::commands {

// Whether decisions on other records look at facts of this type. Withdrawals, exclusions and
// retirements are left out on purpose: they can be put right, whatever was done meanwhile. What a
// withdrawal had ended is looked at by CheckConsentsCarry.
bool OthersMayRestOn(const domain::Fact& fact);

// LATER_FACT_WOULD_BREAK, naming them, when facts in force of other records could happen while the
// record's effective facts were `before`, and with `after` could not or would rest on something
// else, such as another consent. Facts that imports flagged instead of refusing never break. Reads
// the histories of records that ever named this one, at most 1,000; with more it refuses.
absl::Status CheckOthersStand(eventstore::LedgerView& view, Aggregates& aggregates,
                              const eventstore::StreamId& record,
                              const std::vector<domain::DomainEvent>& before,
                              const std::vector<domain::DomainEvent>& after);

// LATER_FACT_WOULD_BREAK, naming them, when referrals that a withdrawal had ended (`ends`: their
// ReferralConsentLost; with a time, a withdrawal ends them again from then on) would be in force
// again, with the person's effective facts `after`, on a consent that does not carry them any more:
// it may have been corrected since.
absl::Status CheckConsentsCarry(eventstore::LedgerView& view, Aggregates& aggregates,
                                const eventstore::StreamId& person,
                                const std::vector<domain::DomainEvent>& after,
                                const std::vector<domain::ProposedFact>& ends);

}  // namespace caseledger::commands
