// The few names that simulated records are given, so that they clash.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "eventstore/base/strings.h"

namespace caseledger::simulation {

inline constexpr uint64_t kNameValues = 12;

inline const std::vector<std::string>& NameSources() {
  static const std::vector<std::string> sources = {"hospital", "police"};
  return sources;
}

inline std::string NameValue(uint64_t number) { return StrCat("name ", number); }

}  // namespace caseledger::simulation
