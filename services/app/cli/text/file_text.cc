#include "services/app/cli/text/file_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>

namespace caseledger::cli {
namespace {

constexpr size_t kChunkBytes = 1 << 20;

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path, size_t most_bytes) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return absl::NotFoundError(path + ": " + std::generic_category().message(errno));
  }
  std::string text;
  while (file && text.size() <= most_bytes) {
    const size_t have = text.size();
    text.resize(have + std::min(kChunkBytes, most_bytes + 1 - have));
    file.read(text.data() + have, static_cast<std::streamsize>(text.size() - have));
    text.resize(have + static_cast<size_t>(file.gcount()));
  }
  if (file.bad()) return absl::UnavailableError(path + ": cannot be read");
  if (text.size() > most_bytes) {
    return absl::InvalidArgumentError(
        fmt::format("{}: larger than {} KiB", path, most_bytes / 1024));
  }
  return text;
}

}  // namespace caseledger::cli
