// Files that a process under test has open where nobody would look for them.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

namespace caseledger::testing {

// Also ones whose name was removed. Devices, pipes and sockets are none.
inline std::vector<std::string> FilesOpenOutside(pid_t process, const std::string& directory) {
  namespace fs = std::filesystem;
  std::vector<std::string> files;
  const fs::path descriptors = "/proc/" + std::to_string(process) + "/fd";
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(descriptors, error)) {
    std::error_code gone;
    const std::string target = fs::read_symlink(entry.path(), gone).string();
    const bool is_file = target.starts_with("/") && !target.starts_with("/dev/");
    if (is_file && !target.starts_with(directory + "/")) files.push_back(target);
  }
  if (error) files.push_back("what is open cannot be listed: " + error.message());
  return files;
}

}  // namespace caseledger::testing
