// Base64 of RFC 4648, section 4, with padding; one text for each sequence of bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace caseledger::eventstore {

std::string ToBase64(std::string_view bytes);
// Nullopt for any text that ToBase64 does not make.
std::optional<std::string> FromBase64(std::string_view text);

}  // namespace caseledger::eventstore
