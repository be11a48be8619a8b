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
    for (const char* ending : {".record", ".entry", ".tlog-proof"}) files.insert(event + ending);
  };
  add(kHeadsEvent);
  for (uint64_t revision = 1; revision <= facts.event_count; ++revision) add(EventFile(revision));
  return files;
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
  const std::set<std::string> known = FilesOf(verified.facts);
  std::error_code error;
  for (fs::recursive_directory_iterator it(directory, error), end; !error && it != end;
       it.increment(error)) {
    if (it->is_directory()) continue;
    const std::string name = fs::relative(it->path(), directory, error).generic_string();
    if (!known.contains(name)) {
      return absl::DataLossError(StrCat(name, " does not belong to the bundle"));
    }
  }
  if (error)
    return absl::UnavailableError(StrCat("cannot list ", directory, ": ", error.message()));
  return absl::OkStatus();
}

}  // namespace caseledger::audit
