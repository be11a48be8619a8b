// The word that was probably meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace caseledger::access {

// The candidate that takes the fewest letters added, left out or replaced to become `word`, letter
// case aside; the first of equals. "" when none is nearer than a third of the word's length.
std::string Nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace caseledger::access
