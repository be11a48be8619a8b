// Finding persons by name, phone and identity number, without keeping any of them: blind tokens of
// their texts, and who has them. Answers for now only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/log.h"
#include "eventstore/sealing/data_keys.h"
#include "projections/person_search/text/blind_index.h"
#include "projections/person_search/text/person_text.h"
#include "projections/read_model/read_model.h"
#include "projections/runtime/projection.h"

namespace caseledger::projections {

inline constexpr std::string_view kPersonSearchName = "person-search";

// Opens what is sealed to make tokens of it; stops when the vault cannot be asked. `keys` must
// outlive it.
std::unique_ptr<Projection> MakePersonSearch(std::string ledger, eventstore::DataKeys& keys);

namespace person_search {

// Somebody who has the tokens that were looked up: perhaps by chance, so it is to be opened and
// judged (FitOf).
struct Candidate {
  Uuid person_id;
  std::optional<uint64_t> names_at{};      // position of the event with names and phone
  std::vector<uint64_t> identifiers_at{};  // of those with document numbers
  Uuid survivor{};  // the record that goes on for this one, over all merges; nil: itself
};

struct CandidateLimits {
  size_t holders = 20'000;    // of one token, that are looked at
  size_t candidates = 2'000;  // that are given
};

struct Candidates {
  std::vector<Candidate> persons;  // in the order of their ids
  bool more = false;               // the limits left some out
  uint64_t reflected_events = 0;
};

// Who has every token of one of the alternatives.
// DATA_LOSS  damaged rows
absl::StatusOr<Candidates> FindCandidates(const ReadSnapshot& snapshot,
                                          const std::vector<BlindTokens>& alternatives,
                                          const CandidateLimits& limits = {});

// Without document numbers unless `numbers`. Texts that were erased, or whose keys are lost, are
// empty.
// UNAVAILABLE  VAULT_UNAVAILABLE: the vault cannot be asked
// DATA_LOSS    the log cannot be read
absl::StatusOr<OpenedPerson> Open(const Candidate& candidate, const eventstore::EventLog& log,
                                  std::string_view ledger, eventstore::DataKeys& keys,
                                  bool numbers);

}  // namespace person_search
}  // namespace caseledger::projections
