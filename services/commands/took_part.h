// Who took part in a case at any time, whatever they were then and whether or not they still do.
#pragma once

#include <set>
#include <string>

#include "services/commands/aggregates.h"

namespace caseledger::commands {

// Person ids. Nobody is in both.
struct TookPart {
  std::set<std::string> cared_for;  // clients and companions, of any time
  std::set<std::string> others;
};

// `history`: a case's.
TookPart WhoTookPart(const StreamHistory& history);

}  // namespace caseledger::commands
