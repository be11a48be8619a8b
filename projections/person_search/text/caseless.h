// Unicode as names and numbers need it, by ICU.
#pragma once

#include <unicode/unistr.h>

#include <string_view>

namespace caseledger::projections::person_search {

// What ICU cannot do for lack of its own data would silently be folded otherwise than elsewhere:
// says so on standard error and ends the program.
[[noreturn]] void StopWithoutIcuData();

// NFKC_Casefold (Unicode Standard, 3.13): lower case, no compatibility forms such as full width, no
// invisible characters. Bytes that are no UTF-8 become U+FFFD.
icu::UnicodeString Caseless(std::string_view text);
icu::UnicodeString Caseless(const icu::UnicodeString& text);

}  // namespace caseledger::projections::person_search
