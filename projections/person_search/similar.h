// Records whose texts are much the same, found by their blind tokens alone: candidates for a merge,
// to be opened and judged (ResemblanceOf).
//
// A token that h persons have counts log2(1 + limits.holders / h) bits: the fewer have it, the more
// it tells. Who shares most bits comes first. Shared numbers bring a record in whatever else is
// shared, because one token among thirty would not.
//
// Reads of one snapshot, which must outlive it. Not thread-safe.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "projections/person_search/holders.h"
#include "projections/person_search/person_search.h"

namespace caseledger::projections::person_search {

struct SimilarLimits {
  size_t holders = 1'000;  // a token that more have tells nobody apart, and is not looked at
  size_t by_tokens = 50;   // records that are given for the tokens they share
};

// A record as the index knows it.
struct IndexedPerson {
  Candidate candidate;
  BlindTokens tokens;
  std::vector<Uuid> parted_from;  // records of merges with it that were reversed
};

struct SimilarPersons {
  Persons persons;    // without the one asked about
  bool more = false;  // the limits left some out
};

class SimilarityIndex {
 public:
  explicit SimilarityIndex(const ReadSnapshot& snapshot, const SimilarLimits& limits = {})
      : snapshot_(snapshot), limits_(limits), holders_(snapshot, limits.holders) {}

  // nullopt: nothing is known of the person, or they were erased.
  absl::StatusOr<std::optional<IndexedPerson>> Find(const Uuid& person) const;

  // `numbers`: tokens of the person's phone and document numbers.
  // DATA_LOSS  damaged rows
  absl::StatusOr<SimilarPersons> LikeThis(const IndexedPerson& person, const BlindTokens& numbers);

 private:
  absl::Status ByTokens(const IndexedPerson& person, SimilarPersons& found);
  absl::Status ByNumbers(const BlindTokens& numbers, SimilarPersons& found);

  const ReadSnapshot& snapshot_;
  const SimilarLimits limits_;
  Holders holders_;
};

// Ids of persons from `from` on, in order; at most `most`.
absl::StatusOr<Persons> PersonsFrom(const ReadSnapshot& snapshot, const Uuid& from, size_t most);

}  // namespace caseledger::projections::person_search
