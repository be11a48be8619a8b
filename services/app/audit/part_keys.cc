#include "services/app/audit/part_keys.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/verifiable/base64.h"

namespace caseledger::audit {
namespace {

using event::v1::SealState;

constexpr std::string_view kFirstLine = "caseledger/part-keys@v1\n";

constexpr std::array<std::pair<SealState, std::string_view>, 3> kWhyNone{
    {{event::v1::SEAL_STATE_ERASED, "erased"},
     {event::v1::SEAL_STATE_UNAVAILABLE, "unavailable"},
     {event::v1::SEAL_STATE_KEY_LOST, "lost"}}};

absl::Status Wrong() {
  return absl::InvalidArgumentError("does not say with which keys the parts of the event open");
}

absl::StatusOr<std::string> LineOf(const v1::PartKey& key) {
  std::string line = absl::StrJoin(key.path(), ".");
  if (!key.key().empty()) {
    if (key.key().size() != eventstore::kSecretKeyBytes) return Wrong();
    return StrCat(line, " ", eventstore::ToBase64(key.key()), "\n");
  }
  for (const auto& [state, word] : kWhyNone) {
    if (state == key.state()) return StrCat(line, " ", word, "\n");
  }
  return Wrong();
}

bool SetPath(std::string_view text, eventstore::PartPath& path) {
  const std::vector<std::string> numbers = absl::StrSplit(ToAbsl(text), '.');
  return std::all_of(numbers.begin(), numbers.end(), [&path](const std::string& number) {
    return absl::SimpleAtoi(number, &path.emplace_back());
  });
}

bool SetKey(std::string_view text, eventstore::PartKey& key) {
  for (const auto& [state, word] : kWhyNone) {
    if (word != text) continue;
    key.state = state;
    return true;
  }
  const std::optional<std::string> bytes = eventstore::FromBase64(text);
  if (!bytes || bytes->size() != eventstore::kSecretKeyBytes) return false;
  std::array<uint8_t, eventstore::kSecretKeyBytes> raw{};
  std::copy(bytes->begin(), bytes->end(), raw.begin());
  key.key = eventstore::SecretKey::Of(raw);
  return true;
}

}  // namespace

absl::StatusOr<std::string> PartKeysText(const v1::ExportedEvent& event) {
  std::string text(kFirstLine);
  for (const v1::PartKey& key : event.part_keys()) {
    ASSIGN_OR_RETURN(const std::string line, LineOf(key));
    text += line;
  }
  return text;
}

absl::StatusOr<std::vector<eventstore::PartKey>> ParsePartKeys(std::string_view text) {
  std::vector<eventstore::PartKey> keys;
  if (!text.starts_with(kFirstLine)) return Wrong();
  text.remove_prefix(kFirstLine.size());
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    const size_t space = line.find(' ');
    if (end == std::string_view::npos || space == std::string_view::npos) return Wrong();
    eventstore::PartKey& key = keys.emplace_back();
    if (!SetPath(line.substr(0, space), key.path) || !SetKey(line.substr(space + 1), key)) {
      return Wrong();
    }
    text.remove_prefix(end + 1);
  }
  return keys;
}

}  // namespace caseledger::audit
