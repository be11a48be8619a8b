#include "services/app/cli/commands/new_directory.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>
#include <utility>

namespace caseledger::cli {

namespace fs = std::filesystem;

NewDirectory::NewDirectory(std::string directory)
    : directory_(std::move(directory)),
      partial_(std::make_unique<const std::string>(directory_ + ".partial")) {}

NewDirectory::~NewDirectory() {
  if (partial_ == nullptr || in_place_) return;
  std::error_code error;
  fs::remove_all(*partial_, error);
}

// Empty or absent, so that nothing is mixed into what is there.
absl::StatusOr<NewDirectory> NewDirectory::At(std::string directory) {
  while (directory.size() > 1 && directory.back() == '/') directory.pop_back();
  std::error_code error;
  const fs::file_status target = fs::symlink_status(directory, error);
  if (fs::exists(target) && !fs::is_directory(target)) {
    return absl::FailedPreconditionError(
        fmt::format("{} is no directory; give one that is not there yet", directory));
  }
  if (fs::exists(target) && !fs::is_empty(directory, error)) {
    return absl::FailedPreconditionError(
        fmt::format("{} is not empty; give a directory that is not there yet", directory));
  }
  if (fs::exists(directory + ".partial", error)) {
    return absl::FailedPreconditionError(fmt::format(
        "{0}.partial is left over from an export that did not finish; remove it", directory));
  }
  return NewDirectory(std::move(directory));
}

absl::Status NewDirectory::Make() const {
  std::error_code error;
  if (fs::path(*partial_).has_parent_path()) {
    fs::create_directories(fs::path(*partial_).parent_path(), error);
  }
  if (!error) fs::create_directory(*partial_, error);
  if (!error) fs::permissions(*partial_, fs::perms::owner_all, error);
  if (!error) return absl::OkStatus();
  return absl::UnavailableError(fmt::format("cannot make {}: {}", *partial_, error.message()));
}

absl::Status NewDirectory::PutInPlace() {
  std::error_code error;
  fs::remove(directory_, error);  // an empty one
  fs::rename(*partial_, directory_, error);
  if (error) {
    return absl::UnavailableError(
        fmt::format("cannot rename {} to {}: {}", *partial_, directory_, error.message()));
  }
  in_place_ = true;
  return absl::OkStatus();
}

}  // namespace caseledger::cli
