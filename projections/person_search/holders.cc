#include "projections/person_search/holders.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "projections/read_model/row_codec.h"

namespace caseledger::projections::person_search {
namespace {

// Of one survivor into the next; a longer chain names the last one looked at.
constexpr int kMostMerges = 16;
// Ids that one question remembers: 16 MB.
constexpr size_t kMostRemembered = 1'000'000;

absl::StatusOr<Uuid> SurvivorOf(const ReadSnapshot& snapshot, Uuid next) {
  Uuid survivor;
  for (int i = 0; i < kMostMerges && !next.is_nil(); ++i) {
    survivor = next;
    ASSIGN_OR_RETURN(const std::optional<PersonRow> row, RowOf(snapshot, survivor));
    next = row.has_value() ? row->merged_into : Uuid();
  }
  return survivor;
}

}  // namespace

absl::StatusOr<const Holders::Of*> Holders::Find(const BlindToken& token) {
  if (const auto known = known_.find(token); known != known_.end()) return &known->second;
  if (remembered_ > kMostRemembered) {
    known_.clear();
    remembered_ = 0;
  }
  ASSIGN_OR_RETURN(Of holders, Read(token));
  remembered_ += holders.persons.size();
  return &known_.emplace(token, std::move(holders)).first->second;
}

absl::StatusOr<Holders::Of> Holders::Read(const BlindToken& token) const {
  const std::string prefix = TokenPrefix(token);
  Of holders;
  bool damaged = false;
  RETURN_IF_ERROR(snapshot_.Scan(prefix, EndOfPrefix(prefix),
                                 [&](std::string_view key, std::string_view /*value*/) {
                                   holders.more = holders.persons.size() == most_;
                                   if (holders.more) return false;
                                   KeyReader reader(key.substr(prefix.size()));
                                   holders.persons.push_back(reader.Id());
                                   damaged = damaged || !reader.Finished();
                                   return !damaged;
                                 }));
  if (damaged) return absl::DataLossError("a read model row is damaged: rebuild it");
  return holders;
}

absl::StatusOr<Persons> Holders::OfAll(const BlindTokens& tokens) {
  Persons all;
  for (size_t i = 0; i < tokens.size() && (i == 0 || !all.empty()); ++i) {
    ASSIGN_OR_RETURN(const Of* holders, Find(tokens[i]));
    more_ = more_ || holders->more;
    if (i == 0) {
      all = holders->persons;
      continue;
    }
    Persons both;
    std::set_intersection(all.begin(), all.end(), holders->persons.begin(), holders->persons.end(),
                          std::back_inserter(both));
    all = std::move(both);
  }
  return all;
}

absl::StatusOr<std::optional<PersonRow>> RowOf(const ReadSnapshot& snapshot, const Uuid& person) {
  ASSIGN_OR_RETURN(const std::optional<std::string> stored, snapshot.Get(PersonKey(person)));
  if (!stored.has_value()) return std::optional<PersonRow>();
  ASSIGN_OR_RETURN(PersonRow row, DecodeRow<PersonRow>(*stored));
  return std::optional<PersonRow>(std::move(row));
}

absl::StatusOr<Candidate> CandidateOf(const ReadSnapshot& snapshot, const Uuid& person,
                                      const PersonRow& row) {
  ASSIGN_OR_RETURN(const Uuid survivor, SurvivorOf(snapshot, row.merged_into));
  return Candidate{person, row.names_at, row.identifiers_at, survivor};
}

}  // namespace caseledger::projections::person_search
