// What of a fact may be kept in a read model.
#pragma once

#include "caseledger/event/v1/fact.pb.h"

namespace caseledger::projections {

// The fact without anything that has a key of its own (the option `sealed_by`), at any depth, and
// without fields that this program does not know.
event::v1::Fact OpenPartOf(const event::v1::Fact& fact);

}  // namespace caseledger::projections
