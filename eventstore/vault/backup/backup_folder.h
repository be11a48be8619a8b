// What backups of the vault ask of the system, so that tests can end it at each step.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace caseledger::eventstore {

// The files of one directory. Names are names in it. After an error a change may have happened or
// not. Not thread-safe.
//
// All: UNAVAILABLE with the path and the system's reason.
class BackupFolder {
 public:
  // A file that is being written; given up when destroyed before Sync.
  class Writer {
   public:
    virtual ~Writer() = default;
    virtual absl::Status Append(std::string_view bytes) = 0;
    // The bytes are durable when it returns OK; the name is not.
    virtual absl::Status Sync() = 0;
  };
  class Reader {
   public:
    virtual ~Reader() = default;
    // The next `count` bytes, or fewer at the end of the file. `count` is at most some mebibytes.
    virtual absl::StatusOr<std::string> Read(size_t count) = 0;
  };

  virtual ~BackupFolder() = default;

  virtual const std::string& path() const = 0;
  // Makes it, and those above it, when it is not there; it is this user's alone afterwards.
  virtual absl::Status Prepare() = 0;
  // In no order; none when there is no such directory.
  virtual absl::StatusOr<std::vector<std::string>> Names() const = 0;
  // Replaces the file. It is this user's alone.
  virtual absl::StatusOr<std::unique_ptr<Writer>> Make(const std::string& name) = 0;
  virtual absl::StatusOr<std::unique_ptr<Reader>> Open(const std::string& name) const = 0;
  // Durable when it returns OK.
  virtual absl::Status Rename(const std::string& from, const std::string& to) = 0;
  virtual absl::Status Remove(const std::string& name) = 0;
};

// The directory at `path`, which need not be there yet.
std::unique_ptr<BackupFolder> MakeBackupFolder(const std::string& path);

}  // namespace caseledger::eventstore
