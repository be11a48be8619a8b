// What a fuzz target says when a property does not hold.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

namespace caseledger::fuzz {

// Ends the run, and libFuzzer keeps the input. `what` names the property.
inline void Check(bool holds, const std::string& what) {
  if (holds) return;
  std::fprintf(stderr, "fuzz: does not hold: %s\n", what.c_str());
  std::abort();
}

}  // namespace caseledger::fuzz
