#include "projections/person_search/person_facts.h"

#include <string>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/sealing/sealed_fact.h"

namespace caseledger::projections::person_search {
namespace {

using event::v1::Fact;

event::v1::SealState StateOf(const Fact& stated) {
  return HoldsNumber(stated) ? stated.identifier_attached().private_part().sealed().state()
                             : AttributesOf(stated).private_part().sealed().state();
}

}  // namespace

const Fact& StatedBy(const Fact& fact) {
  return fact.has_fact_corrected() ? fact.fact_corrected().replacement() : fact;
}

bool HoldsAttributes(const Fact& stated) {
  return stated.has_person_registered() || stated.has_person_amended();
}

bool HoldsNumber(const Fact& stated) { return stated.has_identifier_attached(); }

const event::v1::PersonAttributes& AttributesOf(const Fact& stated) {
  return stated.has_person_registered() ? stated.person_registered().attributes()
                                        : stated.person_amended().attributes();
}

absl::StatusOr<Fact> OpenStated(std::string_view ledger, const eventstore::RecordedEvent& event,
                                eventstore::DataKeys& keys) {
  ASSIGN_OR_RETURN(const std::string opened, eventstore::OpenFact(ledger, event, keys));
  Fact fact;
  if (!fact.ParseFromString(opened)) {
    return absl::DataLossError(StrCat("DATA_LOSS: the fact at position ", event.position,
                                      " cannot be read; verify the log"));
  }
  Fact stated = StatedBy(fact);
  if (StateOf(stated) != event::v1::SEAL_STATE_UNAVAILABLE) return stated;
  return absl::UnavailableError(
      "VAULT_UNAVAILABLE: the vault with the keys cannot be asked, so nobody can be searched for; "
      "whoever runs the server can put it back and start it again");
}

void AddText(const Fact& stated, PersonText& text) {
  if (HoldsNumber(stated)) {
    text.identity_numbers.push_back(stated.identifier_attached().private_part().number());
    return;
  }
  const event::v1::PersonAttributes::Private& known = AttributesOf(stated).private_part();
  text.names.push_back(known.full_name());
  text.names.insert(text.names.end(), known.aliases().begin(), known.aliases().end());
  text.phone = known.phone();
}

}  // namespace caseledger::projections::person_search
