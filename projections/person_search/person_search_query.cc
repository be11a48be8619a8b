#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "projections/person_search/layout.h"
#include "projections/person_search/person_facts.h"
#include "projections/person_search/person_search.h"
#include "projections/read_model/row_codec.h"

namespace caseledger::projections::person_search {
namespace {

// Of one survivor into the next; a longer chain names the last one looked at.
constexpr int kMostMerges = 16;

// Sorted.
using Persons = std::vector<Uuid>;

// Who holds which token; each is read once for a question, whose alternatives share most.
class Holders {
 public:
  Holders(const ReadSnapshot& snapshot, size_t most) : snapshot_(snapshot), most_(most) {}

  absl::StatusOr<Persons> OfAll(const BlindTokens& tokens) {
    Persons all;
    for (size_t i = 0; i < tokens.size() && (i == 0 || !all.empty()); ++i) {
      ASSIGN_OR_RETURN(const Persons* holders, Of(tokens[i]));
      if (i == 0) {
        all = *holders;
        continue;
      }
      Persons both;
      std::set_intersection(all.begin(), all.end(), holders->begin(), holders->end(),
                            std::back_inserter(both));
      all = std::move(both);
    }
    return all;
  }
  // Some token has more.
  bool more() const { return more_; }

 private:
  absl::StatusOr<const Persons*> Of(const BlindToken& token) {
    if (const auto known = known_.find(token); known != known_.end()) return &known->second;
    const std::string prefix = TokenPrefix(token);
    Persons holders;
    bool damaged = false;
    RETURN_IF_ERROR(snapshot_.Scan(prefix, EndOfPrefix(prefix),
                                   [&](std::string_view key, std::string_view /*value*/) {
                                     more_ = more_ || holders.size() == most_;
                                     if (holders.size() == most_) return false;
                                     KeyReader reader(key.substr(prefix.size()));
                                     holders.push_back(reader.Id());
                                     damaged = damaged || !reader.Finished();
                                     return !damaged;
                                   }));
    if (damaged) return absl::DataLossError("a read model row is damaged: rebuild it");
    return &known_.emplace(token, std::move(holders)).first->second;
  }

  const ReadSnapshot& snapshot_;
  const size_t most_;
  std::map<BlindToken, Persons> known_;
  bool more_ = false;
};

absl::StatusOr<std::optional<PersonRow>> RowOf(const ReadSnapshot& snapshot, const Uuid& person) {
  ASSIGN_OR_RETURN(const std::optional<std::string> stored, snapshot.Get(PersonKey(person)));
  if (!stored.has_value()) return std::optional<PersonRow>();
  ASSIGN_OR_RETURN(PersonRow row, DecodeRow<PersonRow>(*stored));
  return std::optional<PersonRow>(std::move(row));
}

absl::StatusOr<Uuid> SurvivorOf(const ReadSnapshot& snapshot, Uuid next) {
  Uuid survivor;
  for (int i = 0; i < kMostMerges && !next.is_nil(); ++i) {
    survivor = next;
    ASSIGN_OR_RETURN(const std::optional<PersonRow> row, RowOf(snapshot, survivor));
    next = row.has_value() ? row->merged_into : Uuid();
  }
  return survivor;
}

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
    ASSIGN_OR_RETURN(const Uuid survivor, SurvivorOf(snapshot, row->merged_into));
    found.persons.push_back({person, row->names_at, row->identifiers_at, survivor});
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
