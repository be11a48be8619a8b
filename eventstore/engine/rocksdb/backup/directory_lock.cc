#include "eventstore/engine/rocksdb/backup/directory_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "eventstore/base/strings.h"

namespace caseledger::eventstore::rocksdb_engine {
namespace {

constexpr int kOwnerOnly = 0600;

absl::Status CannotLock(const std::string& path, int error) {
  if (error == ENOENT) {
    return absl::NotFoundError(
        StrCat("there is no backup directory here: ", path, " is missing. Check the path"));
  }
  if (error == EWOULDBLOCK) {
    return absl::AbortedError(
        StrCat("BACKUP_IN_PROGRESS: someone is making, verifying or restoring a backup in this "
               "directory; try again when that has ended"));
  }
  return absl::UnavailableError(
      StrCat("cannot lock ", path, ": ", std::system_category().message(error)));
}

}  // namespace

absl::StatusOr<std::unique_ptr<DirectoryLock>> DirectoryLock::Take(const std::string& directory,
                                                                   Kind kind) {
  const std::string path = directory + "/LOCK";
  const bool exclusive = kind == Kind::kExclusive;
  // Shared: backups may lie on a disk that can only be read.
  const int flags = exclusive ? O_RDWR | O_CREAT | O_CLOEXEC : O_RDONLY | O_CLOEXEC;
  const int file = open(path.c_str(), flags, kOwnerOnly);
  if (file < 0) return CannotLock(path, errno);
  if (flock(file, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0) {
    const int error = errno;
    close(file);
    return CannotLock(path, error);
  }
  return std::unique_ptr<DirectoryLock>(new DirectoryLock(file));
}

DirectoryLock::~DirectoryLock() { close(file_); }

}  // namespace caseledger::eventstore::rocksdb_engine
