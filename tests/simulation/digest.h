// The small projection that simulations run: the newest event of each stream, and a count.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "projections/runtime/runtime.h"
#include "tests/simulation/model.h"

namespace caseledger::simulation {

// Stops at an event that comes twice or is left out.
projections::Runtime::Factory DigestFactory(const std::string& name);

// The rows after the first `events` events, computed from the model alone.
std::map<std::string, std::string> DigestOf(const Model& model, uint64_t events);

}  // namespace caseledger::simulation
