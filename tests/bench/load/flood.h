// One agency at full flood: all the calls that it can make at once, and again as soon as one is
// answered or refused. A process of its own, as another agency's program would be.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "tests/bench/load/deployment.h"

namespace caseledger::bench {

// Commands, reads, lists and large messages over four connections, and eight batches.
// Says `flooding` on standard error once all run, and after `seconds` what was answered and what
// refused.
// `kinds`: commands, reads, lists, large, batches.
int RunFlood(const std::string& address, const CallerFiles& files, const std::string& case_id,
             const std::set<std::string>& kinds, double seconds);

}  // namespace caseledger::bench
