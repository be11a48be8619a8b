// What facts are called on printed pages.
#pragma once

#include <string_view>

namespace caseledger::audit {

// Of a fact such as `case_opened`, in Vietnamese; the name itself when this program does not know
// the fact.
std::string_view VietnameseTitle(std::string_view fact_name);

}  // namespace caseledger::audit
