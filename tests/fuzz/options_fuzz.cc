// The server's configuration file: any text is taken or refused, what is taken lies in its bounds,
// and flags win over it.
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <string>
#include <string_view>

#include "services/app/server/options.h"
#include "tests/fuzz/support/check.h"

namespace caseledger::fuzz {
namespace {

using app::ParsedOptions;
using app::ServerOptions;

constexpr char kListen[] = "127.0.0.1:7499";

// A file in memory with a path.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view content) : descriptor_(memfd_create("config", MFD_CLOEXEC)) {
    Check(descriptor_ >= 0, "there is memory for a file");
    Check(
        write(descriptor_, content.data(), content.size()) == static_cast<ssize_t>(content.size()),
        "the file is written");
  }
  ~MemoryFile() { close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  const int descriptor_;
};

ParsedOptions Parse(std::string_view content) {
  const MemoryFile file(content);
  std::array<std::string, 5> words = {"caseledgerd", "--config", file.path(), "--listen", kListen};
  std::array<char*, 5> arguments{};
  for (size_t i = 0; i < words.size(); ++i) arguments[i] = words[i].data();
  return app::ParseServerOptions(static_cast<int>(arguments.size()), arguments.data());
}

void CheckBounds(const ServerOptions& options) {
  Check(!options.data_dir.empty(), "there is a data directory");
  Check(!options.ledgers.empty(), "there is a ledger");
  Check(options.listen == kListen, "the flag wins");
  Check(options.query_threads >= 1 && options.query_threads <= 64, "threads are bounded");
  Check(options.drain_seconds >= 0 && options.drain_seconds <= 600, "the drain is bounded");
  Check(options.min_witnesses <= 16, "needed witnesses are bounded");
  Check(options.backup_mib_per_second >= 0 && options.backup_mib_per_second <= 100'000,
        "the rate of backups is bounded");
  const size_t waiting = options.log_limits.max_appends_waiting;
  Check(waiting >= 1 && waiting <= 65'536, "waiting commands are bounded");
  const std::string& level = options.log_level;
  Check(level == "debug" || level == "info" || level == "warn" || level == "error",
        "the log level is one of four");
}

bool Same(const ServerOptions& a, const ServerOptions& b) {
  return a.data_dir == b.data_dir && a.ledgers == b.ledgers &&
         a.metrics_listen == b.metrics_listen && a.log_listen == b.log_listen &&
         a.serve_entries == b.serve_entries && a.witnesses == b.witnesses &&
         a.min_witnesses == b.min_witnesses && a.port_file == b.port_file &&
         a.backup_dir == b.backup_dir && a.drain_seconds == b.drain_seconds;
}

}  // namespace
}  // namespace caseledger::fuzz

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  // Every refusal is explained there.
  std::cout.rdbuf(nullptr);
  std::cerr.rdbuf(nullptr);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace caseledger;
  const std::string_view content(reinterpret_cast<const char*>(data), size);
  const app::ParsedOptions parsed = fuzz::Parse(content);
  if (!parsed.run) return 0;
  fuzz::CheckBounds(parsed.options);
  const app::ParsedOptions again = fuzz::Parse(content);
  fuzz::Check(again.run && fuzz::Same(parsed.options, again.options),
              "the same text says the same");
  return 0;
}
