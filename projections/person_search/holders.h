// Who holds which token, and the rows of persons; for the queries of this folder.
//
// Reads of one snapshot, which must outlive it. Not thread-safe.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "projections/person_search/layout.h"
#include "projections/person_search/person_search.h"
#include "projections/read_model/read_model.h"

namespace caseledger::projections::person_search {

// Sorted.
using Persons = std::vector<Uuid>;

// Each token is read once for a question, whose parts share most of them.
class Holders {
 public:
  // `most`: of a token, that are looked at.
  Holders(const ReadSnapshot& snapshot, size_t most) : snapshot_(snapshot), most_(most) {}

  struct Of {
    Persons persons;    // at most `most`
    bool more = false;  // there are others
  };
  // Good until the next call. DATA_LOSS: damaged rows.
  absl::StatusOr<const Of*> Find(const BlindToken& token);

  // Who has all of them.
  absl::StatusOr<Persons> OfAll(const BlindTokens& tokens);
  // Some token that OfAll looked at has more.
  bool more() const { return more_; }

 private:
  absl::StatusOr<Of> Read(const BlindToken& token) const;

  const ReadSnapshot& snapshot_;
  const size_t most_;
  std::map<BlindToken, Of> known_;
  size_t remembered_ = 0;
  bool more_ = false;
};

// nullopt: nothing is known of the person, or they were erased.
absl::StatusOr<std::optional<PersonRow>> RowOf(const ReadSnapshot& snapshot, const Uuid& person);

// What the row says, and over all merges who goes on for the person.
absl::StatusOr<Candidate> CandidateOf(const ReadSnapshot& snapshot, const Uuid& person,
                                      const PersonRow& row);

}  // namespace caseledger::projections::person_search
