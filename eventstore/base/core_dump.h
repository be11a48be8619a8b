// Keeps the memory of a program that has keys and names in it out of files.
#pragma once

#include <sys/prctl.h>
#include <sys/resource.h>

namespace caseledger {

// From here on this process leaves no core dump, neither in a file nor with a program of the
// system's that collects them (core(5): that one gets a dump whatever the limit says), and no other
// process of the same user reads its memory. To be called first in main().
inline void LeaveNoCoreDump() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
}

}  // namespace caseledger
