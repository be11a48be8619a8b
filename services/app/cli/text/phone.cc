#include "services/app/cli/text/phone.h"

namespace caseledger::cli {
namespace {

// The digits, or "" when the text holds anything that does not belong in a number.
std::string Digits(std::string_view told) {
  std::string digits;
  for (size_t i = 0; i < told.size(); ++i) {
    const char c = told[i];
    if (c >= '0' && c <= '9') {
      digits += c;
    } else if (!(c == '+' && i == 0) &&
               std::string_view(" .-()").find(c) == std::string_view::npos) {
      return "";
    }
  }
  return digits;
}

// The number without its country code or trunk zero, or "" when it has neither.
std::string National(std::string_view told, std::string digits) {
  const bool international = !told.empty() && told.front() == '+';
  if (international) return digits.starts_with("84") ? digits.substr(2) : "";
  if (digits.starts_with("0084")) return digits.substr(4);
  if (digits.starts_with("0")) return digits.substr(1);
  return digits.starts_with("84") ? digits.substr(2) : "";
}

}  // namespace

std::string NormalizePhone(std::string_view told) {
  const std::string national = National(told, Digits(told));
  if (national.empty()) return std::string(told);
  const bool mobile =
      national.size() == 9 && std::string_view("35789").find(national[0]) != std::string_view::npos;
  const bool landline = national.size() == 10 && national[0] == '2';
  return mobile || landline ? "+84" + national : std::string(told);
}

}  // namespace caseledger::cli
