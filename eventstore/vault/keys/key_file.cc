#include "eventstore/vault/keys/key_file.h"

#include <openssl/crypto.h>

#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "eventstore/base/hash.h"
#include "eventstore/base/strings.h"

namespace caseledger::eventstore {
namespace {

constexpr std::string_view kFormat = "caseledger wrapping key ";
constexpr std::string_view kVersion = "1";
constexpr std::string_view kDigits = "0123456789abcdef";
constexpr size_t kKeyDigits = 2 * kSecretKeyBytes;

std::string TimeText(Micros time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::FromUnixMicros(time), absl::UTCTimeZone());
}

// The rest of the line that begins with `name`, which is taken off the text.
std::optional<std::string_view> TakeLine(std::string_view& text, std::string_view name) {
  const size_t end = text.find('\n');
  if (end == std::string_view::npos || !text.starts_with(name)) return std::nullopt;
  const std::string_view rest = text.substr(name.size(), end - name.size());
  text.remove_prefix(end + 1);
  return rest;
}

std::optional<SecretKey> KeyOf(std::string_view digits) {
  if (digits.size() != kKeyDigits) return std::nullopt;
  std::array<uint8_t, kSecretKeyBytes> bytes;
  size_t wrong = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    const size_t high = kDigits.find(digits[2 * i]);
    const size_t low = kDigits.find(digits[2 * i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) ++wrong;
    bytes[i] = static_cast<uint8_t>(high << 4U | low);
  }
  std::optional<SecretKey> key;
  if (wrong == 0) key = SecretKey::Of(bytes);
  OPENSSL_cleanse(bytes.data(), bytes.size());
  return key;
}

}  // namespace

SecretText WriteKeyFile(const WrappingKey& key) {
  std::string text;
  text.reserve(kKeyFileBytes);  // a text that moved would leave the key behind
  text.append(kFormat).append(kVersion);
  text.append("\nid ").append(key.info.id.ToString());
  text.append("\ncreated ").append(TimeText(key.info.created_at));
  text.append("\nkey ");
  for (const char byte : key.key.raw()) {
    text.push_back(kDigits[static_cast<uint8_t>(byte) >> 4U]);
    text.push_back(kDigits[static_cast<uint8_t>(byte) & 0x0FU]);
  }
  text.push_back('\n');
  const std::string check = Sha256({text}).ToHex();
  text.append("check ").append(check).push_back('\n');
  return SecretText(std::move(text));
}

absl::StatusOr<WrappingKey> ReadKeyFile(std::string_view text) {
  const auto damaged = [] { return absl::DataLossError("is damaged"); };
  std::string_view rest = text;
  const std::optional<std::string_view> version = TakeLine(rest, kFormat);
  if (!version || version->find_first_not_of("0123456789") != std::string_view::npos) {
    return damaged();
  }
  if (*version != kVersion) {
    return absl::FailedPreconditionError(
        "is of a format this program does not know: use the version that wrote it, or a later one");
  }
  const std::optional<std::string_view> id_text = TakeLine(rest, "id ");
  const std::optional<std::string_view> created_text = TakeLine(rest, "created ");
  const std::optional<std::string_view> digits = TakeLine(rest, "key ");
  if (!id_text || !created_text || !digits) return damaged();
  const std::optional<Uuid> id = Uuid::Parse(*id_text);
  std::optional<SecretKey> key = KeyOf(*digits);
  absl::Time created;
  if (!id || !key || !absl::ParseTime(absl::RFC3339_full, ToAbsl(*created_text), &created, nullptr))
    return damaged();
  WrappingKey read{{*id, absl::ToUnixMicros(created)}, *std::move(key)};
  // The check with the rest: whatever is not what we would write has been changed.
  if (WriteKeyFile(read).view() != text) return damaged();
  return read;
}

}  // namespace caseledger::eventstore
