// Phone numbers of Viet Nam.
#pragma once

#include <string>
#include <string_view>

namespace caseledger::cli {

// E.164 (`+84912345678`) where the number is clearly Vietnamese: a mobile number of ten digits that
// begins with 03, 05, 07, 08 or 09, a landline of eleven that begins with 02, each also with +84,
// 84 or 0084 in place of the first 0; spaces, dots, dashes and parentheses do not matter. Anything
// else comes back as told.
std::string NormalizePhone(std::string_view told);

}  // namespace caseledger::cli
