// Files of certificates and keys, read whole.
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"

namespace caseledger::access {

// The whole of a regular file. Opened anew at each reading, so that a file put in its place by
// renaming, or behind a symbolic link, is seen.
//
// INVALID_ARGUMENT  it is not there, cannot be read, is no file, is larger than `max_bytes`: says
//                   which, and names it
absl::StatusOr<std::string> ReadSmallFile(const std::string& path, size_t max_bytes);

// Whether users other than its owner and group may read it. False when it is not there.
bool IsReadableByAll(const std::string& path);

}  // namespace caseledger::access
