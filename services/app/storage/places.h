// Where programs keep things, and whether these lie in one another.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace caseledger::app {

// A directory, and the flag that names it.
struct Place {
  std::string flag;
  std::string path;
};

// Whether one directory is the other or lies in it, whatever the paths that lead there. They need
// not be there.
bool HoldOneAnother(const std::string& a, const std::string& b);

// A copy that lies with what it is of is lost with it. INVALID_ARGUMENT when one of the two is the
// other, or is in it.
absl::Status CheckApart(const Place& copies, const Place& of);

}  // namespace caseledger::app
