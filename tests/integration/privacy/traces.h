// The shapes in which somebody's name, number or a note about them could lie in a file.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace caseledger::testing {

// What a scan looks for. Shorter texts than this stand by chance in sealed bytes, and are left out
// one by one: of a name of which too little is left without its marks, its other shapes are looked
// for.
inline constexpr size_t kShortestTrace = 6;  // bytes

class Traces {
 public:
  // Words of these texts say nothing of anybody.
  void AddCommon(std::string_view text);

  // With marks as typed and moved apart from their letters (NFC, NFD), without any, each in small
  // and capital letters, as UTF-8 and as UTF-16 of either byte order; the UTF-8 of it as typed also
  // as base64 and hexadecimal.
  void AddName(std::string_view name);
  // As a name, and every word of it with at least four letters that AddCommon() did not have.
  void AddText(std::string_view text);
  // With +84, 84, 0 and neither in front; in groups, separated by blank, full stop, hyphen; its
  // last seven digits; as base64 and hexadecimal.
  void AddPhone(std::string_view phone);
  // As written, and its digits in groups of three and four; its last eight digits.
  void AddNumber(std::string_view number);

  const std::set<std::string>& texts() const { return texts_; }

 private:
  void Add(std::string_view bytes);
  void AddSpellings(std::string_view text);
  void AddEncodings(std::string_view bytes);
  void AddGroups(std::string_view digits);

  std::set<std::string> common_;  // words, in small letters and without marks
  std::set<std::string> texts_;
};

}  // namespace caseledger::testing
