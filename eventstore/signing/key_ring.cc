#include "eventstore/signing/key_ring.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/time/time.h"
#include "eventstore/backup/durable_file.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"

namespace caseledger::eventstore {
namespace {

constexpr std::string_view kUntil = " until ";
constexpr size_t kMaxFileBytes = 64u << 10;
constexpr char kHeader[] =
    "# Private keys that sign a ledger's checkpoints, or a witness's. Whoever has them can sign in "
    "its name.\n";

std::string TimeText(Micros time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixMicros(time), absl::UTCTimeZone());
}

std::optional<Micros> ReadTime(std::string_view text) {
  absl::Time time;
  if (!absl::ParseTime(absl::RFC3339_sec, ToAbsl(text), &time, nullptr)) return std::nullopt;
  return absl::ToUnixMicros(time);
}

}  // namespace

absl::StatusOr<KeyRing> KeyRing::Parse(std::string_view text) {
  KeyRing ring;
  size_t line_number = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++line_number;
    if (line.empty() || line.front() == '#') continue;
    const auto wrong = [line_number](std::string_view what) {
      return absl::InvalidArgumentError(StrCat("line ", line_number, ": ", what));
    };
    std::optional<Micros> until;
    if (const size_t at = line.find(kUntil); at != std::string_view::npos) {
      until = ReadTime(line.substr(at + kUntil.size()));
      if (!until) return wrong("`until` needs a time such as 2026-12-24T00:00:00Z");
      line = line.substr(0, at);
    }
    absl::StatusOr<SigningKey> key = SigningKey::Parse(line);
    if (!key.ok()) return wrong(FromAbsl(key.status().message()));
    const KeyAlgorithm algorithm = key->verifier().algorithm;
    if (ring.entries_.empty()) ring.algorithm_ = algorithm;
    if (algorithm != ring.algorithm_) return wrong("keys of a log and of a witness in one file");
    if (ring.entries_.size() == kMaxKeys) return wrong("too many keys");
    ring.entries_.push_back({*std::move(key), until});
  }
  return ring;
}

std::string KeyRing::ToText() const {
  std::string text = kHeader;
  for (const Entry& entry : entries_) {
    text += entry.key.ToText();
    if (entry.until) text += StrCat(kUntil, TimeText(*entry.until));
    text += "\n";
  }
  return text;
}

absl::StatusOr<KeyRing> KeyRing::Load(const std::string& path) {
  struct stat found {};
  if (stat(path.c_str(), &found) == 0 && (found.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return absl::FailedPreconditionError(
        StrCat("others may read the keys in ", path, ": run `chmod 600 ", path,
               "`, and if somebody may have read them, rotate them with `caseledger key rotate`"));
  }
  ASSIGN_OR_RETURN(const std::string text, ReadSmallFile(path, kMaxFileBytes));
  absl::StatusOr<KeyRing> ring = Parse(text);
  if (!ring.ok()) {
    return absl::InvalidArgumentError(StrCat(path, ", ", FromAbsl(ring.status().message())));
  }
  return ring;
}

absl::Status KeyRing::Save(const std::string& path) const {
  // WriteFileDurably makes files for this user only.
  return WriteFileDurably(path, ToText());
}

absl::StatusOr<VerifierKey> KeyRing::Add(std::string_view name, Micros others_until,
                                         RandomSource& random) {
  if (entries_.size() == kMaxKeys) {
    return absl::ResourceExhaustedError(
        StrCat("the ring has ", kMaxKeys, " keys; remove the oldest, which sign no more"));
  }
  ASSIGN_OR_RETURN(SigningKey key, SigningKey::Generate(name, algorithm_, random));
  for (Entry& entry : entries_) {
    entry.until = std::min(entry.until.value_or(others_until), others_until);
  }
  entries_.push_back({std::move(key), std::nullopt});
  return entries_.back().key.verifier();
}

std::vector<SigningKey> KeyRing::SigningAt(Micros now) const {
  std::vector<SigningKey> keys;
  for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
    if (!entry->until || now < *entry->until) keys.push_back(entry->key);
  }
  return keys;
}

std::vector<VerifierKey> KeyRing::Verifiers() const {
  std::vector<VerifierKey> keys;
  for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
    keys.push_back(entry->key.verifier());
  }
  return keys;
}

std::vector<KeyRing::Listed> KeyRing::List() const {
  std::vector<Listed> listed;
  for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
    listed.push_back({entry->key.verifier(), entry->until});
  }
  return listed;
}

}  // namespace caseledger::eventstore
