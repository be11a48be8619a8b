// A server that this program itself runs as a process of its own, by a subcommand.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/integration/support/child_process.h"

namespace caseledger::bench {

class HelperProcess {
 public:
  // `program` is this one; `arguments` name the subcommand.
  HelperProcess(const std::string& program, std::vector<std::string> arguments)
      : process_(Whole(program, std::move(arguments))) {}

  // UNAVAILABLE when it did not start.
  absl::StatusOr<std::string> Address() {
    const std::string key = "listening on ";
    if (!process_.WaitForError(key)) {
      return absl::UnavailableError("a server to be measured did not start: " + process_.err());
    }
    const std::string said = process_.err();
    const size_t at = said.find(key) + key.size();
    return "127.0.0.1:" + said.substr(at, said.find('\n', at) - at);
  }

  testing::ChildProcess& process() { return process_; }

 private:
  static std::vector<std::string> Whole(const std::string& program,
                                        std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), program);
    return arguments;
  }

  testing::ChildProcess process_;
};

}  // namespace caseledger::bench
