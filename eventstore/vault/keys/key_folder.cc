#include "eventstore/vault/keys/key_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "eventstore/backup/durable_file.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/vault/keys/private_file.h"

namespace caseledger::eventstore {
namespace {

namespace fs = std::filesystem;

absl::Status Failure(std::string_view what, const std::string& path, int error) {
  return absl::UnavailableError(
      StrCat("cannot ", what, " ", path, ": ", std::system_category().message(error)));
}

class SystemKeyFolder final : public KeyFolder {
 public:
  SystemKeyFolder(std::string path, int folder) : path_(std::move(path)), folder_(folder) {}
  ~SystemKeyFolder() override { close(folder_); }
  SystemKeyFolder(const SystemKeyFolder&) = delete;
  SystemKeyFolder& operator=(const SystemKeyFolder&) = delete;

  const std::string& path() const override { return path_; }

  absl::StatusOr<std::vector<std::string>> Names() override {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator at(path_, error), end; !error && at != end; at.increment(error)) {
      names.push_back(at->path().filename().string());
    }
    if (error) return Failure("read the folder", path_, error.value());
    return names;
  }

  absl::StatusOr<std::string> Read(const std::string& name) override {
    return ReadPrivateFile(At(name), kMaxFileBytes);
  }

  absl::Status Make(const std::string& name, std::string_view bytes) override {
    return WriteFileDurably(At(name), bytes);
  }

  absl::Status Overwrite(const std::string& name, std::string_view bytes) override {
    return OverwriteFileDurably(At(name), bytes);
  }

  absl::Status Rename(const std::string& from, const std::string& to) override {
    if (std::rename(At(from).c_str(), At(to).c_str()) != 0) {
      return Failure("rename", At(from), errno);
    }
    return Sync();
  }

  absl::Status Remove(const std::string& name) override {
    if (unlink(At(name).c_str()) != 0) return Failure("remove", At(name), errno);
    return Sync();
  }

  absl::Status Sync() override { return SyncDirectory(path_); }

 private:
  std::string At(const std::string& name) const { return StrCat(path_, "/", name); }

  const std::string path_;
  const int folder_;  // open for the lock's sake
};

}  // namespace

absl::StatusOr<std::unique_ptr<KeyFolder>> OpenKeyFolder(const std::string& path,
                                                         KeyFolderUse use) {
  // A slash at the end would follow a symlink.
  std::string name = path;
  while (name.size() > 1 && name.ends_with('/')) name.pop_back();
  struct stat found {};
  if (lstat(name.c_str(), &found) != 0) {
    if (errno != ENOENT) return Failure("look at", name, errno);
    return absl::UnavailableError(
        StrCat("the folder of wrapping keys ", name,
               " is missing: mount or restore it; only a vault that is new makes another"));
  }
  if (!S_ISDIR(found.st_mode)) {
    return absl::FailedPreconditionError(
        StrCat(name,
               " is no folder: give the path of the folder of wrapping keys itself, not of "
               "a symlink or a file"));
  }
  RETURN_IF_ERROR(CheckIsOursAlone(name, found));
  const int folder = open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (folder < 0) return Failure("open", name, errno);
  auto opened = std::make_unique<SystemKeyFolder>(name, folder);
  const int lock = use == KeyFolderUse::kAlone ? LOCK_EX : LOCK_SH;
  if (flock(folder, lock | LOCK_NB) == 0) return opened;
  if (errno != EWOULDBLOCK) return Failure("lock", name, errno);
  return absl::FailedPreconditionError(
      StrCat("another program uses the wrapping keys in ", name, ": stop that one first"));
}

}  // namespace caseledger::eventstore
