// JSON as tokens and key files hold it, read strictly: what two readers could take for different
// things is refused.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace caseledger::access {

// An object; nullopt when the text is no JSON, not UTF-8, no object, names a member twice, or nests
// deeper than 16.
std::optional<nlohmann::json> ParseObject(std::string_view text);

// The member when it is a text; nullopt when it is absent or something else.
std::optional<std::string> TextOf(const nlohmann::json& object, const char* name);

// Base64url without padding (RFC 7515, section 2). nullopt for any other character, an impossible
// length, or bits left over that are not zero, so that no two texts mean the same bytes.
std::optional<std::string> DecodeBase64Url(std::string_view text);

}  // namespace caseledger::access
