#include "eventstore/engine/rocksdb/directory.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "eventstore/engine/rocksdb/storage_status.h"

namespace caseledger::eventstore::rocksdb_engine {
namespace {

bool HoldsData(const std::string& file) {
  const std::string_view name = file;
  return name.ends_with(".sst") || name.ends_with(".log");
}

}  // namespace

absl::Status CheckNotRemains(rocksdb::Env& env, const std::string& path) {
  std::vector<std::string> files;
  const rocksdb::Status status = env.GetChildren(path, &files);
  if (status.IsNotFound()) return absl::OkStatus();
  if (!status.ok()) return OpenFailure(status, path);
  if (std::find(files.begin(), files.end(), "CURRENT") != files.end()) return absl::OkStatus();
  if (std::none_of(files.begin(), files.end(), HoldsData)) return absl::OkStatus();
  return OpenFailure(rocksdb::Status::Corruption("there are data files but no CURRENT file"), path);
}

absl::Status SyncParent(rocksdb::Env& env, const std::string& path) {
  std::filesystem::path clean = std::filesystem::path(path).lexically_normal();
  if (!clean.has_filename()) clean = clean.parent_path();
  const std::string parent = clean.has_parent_path() ? clean.parent_path().string() : ".";
  std::unique_ptr<rocksdb::Directory> directory;
  rocksdb::Status status = env.NewDirectory(parent, &directory);
  if (status.ok()) status = directory->Fsync();
  return status.ok() ? absl::OkStatus() : OpenFailure(status, path);
}

}  // namespace caseledger::eventstore::rocksdb_engine
