#include "tests/contract/rocksdb_host.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "eventstore/base/status_macros.h"

namespace caseledger::testing {

TemporaryDirectory::TemporaryDirectory() {
  std::string name = (std::filesystem::temp_directory_path() / "caseledger-test-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) std::abort();
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

eventstore::RocksDbOptions SmallOptions(const TemporaryDirectory& directory) {
  eventstore::RocksDbOptions options;
  options.path = directory.path() + "/store";
  options.block_cache_bytes = 8u << 20;
  options.write_buffer_bytes = 4u << 20;
  return options;
}

std::vector<std::string> FilesEndingIn(const std::string& directory, const std::string& suffix) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().string().ends_with(suffix)) files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

RocksDbHost::RocksDbHost() : options_(SmallOptions(directory_)) {
  if (!Open().ok()) std::abort();
}

absl::Status RocksDbHost::Reopen() {
  RETURN_IF_ERROR(CloseEngine());
  return Open();
}

absl::Status RocksDbHost::CloseEngine() {
  const absl::Status status = engine_->Close();
  engine_.reset();
  return status;
}

absl::Status RocksDbHost::Open() {
  ASSIGN_OR_RETURN(engine_, eventstore::OpenRocksDbEngine(options_));
  return absl::OkStatus();
}

}  // namespace caseledger::testing
