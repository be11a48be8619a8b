#include "eventstore/vault/backup/backup_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "eventstore/backup/durable_file.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"

namespace caseledger::eventstore {
namespace {

namespace fs = std::filesystem;

constexpr int kOwnerOnly = 0600;

absl::Status Failure(std::string_view what, const std::string& path, int error) {
  return absl::UnavailableError(
      StrCat("cannot ", what, " ", path, ": ", std::system_category().message(error)));
}

class SystemWriter final : public BackupFolder::Writer {
 public:
  SystemWriter(std::string path, int file) : path_(std::move(path)), file_(file) {}
  ~SystemWriter() override { close(file_); }
  SystemWriter(const SystemWriter&) = delete;
  SystemWriter& operator=(const SystemWriter&) = delete;

  absl::Status Append(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t count = write(file_, bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return Failure("write", path_, errno);
      bytes.remove_prefix(static_cast<size_t>(count));
    }
    return absl::OkStatus();
  }

  absl::Status Sync() override {
    if (fsync(file_) != 0) return Failure("make durable", path_, errno);
    return absl::OkStatus();
  }

 private:
  const std::string path_;
  const int file_;
};

class SystemReader final : public BackupFolder::Reader {
 public:
  SystemReader(std::string path, int file) : path_(std::move(path)), file_(file) {}
  ~SystemReader() override { close(file_); }
  SystemReader(const SystemReader&) = delete;
  SystemReader& operator=(const SystemReader&) = delete;

  absl::StatusOr<std::string> Read(size_t count) override {
    std::string bytes(count, '\0');
    size_t used = 0;
    while (used < count) {
      const ssize_t got = read(file_, bytes.data() + used, count - used);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return Failure("read", path_, errno);
      if (got == 0) break;
      used += static_cast<size_t>(got);
    }
    bytes.resize(used);
    return bytes;
  }

 private:
  const std::string path_;
  const int file_;
};

class SystemBackupFolder final : public BackupFolder {
 public:
  explicit SystemBackupFolder(std::string path) : path_(std::move(path)) {}

  const std::string& path() const override { return path_; }

  absl::Status Prepare() override {
    RETURN_IF_ERROR(MakeDirectoryDurably(path_));
    std::error_code error;
    fs::permissions(path_, fs::perms::owner_all, error);
    return error ? Failure("set permissions of", path_, error.value()) : absl::OkStatus();
  }

  absl::StatusOr<std::vector<std::string>> Names() const override {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator at(path_, error), end; !error && at != end; at.increment(error)) {
      names.push_back(at->path().filename().string());
    }
    if (error && error != std::errc::no_such_file_or_directory) {
      return Failure("read the directory", path_, error.value());
    }
    return names;
  }

  absl::StatusOr<std::unique_ptr<Writer>> Make(const std::string& name) override {
    const int file =
        open(At(name).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, kOwnerOnly);
    if (file < 0) return Failure("create", At(name), errno);
    return std::make_unique<SystemWriter>(At(name), file);
  }

  absl::StatusOr<std::unique_ptr<Reader>> Open(const std::string& name) const override {
    const int file = open(At(name).c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return Failure("open", At(name), errno);
    return std::make_unique<SystemReader>(At(name), file);
  }

  absl::Status Rename(const std::string& from, const std::string& to) override {
    if (std::rename(At(from).c_str(), At(to).c_str()) != 0) {
      return Failure("rename", At(from), errno);
    }
    return SyncDirectory(path_);
  }

  absl::Status Remove(const std::string& name) override {
    if (unlink(At(name).c_str()) != 0) return Failure("remove", At(name), errno);
    return SyncDirectory(path_);
  }

 private:
  std::string At(const std::string& name) const { return StrCat(path_, "/", name); }

  const std::string path_;
};

}  // namespace

std::unique_ptr<BackupFolder> MakeBackupFolder(const std::string& path) {
  return std::make_unique<SystemBackupFolder>(path);
}

}  // namespace caseledger::eventstore
