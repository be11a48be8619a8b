#include "eventstore/engine/rocksdb/log_check.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/engine/rocksdb/log_scan.h"
#include "eventstore/engine/rocksdb/storage_status.h"

namespace caseledger::eventstore::rocksdb_engine {
namespace {

class Checker {
 public:
  Checker(rocksdb::Env& env, const std::string& path) : env_(env), path_(path) {}

  absl::Status CheckCatalogue() const;
  absl::Status CheckWriteAheadLogs(std::vector<std::string> names) const;

 private:
  absl::StatusOr<LogScan> Scan(const std::string& name) const;
  absl::Status Damage(const std::string& name, std::string_view what) const {
    return OpenFailure(rocksdb::Status::Corruption(StrCat(name, " is damaged ", what)), path_);
  }

  rocksdb::Env& env_;
  const std::string& path_;
};

absl::StatusOr<LogScan> Checker::Scan(const std::string& name) const {
  const std::string file_path = StrCat(path_, "/", name);
  uint64_t left = 0;
  std::unique_ptr<rocksdb::SequentialFile> file;
  rocksdb::Status status = env_.GetFileSize(file_path, &left);
  if (status.ok()) status = env_.NewSequentialFile(file_path, &file, rocksdb::EnvOptions());
  if (!status.ok()) return OpenFailure(status, path_);
  LogScan scan;
  std::string buffer(kLogBlockBytes, '\0');
  while (left > 0) {
    const size_t wanted = static_cast<size_t>(std::min<uint64_t>(left, kLogBlockBytes));
    rocksdb::Slice block;
    status = file->Read(wanted, &block, buffer.data());
    if (!status.ok()) return OpenFailure(status, path_);
    if (block.size() != wanted) return Damage(name, "(it is shorter than its length)");
    left -= wanted;
    if (!scan.Add({block.data(), block.size()}, left == 0)) return Damage(name, scan.damage());
  }
  return scan;
}

absl::Status Checker::CheckCatalogue() const {
  std::string current;
  const rocksdb::Status status =
      rocksdb::ReadFileToString(&env_, StrCat(path_, "/CURRENT"), &current);
  if (!status.ok()) return OpenFailure(status, path_);
  if (!current.empty() && current.back() == '\n') current.pop_back();
  const bool is_name = current.starts_with("MANIFEST-") && current.find('/') == std::string::npos;
  if (!is_name) return Damage("CURRENT", "(it does not name a MANIFEST)");
  if (env_.FileExists(StrCat(path_, "/", current)).IsNotFound()) {
    return Damage("CURRENT", "(the MANIFEST that it names is gone)");
  }
  ASSIGN_OR_RETURN(const LogScan scan, Scan(current));
  if (scan.ends_in_zeros()) return Damage(current, "(it ends in zeros)");
  return absl::OkStatus();
}

// RocksDB recovers a log with a torn end and then writes to a new one; after another power cut both
// may be there. The new one's entries then go on right after the old one's last whole record. When
// they do not, the record in between was acknowledged.
absl::Status Checker::CheckWriteAheadLogs(std::vector<std::string> names) const {
  std::sort(names.begin(), names.end(), [](const std::string& one, const std::string& two) {
    return std::pair(one.size(), one) < std::pair(two.size(), two);
  });
  std::optional<std::pair<std::string, uint64_t>> torn;  // a log's name, and what should follow
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(const LogScan scan, Scan(name));
    if (torn && scan.first_sequence() && *scan.first_sequence() != torn->second) {
      return Damage(torn->first, "(its end is missing)");
    }
    if (scan.first_sequence()) torn.reset();
    if (scan.torn() && scan.first_sequence()) torn = {name, scan.next_sequence()};
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckLogs(rocksdb::Env& env, const std::string& path) {
  std::vector<std::string> names;
  const rocksdb::Status status = env.GetChildren(path, &names);
  if (status.IsNotFound()) return absl::OkStatus();
  if (!status.ok()) return OpenFailure(status, path);
  if (std::find(names.begin(), names.end(), "CURRENT") == names.end()) return absl::OkStatus();
  const Checker checker(env, path);
  RETURN_IF_ERROR(checker.CheckCatalogue());
  std::erase_if(names, [](const std::string& name) { return !name.ends_with(".log"); });
  return checker.CheckWriteAheadLogs(std::move(names));
}

}  // namespace caseledger::eventstore::rocksdb_engine
