// Files that hold secrets: this user's alone, or they are not read.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace caseledger::eventstore {

// FAILED_PRECONDITION when what lies at `path` belongs to another user or others may do anything
// with it; says what to run.
absl::Status CheckIsOursAlone(const std::string& path, const struct stat& found);

// The whole file. Wiping it is up to the caller (SecretText).
//
// FAILED_PRECONDITION  no regular file (a symlink, say), or not this user's alone
// UNAVAILABLE          missing, or the system's reason
// RESOURCE_EXHAUSTED   longer than `most_bytes`
absl::StatusOr<std::string> ReadPrivateFile(const std::string& path, size_t most_bytes);

}  // namespace caseledger::eventstore
