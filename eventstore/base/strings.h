// Debian's Abseil was built for C++14, so absl::string_view and absl::optional are types of their
// own and do not convert from or to the standard ones. Our interfaces use the standard ones; these
// cross the border.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace caseledger {

inline absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view FromAbsl(absl::string_view text) { return {text.data(), text.size()}; }

namespace strings_internal {
template <typename T>
decltype(auto) Piece(const T& value) {
  if constexpr (std::is_same_v<T, std::string_view>) {
    return ToAbsl(value);
  } else {
    return (value);
  }
}
}  // namespace strings_internal

// absl::StrCat that also takes std::string_view.
template <typename... T>
std::string StrCat(const T&... pieces) {
  return absl::StrCat(strings_internal::Piece(pieces)...);
}

}  // namespace caseledger
