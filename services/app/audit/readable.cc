#include "services/app/audit/readable.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>
#include <string_view>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "services/app/audit/bundle.h"
#include "services/app/cli/print/json.h"

namespace caseledger::audit {
namespace {

namespace fs = std::filesystem;

using Maker = std::string (*)(const Verified&);
constexpr std::array<std::pair<const char*, Maker>, 3> kReadable{{{kHistoryLinesFile, HistoryLines},
                                                                  {kHistoryPageFile, HistoryPage},
                                                                  {kGuaranteeFile, Guarantee}}};

std::set<std::string> FilesOf(const BundleFacts& facts) {
  std::set<std::string> files = {kFactsFile, kCheckpointFile, kVerifierKeysFile, kHeadProofFile};
  for (const auto& [name, maker] : kReadable) files.insert(name);
  const auto add = [&files](const std::string& event) {
    for (const char* ending : {".record", ".entry", ".keys", ".tlog-proof"})
      files.insert(event + ending);
  };
  add(kHeadsEvent);
  for (uint64_t revision = 1; revision <= facts.event_count; ++revision) add(EventFile(revision));
  return files;
}

// The files of a bundle in their folders, and nothing else: links neither, which show one thing now
// and another later.
absl::Status CheckNothingElse(const std::string& directory, const BundleFacts& facts) {
  const std::set<std::string> files = FilesOf(facts);
  std::set<std::string> folders;
  for (const std::string& file : files) {
    folders.insert(fs::path(file).parent_path().generic_string());
  }
  std::error_code error;
  for (fs::recursive_directory_iterator it(directory, error), end; !error && it != end;
       it.increment(error)) {
    const std::string name = it->path().lexically_relative(directory).generic_string();
    const fs::file_type type = it->symlink_status(error).type();
    if (error) break;
    const bool known = (type == fs::file_type::regular && files.contains(name)) ||
                       (type == fs::file_type::directory && folders.contains(name));
    if (!known) return absl::DataLossError(StrCat(name, " does not belong to the bundle"));
  }
  if (!error) return absl::OkStatus();
  return absl::UnavailableError(StrCat("cannot list ", directory, ": ", error.message()));
}

}  // namespace

std::string HistoryLines(const Verified& verified) {
  std::string lines;
  for (const v1::RecordedEvent& event : verified.events) {
    lines += cli::ToJsonLine(cli::ToJson(event));
  }
  return lines;
}

absl::Status WriteReadable(const std::string& directory, const Verified& verified) {
  for (const auto& [name, make] : kReadable) {
    RETURN_IF_ERROR(WriteFile(directory, name, make(verified)));
  }
  return absl::OkStatus();
}

absl::Status CheckReadable(const std::string& directory, const Verified& verified) {
  for (const auto& [name, make] : kReadable) {
    const absl::StatusOr<std::string> text = ReadFile(directory, name);
    if (absl::IsNotFound(text.status())) return absl::DataLossError(text.status().message());
    RETURN_IF_ERROR(text.status());
    if (*text == make(verified)) continue;
    return absl::DataLossError(
        StrCat(name,
               " does not say what the proven events do: it was changed, or written by "
               "another version of this program; the events themselves are good"));
  }
  return CheckNothingElse(directory, verified.facts);
}

}  // namespace caseledger::audit
