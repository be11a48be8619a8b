// How well one name fits another. See fit.h for what scores mean.
#pragma once

#include <optional>
#include <vector>

#include "projections/person_search/text/fit.h"
#include "projections/person_search/text/fold.h"

namespace caseledger::projections::person_search {

struct NameFit {
  double score = 0;
  Fit fit = Fit::kExact;
};

// nullopt if the names do not fit.
std::optional<NameFit> FitOfNames(const std::vector<NameWord>& asked, bool last_word_unfinished,
                                  const std::vector<NameWord>& name);

}  // namespace caseledger::projections::person_search
