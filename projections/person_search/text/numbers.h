// Phone and identity numbers as they are compared.
//
// Pure and thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace caseledger::projections::person_search {

// What a number may be asked for by besides the whole of it. Seven digits are what both reforms of
// the numbering plan left as they were (2017: area codes of landlines; 2018: prefixes of mobiles),
// and a provincial landline without its area code.
inline constexpr size_t kPhoneEndDigits = 7;
// Numbers told in one field that are looked at.
inline constexpr size_t kMostPhones = 4;
inline constexpr size_t kMostIdentityCharacters = 64;

// The phone numbers told in one field ("0912 345 678 / (0203) 3825 555"), in E.164 with country
// code 84 where none is told (`+84912345678`), else the digits told (`18001769`).
//
// - Spaces, dots, dashes and parentheses do not matter; `/ ; , |` and letters part two numbers.
// - A trunk 0, +84, 84 and 0084 are the same; also a 0 that a spreadsheet dropped.
// - The mobile prefixes of eleven-digit numbers (0162...) become those that replaced them: Decision
//   798/QD-BTTTT of 25 May 2018, the Ministry of Information and Communications.
// - Old area codes are not mapped: 033 was Quang Ninh and is a mobile prefix now.
// - Whether a number is in use is not judged.
std::vector<std::string> PhoneNumbers(std::string_view told);

// The last kPhoneEndDigits digits of a number from PhoneNumbers; empty when it has fewer.
std::string_view PhoneEnd(std::string_view number);

// A number of a document: letters in upper case and digits, everything between them dropped
// (`079203001234`, `B1234567`). Empty when nothing is left.
std::string IdentityNumber(std::string_view told);

}  // namespace caseledger::projections::person_search
