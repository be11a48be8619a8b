// What KeyFiles asks of the system, so that tests can end it at each step.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace caseledger::eventstore {

// The files of one folder, which belongs to this user alone. Names are names in the folder. A
// change is durable when it returns OK; after an error it may have happened or not. Not
// thread-safe.
//
// All: UNAVAILABLE with the path and the system's reason.
class KeyFolder {
 public:
  static constexpr size_t kMaxFileBytes = 4096;

  virtual ~KeyFolder() = default;

  virtual const std::string& path() const = 0;
  // In no order.
  virtual absl::StatusOr<std::vector<std::string>> Names() = 0;
  // The whole file. FAILED_PRECONDITION: no regular file, or not this user's alone; says what to
  // run. RESOURCE_EXHAUSTED: longer than kMaxFileBytes.
  virtual absl::StatusOr<std::string> Read(const std::string& name) = 0;
  // Makes the file whole or not at all. The name `name` + ".part" is used meanwhile.
  virtual absl::Status Make(const std::string& name, std::string_view bytes) = 0;
  // Writes over the file's first bytes, where they lie.
  virtual absl::Status Overwrite(const std::string& name, std::string_view bytes) = 0;
  virtual absl::Status Rename(const std::string& from, const std::string& to) = 0;
  virtual absl::Status Remove(const std::string& name) = 0;
  // Makes entries durable of which it is not known whether they are.
  virtual absl::Status Sync() = 0;
};

// Who else may have a folder open.
enum class KeyFolderUse {
  kAlone,
  // Others that use it so: something else decides which of them works with the vault, and one that
  // was stopped must not keep the others out.
  kByTurns,
};

// The folder at `path`, locked against programs that use it in another way until it is given back.
//
// UNAVAILABLE          it is missing
// FAILED_PRECONDITION  a symlink, no folder, not this user's alone, or in use; says what to do
absl::StatusOr<std::unique_ptr<KeyFolder>> OpenKeyFolder(const std::string& path,
                                                         KeyFolderUse use = KeyFolderUse::kAlone);

}  // namespace caseledger::eventstore
