// PostgreSQL's own programs, run by a test as an unprivileged user.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace caseledger::testing {

// NOT_FOUND: says which package is missing.
absl::Status CheckPostgresPrograms();

// A new directory whose path is short enough for a socket in it, and where the programs may write.
absl::StatusOr<std::string> MakePostgresDirectory();

// Starts the program, such as `postgres` (of Debian's version 15) or another by its path, with both
// outputs in the file.
// It is told to stop when this program dies. As root it runs under the user `postgres`, since
// PostgreSQL refuses root.
// `in_front` goes before all of that, as a program that runs another one, and as this user.
absl::StatusOr<pid_t> SpawnPostgresProgram(std::vector<std::string> words,
                                           const std::string& output,
                                           const std::vector<std::string>& in_front = {});
// Starts `postgres` on DIRECTORY/data, with its socket and its log in the directory and no network.
absl::StatusOr<pid_t> SpawnPostgresServer(const std::string& directory);
// A program to its end, which must be a good one.
absl::Status RunPostgresProgram(std::vector<std::string> words, const std::string& output);
// The same of any program, by its path, as this user.
absl::Status RunProgram(std::vector<std::string> words, const std::string& output);

// Whether it ended; then it was waited for.
bool ProcessEndsWithin(pid_t process, std::chrono::milliseconds wait);

std::string WholeTextOf(const std::string& path);

}  // namespace caseledger::testing
