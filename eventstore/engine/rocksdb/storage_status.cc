#include "eventstore/engine/rocksdb/storage_status.h"

#include <string>

#include "eventstore/base/strings.h"

namespace caseledger::eventstore::rocksdb_engine {
namespace {

constexpr std::string_view kRestore =
    "Stop the server, keep the damaged directory for examination, and restore the last backup; do "
    "not repair or delete files in place";

// RocksDB has no code of its own for a held lock; its messages name the LOCK file.
bool IsLocked(const rocksdb::Status& status) {
  const std::string text = status.ToString();
  return status.IsIOError() && (text.find("While lock file") != std::string::npos ||
                                text.find("lock hold by current process") != std::string::npos);
}

bool IsMissing(const rocksdb::Status& status) {
  return status.IsInvalidArgument() &&
         status.ToString().find("create_if_missing is false") != std::string::npos;
}

}  // namespace

absl::Status ReadFailure(const rocksdb::Status& status, std::string_view what) {
  if (status.IsCorruption()) {
    return absl::DataLossError(
        StrCat("stored bytes are damaged (", what, "): ", status.ToString(), ". ", kRestore));
  }
  return absl::UnavailableError(StrCat("cannot read ", what, ": ", status.ToString()));
}

absl::Status Damaged(std::string_view ledger, std::string_view what) {
  return absl::DataLossError(StrCat("ledger ", ledger, " is damaged: ", what, ". ", kRestore));
}

absl::Status OpenFailure(const rocksdb::Status& status, std::string_view path) {
  if (IsLocked(status)) {
    return absl::FailedPreconditionError(
        StrCat("the event store in ", path,
               " is in use: another process has it open. Stop that process or choose another "
               "directory; never delete the LOCK file. (",
               status.ToString(), ")"));
  }
  if (IsMissing(status)) {
    return absl::NotFoundError(
        StrCat("there is no event store in ", path,
               ". Check the path, or allow it to be created (create_if_missing)"));
  }
  // A missing file that the database's own catalogue names is damage, too.
  if (status.IsCorruption() || status.IsPathNotFound()) {
    return absl::DataLossError(StrCat("the event store in ", path,
                                      " is damaged and was not opened: ", status.ToString(), ". ",
                                      kRestore));
  }
  return absl::UnavailableError(
      StrCat("cannot open the event store in ", path, ": ", status.ToString(),
             ". Check that the disk works, has space and may be written"));
}

}  // namespace caseledger::eventstore::rocksdb_engine
