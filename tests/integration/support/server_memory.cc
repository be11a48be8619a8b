#include "tests/integration/support/server_memory.h"

#include <fstream>
#include <string>

#include "gtest/gtest.h"

namespace caseledger::testing {

ServerMemory MemoryOf(pid_t pid) {
  ServerMemory memory;
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  std::string key;
  while (status >> key) {
    uint64_t kibibytes = 0;
    if (key == "VmRSS:" && status >> kibibytes) memory.resident_bytes = kibibytes * 1024;
    if (key == "VmHWM:" && status >> kibibytes) memory.peak_bytes = kibibytes * 1024;
  }
  EXPECT_GT(memory.resident_bytes, 0u) << "no such process: " << pid;
  return memory;
}

}  // namespace caseledger::testing
