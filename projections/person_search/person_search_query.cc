#include <algorithm>
#include <iterator>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "projections/person_search/holders.h"
#include "projections/person_search/person_facts.h"
#include "projections/person_search/person_search.h"

namespace caseledger::projections::person_search {
namespace {

absl::StatusOr<eventstore::RecordedEvent> EventAt(const eventstore::EventLog& log,
                                                  uint64_t position) {
  ASSIGN_OR_RETURN(std::vector<eventstore::RecordedEvent> events, log.ReadLedger(position, 1));
  if (!events.empty()) return std::move(events.front());
  return absl::DataLossError(
      StrCat("DATA_LOSS: there is no event at position ", position, "; verify the log"));
}

}  // namespace

absl::StatusOr<Candidates> FindCandidates(const ReadSnapshot& snapshot,
                                          const std::vector<BlindTokens>& alternatives,
                                          const CandidateLimits& limits) {
  Candidates found;
  found.reflected_events = snapshot.applied_events();
  Holders holders_of(snapshot, limits.holders);
  Persons all;
  for (const BlindTokens& tokens : alternatives) {
    ASSIGN_OR_RETURN(const Persons holders, holders_of.OfAll(tokens));
    Persons either;
    std::set_union(all.begin(), all.end(), holders.begin(), holders.end(),
                   std::back_inserter(either));
    all = std::move(either);
  }
  found.more = holders_of.more() || all.size() > limits.candidates;
  if (all.size() > limits.candidates) all.resize(limits.candidates);
  for (const Uuid& person : all) {
    ASSIGN_OR_RETURN(const std::optional<PersonRow> row, RowOf(snapshot, person));
    if (!row.has_value()) {
      return absl::DataLossError("a person's tokens have no row: rebuild the read model");
    }
    ASSIGN_OR_RETURN(Candidate candidate, CandidateOf(snapshot, person, *row));
    found.persons.push_back(std::move(candidate));
  }
  return found;
}

absl::StatusOr<OpenedPerson> Open(const Candidate& candidate, const eventstore::EventLog& log,
                                  std::string_view ledger, eventstore::DataKeys& keys,
                                  bool numbers) {
  std::vector<uint64_t> positions;
  if (numbers) positions = candidate.identifiers_at;
  if (candidate.names_at.has_value()) positions.push_back(*candidate.names_at);
  OpenedPerson person;
  for (const uint64_t position : positions) {
    ASSIGN_OR_RETURN(const eventstore::RecordedEvent event, EventAt(log, position));
    ASSIGN_OR_RETURN(const event::v1::Fact stated, OpenStated(ledger, event, keys));
    AddText(stated, person.text);
    if (!HoldsAttributes(stated)) continue;
    person.sex = AttributesOf(stated).sex();
    person.birth_year = AttributesOf(stated).birth_year();
  }
  return person;
}

}  // namespace caseledger::projections::person_search
