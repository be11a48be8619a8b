// What facts and their fields are called on printed pages.
#pragma once

#include <string_view>

namespace caseledger::cli {

// Of a fact such as `case_opened`, in Vietnamese; the name itself when this program does not know
// the fact.
std::string_view VietnameseTitle(std::string_view fact_name);

// Of a field of the facts of people, cases and shelters, such as `full_name`; its own name when
// this program does not know the field.
std::string_view VietnameseLabel(std::string_view field_name);

}  // namespace caseledger::cli
