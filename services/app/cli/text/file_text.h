// The text of a file that a user named.
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"

namespace caseledger::cli {

// The whole file; pipes and devices may be named, too. Bytes are taken as they are. NOT_FOUND when
// it cannot be opened, INVALID_ARGUMENT when it holds more than `most_bytes`, UNAVAILABLE when
// reading fails; each names the file.
absl::StatusOr<std::string> ReadFile(const std::string& path, size_t most_bytes);

}  // namespace caseledger::cli
