// Files that a process under test has open where nobody would look for them.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <set>
#include <string>
#include <system_error>
#include <vector>

namespace caseledger::testing {

// Files that a process (`self`: this one) has open, also ones whose name was removed. Devices,
// pipes and sockets are none.
inline std::set<std::string> FilesOpen(const std::string& process) {
  namespace fs = std::filesystem;
  std::set<std::string> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc/" + process + "/fd", error)) {
    std::error_code gone;
    const std::string target = fs::read_symlink(entry.path(), gone).string();
    if (target.starts_with("/") && !target.starts_with("/dev/")) files.insert(target);
  }
  if (error) files.insert("what is open cannot be listed: " + error.message());
  return files;
}

// Without what this test has open itself, which whoever runs it gave it and its children.
inline std::vector<std::string> FilesOpenOutside(pid_t process, const std::string& directory) {
  const std::set<std::string> inherited = FilesOpen("self");
  std::vector<std::string> files;
  for (const std::string& file : FilesOpen(std::to_string(process))) {
    if (!file.starts_with(directory + "/") && !inherited.contains(file)) files.push_back(file);
  }
  return files;
}

}  // namespace caseledger::testing
