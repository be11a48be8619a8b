// What the facts of a person say that the person is found by.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "caseledger/event/v1/fact.pb.h"
#include "eventstore/event.h"
#include "eventstore/sealing/data_keys.h"
#include "projections/person_search/text/person_text.h"

namespace caseledger::projections::person_search {

// What the event states: the replacement of a correction, else the fact itself.
const event::v1::Fact& StatedBy(const event::v1::Fact& fact);

// Whether the fact holds attributes, which replace those before, or a document number.
bool HoldsAttributes(const event::v1::Fact& stated);
bool HoldsNumber(const event::v1::Fact& stated);

const event::v1::PersonAttributes& AttributesOf(const event::v1::Fact& stated);

// What the event states, opened. Parts that were erased, or whose keys are lost, are empty.
// UNAVAILABLE  VAULT_UNAVAILABLE: the vault cannot be asked
// DATA_LOSS    the fact cannot be read
absl::StatusOr<event::v1::Fact> OpenStated(std::string_view ledger,
                                           const eventstore::RecordedEvent& event,
                                           eventstore::DataKeys& keys);

// Adds the texts of an opened fact.
void AddText(const event::v1::Fact& stated, PersonText& text);

}  // namespace caseledger::projections::person_search
