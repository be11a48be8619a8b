// A directory that is there whole or not at all, for what a command exports.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace caseledger::cli {

// Called `DIR.partial` until it is put in place, and readable by nobody else. Not thread-safe.
class NewDirectory {
 public:
  // FAILED_PRECONDITION when something is there already, UNAVAILABLE when it cannot be made.
  // Nothing is made yet.
  static absl::StatusOr<NewDirectory> At(std::string directory);

  NewDirectory(NewDirectory&& other) = default;
  NewDirectory& operator=(NewDirectory&& other) = delete;
  // Removes what was not put in place: it is of no use, and may be about somebody.
  ~NewDirectory();

  // Where to write, once Make was called or somebody else has made it.
  const std::string& partial() const { return *partial_; }
  const std::string& directory() const { return directory_; }

  absl::Status Make() const;
  absl::Status PutInPlace();

 private:
  explicit NewDirectory(std::string directory);

  std::string directory_;
  std::unique_ptr<const std::string> partial_;  // null once moved away
  bool in_place_ = false;
};

}  // namespace caseledger::cli
