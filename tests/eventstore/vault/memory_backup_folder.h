// A directory of backups in memory that can end the program, or the machine, at each change.
#pragma once

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "eventstore/base/status_macros.h"
#include "eventstore/vault/backup/backup_folder.h"

namespace caseledger::eventstore::testing {

// Promises what BackupFolder does and no more: bytes are durable after Sync, names after Rename or
// Remove.
class MemoryBackupFolder final : public BackupFolder {
 public:
  enum class End { kBefore, kMidway, kAfter };
  using Files = std::map<std::string, std::string>;

  explicit MemoryBackupFolder(Files files = {}) {
    for (auto& [name, bytes] : files) names_[name] = std::make_shared<File>(File{bytes, bytes});
    durable_names_ = names_;
  }

  // Before, in the middle of, or after that change, counted from 0, everything fails.
  void EndAt(int change, End how) { end_at_ = change, end_ = how, changes_ = 0, ended_ = false; }
  int changes() const { return changes_; }
  bool ended() const { return ended_; }

  // What the next program finds; the next start of the machine, when its power was cut.
  Files AfterTheProgram() const {
    Files files;
    for (const auto& [name, file] : names_) files[name] = file->bytes;
    return files;
  }
  Files AfterThePowerCut() const {
    Files files;
    for (const auto& [name, file] : durable_names_) files[name] = file->durable;
    return files;
  }

  const std::string& path() const override { return path_; }
  absl::Status Prepare() override {
    return Change([] {}, [] {});
  }
  absl::StatusOr<std::vector<std::string>> Names() const override {
    if (ended_) return Ended();
    std::vector<std::string> names;
    for (const auto& [name, file] : names_) names.push_back(name);
    return names;
  }
  absl::StatusOr<std::unique_ptr<Writer>> Make(const std::string& name) override {
    const auto file = std::make_shared<File>();
    RETURN_IF_ERROR(Change([&] { names_[name] = file; }, [&] { names_[name] = file; }));
    return std::make_unique<MemoryWriter>(*this, file);
  }
  absl::StatusOr<std::unique_ptr<Reader>> Open(const std::string& name) const override {
    if (ended_) return Ended();
    const auto found = names_.find(name);
    if (found == names_.end()) return absl::UnavailableError("no such file");
    return std::make_unique<MemoryReader>(found->second);
  }
  absl::Status Rename(const std::string& from, const std::string& to) override {
    const auto rename = [&] { names_[to] = names_[from], names_.erase(from); };
    return Change([&] { rename(), durable_names_ = names_; }, rename);
  }
  absl::Status Remove(const std::string& name) override {
    return Change([&] { names_.erase(name), durable_names_ = names_; },
                  [&] { names_.erase(name); });
  }

 private:
  struct File {
    std::string bytes;
    std::string durable;
  };
  class MemoryWriter final : public Writer {
   public:
    MemoryWriter(MemoryBackupFolder& folder, std::shared_ptr<File> file)
        : folder_(folder), file_(std::move(file)) {}
    absl::Status Append(std::string_view bytes) override {
      return folder_.Change([&] { file_->bytes += bytes; },
                            [&] { file_->bytes += bytes.substr(0, bytes.size() / 2); });
    }
    absl::Status Sync() override {
      return folder_.Change([&] { file_->durable = file_->bytes; }, [] {});
    }

   private:
    MemoryBackupFolder& folder_;
    const std::shared_ptr<File> file_;
  };
  class MemoryReader final : public Reader {
   public:
    explicit MemoryReader(std::shared_ptr<const File> file) : file_(std::move(file)) {}
    absl::StatusOr<std::string> Read(size_t count) override {
      std::string bytes = file_->bytes.substr(std::min(at_, file_->bytes.size()), count);
      at_ += bytes.size();
      return bytes;
    }

   private:
    const std::shared_ptr<const File> file_;
    size_t at_ = 0;
  };

  static absl::Status Ended() { return absl::UnavailableError("the test ends the program here"); }

  template <typename Whole, typename Half>
  absl::Status Change(const Whole& whole, const Half& half) {
    if (ended_) return Ended();
    ended_ = changes_++ == end_at_;
    if (!ended_ || end_ == End::kAfter) whole();
    if (ended_ && end_ == End::kMidway) half();
    return ended_ ? Ended() : absl::OkStatus();
  }

  const std::string path_ = "(in memory)";
  std::map<std::string, std::shared_ptr<File>> names_;
  std::map<std::string, std::shared_ptr<File>> durable_names_;
  int end_at_ = std::numeric_limits<int>::max();
  End end_ = End::kBefore;
  int changes_ = 0;
  bool ended_ = false;
};

}  // namespace caseledger::eventstore::testing
