#include "eventstore/witness/state_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "absl/status/status.h"
#include "eventstore/base/strings.h"

namespace caseledger::eventstore {
namespace {

constexpr int kOwnerOnly = 0600;

}  // namespace

absl::StatusOr<std::unique_ptr<StateLock>> StateLock::Take(const std::string& directory) {
  const std::string path = directory + "/LOCK";
  const auto failed = [&path](int error) {
    return absl::UnavailableError(
        StrCat("cannot lock ", path, ": ", std::system_category().message(error)));
  };
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kOwnerOnly);
  if (file < 0) return failed(errno);
  if (flock(file, LOCK_EX | LOCK_NB) == 0) return std::unique_ptr<StateLock>(new StateLock(file));
  const int error = errno;
  close(file);
  if (error != EWOULDBLOCK) return failed(error);
  return absl::FailedPreconditionError(
      StrCat("another witness is running on the state in ", directory,
             ". Stop that one: two on one state would cosign two histories. Never delete LOCK"));
}

StateLock::~StateLock() { close(file_); }

}  // namespace caseledger::eventstore
