// Which texts may name an agency, a person, a purpose.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace caseledger::access {

inline constexpr size_t kMaxKeyChars = 64;

inline bool IsAsciiAlphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

inline bool IsKeyOf(std::string_view text, std::string_view punctuation) {
  return !text.empty() && text.size() <= kMaxKeyChars &&
         std::all_of(text.begin(), text.end(), [&](char c) {
           return IsAsciiAlphanumeric(c) || punctuation.find(c) != std::string_view::npos;
         });
}

// `[A-Za-z0-9._-]{1,64}`.
inline bool IsAgencyKey(std::string_view text) { return IsKeyOf(text, "._-"); }

// `[A-Za-z0-9._@:/-]{1,64}`: names of staff as identity providers give them, purposes, numbers of
// warrants.
inline bool IsNameKey(std::string_view text) { return IsKeyOf(text, "._-@:/"); }

}  // namespace caseledger::access
