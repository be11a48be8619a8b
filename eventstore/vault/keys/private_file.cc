#include "eventstore/vault/keys/private_file.h"

#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "eventstore/backup/durable_file.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"

namespace caseledger::eventstore {

absl::Status CheckIsOursAlone(const std::string& path, const struct stat& found) {
  if (found.st_uid != geteuid()) {
    return absl::FailedPreconditionError(
        StrCat(path, " belongs to user ", found.st_uid, ", and this program runs as user ",
               geteuid(), ": run the program as that user, or `chown ", geteuid(), " ", path, "`"));
  }
  if ((found.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return absl::FailedPreconditionError(
        StrCat("others may read the secrets in ", path, ": run `chmod ",
               S_ISDIR(found.st_mode) ? "700 " : "600 ", path,
               "`, and if somebody may have read them, replace them"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadPrivateFile(const std::string& path, size_t most_bytes) {
  struct stat found {};
  if (lstat(path.c_str(), &found) != 0) {
    return absl::UnavailableError(
        StrCat("cannot read ", path, ": ", std::system_category().message(errno)));
  }
  if (!S_ISREG(found.st_mode)) {
    return absl::FailedPreconditionError(
        StrCat(path, " is no regular file: put the file itself there, no link to it"));
  }
  RETURN_IF_ERROR(CheckIsOursAlone(path, found));
  return ReadSmallFile(path, most_bytes);
}

}  // namespace caseledger::eventstore
