#include "eventstore/backup/durable_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"

namespace caseledger::eventstore {
namespace {

namespace fs = std::filesystem;

constexpr int kOwnerOnly = 0600;
constexpr size_t kFirstRead = 4096;

absl::Status Failure(std::string_view what, const std::string& path, int error) {
  return absl::UnavailableError(
      StrCat("cannot ", what, " ", path, ": ", std::system_category().message(error)));
}

// A file descriptor, closed at the end.
class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int value() const { return value_; }

 private:
  const int value_;
};

absl::Status SyncPath(const std::string& path, int flags) {
  const Descriptor file(open(path.c_str(), flags | O_CLOEXEC));
  if (file.value() < 0) return Failure("open", path, errno);
  if (fsync(file.value()) != 0) return Failure("make durable", path, errno);
  return absl::OkStatus();
}

absl::Status WriteAll(int file, const std::string& path, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(file, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Failure("write", path, errno);
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return absl::OkStatus();
}

std::string ParentOf(const std::string& path) {
  const fs::path parent = fs::path(path).parent_path();
  return parent.empty() ? "." : parent.string();
}

}  // namespace

absl::Status MakeDirectoryDurably(const std::string& path) {
  // Deepest first, so that each new one is made durable in the one above it.
  std::vector<fs::path> missing;
  std::error_code error;
  fs::path at = fs::absolute(path, error).lexically_normal();
  if (!at.has_filename()) at = at.parent_path();
  for (; !fs::exists(at, error) && at.has_relative_path(); at = at.parent_path()) {
    missing.push_back(at);
  }
  for (; !missing.empty(); missing.pop_back()) {
    const fs::path& next = missing.back();
    fs::create_directory(next, error);
    if (error) return Failure("create the directory", next.string(), error.value());
    fs::permissions(next, fs::perms::owner_all, error);
    if (error) return Failure("set permissions of", next.string(), error.value());
    RETURN_IF_ERROR(SyncDirectory(next.parent_path().string()));
  }
  if (!fs::is_directory(path, error)) return Failure("use as a directory", path, ENOTDIR);
  return absl::OkStatus();
}

absl::Status WriteFileDurably(const std::string& path, std::string_view bytes) {
  const std::string partial = path + ".part";
  {
    const Descriptor file(
        open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kOwnerOnly));
    if (file.value() < 0) return Failure("create", partial, errno);
    RETURN_IF_ERROR(WriteAll(file.value(), partial, bytes));
    if (fsync(file.value()) != 0) return Failure("make durable", partial, errno);
  }
  if (std::rename(partial.c_str(), path.c_str()) != 0) return Failure("put in place", path, errno);
  return SyncDirectory(ParentOf(path));
}

absl::Status OverwriteFileDurably(const std::string& path, std::string_view bytes) {
  const Descriptor file(open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
  if (file.value() < 0) return Failure("open", path, errno);
  RETURN_IF_ERROR(WriteAll(file.value(), path, bytes));
  if (fsync(file.value()) != 0) return Failure("make durable", path, errno);
  return absl::OkStatus();
}

absl::Status SyncDirectory(const std::string& path) {
  return SyncPath(path, O_RDONLY | O_DIRECTORY);
}

absl::Status SyncTree(const std::string& path) {
  std::error_code error;
  for (fs::recursive_directory_iterator at(path, error), end; !error && at != end;
       at.increment(error)) {
    const bool directory = at->is_directory(error);
    if (error) break;
    RETURN_IF_ERROR(SyncPath(at->path().string(), directory ? O_RDONLY | O_DIRECTORY : O_RDONLY));
  }
  if (error) return Failure("read the directory", path, error.value());
  return SyncDirectory(path);
}

absl::StatusOr<std::string> ReadSmallFile(const std::string& path, size_t most_bytes) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.value() < 0 && errno == ENOENT) return absl::NotFoundError(StrCat("no file ", path));
  if (file.value() < 0) return Failure("open", path, errno);
  std::string bytes;
  size_t used = 0;
  while (used <= most_bytes) {
    // Memory follows what the file has, not what it may have.
    if (used == bytes.size())
      bytes.resize(std::min(std::max(2 * used, kFirstRead), most_bytes + 1));
    const ssize_t count = read(file.value(), bytes.data() + used, bytes.size() - used);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Failure("read", path, errno);
    if (count == 0) break;
    used += static_cast<size_t>(count);
  }
  if (used > most_bytes) {
    return absl::ResourceExhaustedError(StrCat(path, " is longer than ", most_bytes, " bytes"));
  }
  bytes.resize(used);
  return bytes;
}

}  // namespace caseledger::eventstore
