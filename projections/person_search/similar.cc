#include "projections/person_search/similar.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "eventstore/base/status_macros.h"

namespace caseledger::projections::person_search {
namespace {

struct Shared {
  double bits = 0;
  size_t tokens = 0;
};

// One token alone is shared by chance: it has few bytes.
constexpr size_t kFewestTokens = 2;
// Who shares less of what the person has is hardly the same; leaving them out needs no word.
constexpr double kWorthALook = 0.5;

}  // namespace

absl::StatusOr<std::optional<IndexedPerson>> SimilarityIndex::Find(const Uuid& person) const {
  ASSIGN_OR_RETURN(std::optional<PersonRow> row, RowOf(snapshot_, person));
  if (!row.has_value()) return std::optional<IndexedPerson>();
  ASSIGN_OR_RETURN(Candidate candidate, CandidateOf(snapshot_, person, *row));
  return std::optional<IndexedPerson>(
      {std::move(candidate), UnpackTokens(row->tokens), std::move(row->parted_from)});
}

absl::StatusOr<SimilarPersons> SimilarityIndex::LikeThis(const IndexedPerson& person,
                                                         const BlindTokens& numbers) {
  SimilarPersons found;
  RETURN_IF_ERROR(ByTokens(person, found));
  RETURN_IF_ERROR(ByNumbers(numbers, found));
  std::sort(found.persons.begin(), found.persons.end());
  found.persons.erase(std::unique(found.persons.begin(), found.persons.end()), found.persons.end());
  std::erase(found.persons, person.candidate.person_id);
  return found;
}

absl::Status SimilarityIndex::ByTokens(const IndexedPerson& person, SimilarPersons& found) {
  absl::flat_hash_map<Uuid, Shared> shared;
  double own_bits = 0;
  for (const BlindToken& token : person.tokens) {
    ASSIGN_OR_RETURN(const Holders::Of* holders, holders_.Find(token));
    if (holders->more || holders->persons.empty()) continue;
    const double bits = std::log2(1 + static_cast<double>(limits_.holders) /
                                          static_cast<double>(holders->persons.size()));
    own_bits += bits;
    for (const Uuid& other : holders->persons) {
      Shared& with = shared[other];
      with.bits += bits;
      ++with.tokens;
    }
  }
  shared.erase(person.candidate.person_id);
  std::vector<std::pair<double, Uuid>> ranked;
  for (const auto& [other, with] : shared) {
    if (with.tokens >= kFewestTokens) ranked.emplace_back(-with.bits, other);
  }
  std::sort(ranked.begin(), ranked.end());
  if (ranked.size() > limits_.by_tokens) {
    found.more = -ranked[limits_.by_tokens].first >= own_bits * kWorthALook;
    ranked.resize(limits_.by_tokens);
  }
  for (const auto& [bits, other] : ranked) found.persons.push_back(other);
  return absl::OkStatus();
}

absl::Status SimilarityIndex::ByNumbers(const BlindTokens& numbers, SimilarPersons& found) {
  for (const BlindToken& token : numbers) {
    ASSIGN_OR_RETURN(const Holders::Of* holders, holders_.Find(token));
    found.more = found.more || holders->more;
    found.persons.insert(found.persons.end(), holders->persons.begin(), holders->persons.end());
  }
  return absl::OkStatus();
}

absl::StatusOr<Persons> PersonsFrom(const ReadSnapshot& snapshot, const Uuid& from, size_t most) {
  Persons persons;
  bool damaged = false;
  const std::string all(1, kPersonSpace);
  RETURN_IF_ERROR(snapshot.Scan(PersonKey(from), EndOfPrefix(all),
                                [&](std::string_view key, std::string_view /*value*/) {
                                  KeyReader reader(key.substr(all.size()));
                                  persons.push_back(reader.Id());
                                  damaged = !reader.Finished();
                                  return !damaged && persons.size() < most;
                                }));
  if (damaged) return absl::DataLossError("a read model row is damaged: rebuild it");
  return persons;
}

}  // namespace caseledger::projections::person_search
