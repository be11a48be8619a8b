#include "tests/bench/limits/process.h"

#include <fstream>
#include <string>

#include "eventstore/base/strings.h"

namespace caseledger::bench {

absl::StatusOr<double> PeakMemory(pid_t pid) {
  std::ifstream file(StrCat("/proc/", pid, "/status"));
  std::string word;
  while (file >> word) {
    double kib = 0;
    if (word == "VmHWM:" && file >> kib) return kib * 1024;
  }
  return absl::UnavailableError("no VmHWM in /proc");
}

}  // namespace caseledger::bench
