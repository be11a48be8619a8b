#include "eventstore/verifiable/base64.h"

#include "absl/strings/escaping.h"
#include "eventstore/base/strings.h"

namespace caseledger::eventstore {

std::string ToBase64(std::string_view bytes) { return absl::Base64Escape(ToAbsl(bytes)); }

std::optional<std::string> FromBase64(std::string_view text) {
  std::string bytes;
  if (!absl::Base64Unescape(ToAbsl(text), &bytes)) return std::nullopt;
  // Abseil also takes spaces, missing padding and the alphabet of URLs.
  if (ToBase64(bytes) != text) return std::nullopt;
  return bytes;
}

}  // namespace caseledger::eventstore
