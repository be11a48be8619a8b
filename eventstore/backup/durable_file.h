// Small files and directories whose existence survives a power cut.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace caseledger::eventstore {

// All: UNAVAILABLE with the file's path and the system's reason.

// Creates the directory and those above it, for this user only, durably. OK when it is there.
absl::Status MakeDirectoryDurably(const std::string& path);

// Replaces the file whole or not at all; durable on OK. The name `path` + ".part" is used
// meanwhile.
absl::Status WriteFileDurably(const std::string& path, std::string_view bytes);

// Writes over the first bytes of the file, where they lie and without changing its length beyond;
// durable on OK. What is worth what on which disk: eventstore/vault/keys/README.md.
absl::Status OverwriteFileDurably(const std::string& path, std::string_view bytes);

// Makes entries made in, moved into or removed from the directory durable.
absl::Status SyncDirectory(const std::string& path);

// Makes everything in the directory, and in those below it, durable.
absl::Status SyncTree(const std::string& path);

// The whole file. NOT_FOUND; RESOURCE_EXHAUSTED when it is longer than `most_bytes`.
absl::StatusOr<std::string> ReadSmallFile(const std::string& path, size_t most_bytes);

}  // namespace caseledger::eventstore
