// UTF-8 as files and terminals have it: strict checks, normal form, columns on the screen.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace caseledger::cli {

// Byte offset of the first sequence that is not UTF-8 (overlong forms, surrogates and numbers past
// U+10FFFF count as wrong), or nullopt when all of it is.
std::optional<size_t> FirstInvalidUtf8(std::string_view text);

// Number of Unicode characters. Bytes that are not UTF-8 count as one character each.
size_t CountCharacters(std::string_view text);

// The text in normalisation form C. Text that is not UTF-8 comes back unchanged.
std::string ToNfc(std::string_view text);

// Columns the text takes on a terminal: combining marks take none, wide characters take two.
size_t DisplayWidth(std::string_view text);

// The longest beginning that fits `columns`, with "…" at its end when something was cut off.
std::string FitToWidth(std::string_view text, size_t columns);

// The text with what a screen would not show, or would obey, written out as `\u{202e}`: control
// characters but for line feed and tab, marks that turn the direction of writing, other invisible
// ones. Bytes that are not UTF-8 become `\x{ff}`. For text of others.
std::string Visible(std::string_view text);

}  // namespace caseledger::cli
