// Keeps a second witness off a state directory: each would cosign what the other has not seen.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace caseledger::eventstore {

// Held until destroyed, or until the process ends however it ends. An advisory lock (flock) on the
// directory's file LOCK, which is made and stays.
class StateLock {
 public:
  // Never waits. FAILED_PRECONDITION: another witness has it. UNAVAILABLE: no such directory, or it
  // cannot be written to.
  static absl::StatusOr<std::unique_ptr<StateLock>> Take(const std::string& directory);
  ~StateLock();
  StateLock(const StateLock&) = delete;
  StateLock& operator=(const StateLock&) = delete;

 private:
  explicit StateLock(int file) : file_(file) {}
  const int file_;
};

}  // namespace caseledger::eventstore
