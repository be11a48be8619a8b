// What is known of a person, and what is asked, as text that has been opened.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace caseledger::projections::person_search {

// Texts of one person, as stored. Nothing here is kept longer than a call.
struct PersonText {
  std::vector<std::string> names = {};  // the full name first, then aliases; empty ones are nothing
  std::string phone = {};
  std::vector<std::string> identity_numbers = {};
};

// A person's texts and what tells namesakes apart. For one answer; never kept.
struct OpenedPerson {
  PersonText text = {};
  std::string sex = {};     // `female`, `male`, `other`, `unknown`; empty: not told
  uint32_t birth_year = 0;  // 0: unknown
};

// What to look for, as typed. Every part that is not empty must fit.
struct Asked {
  std::string name = {};
  // The last word of `name` may be only begun: `nguyen thi la`.
  bool last_word_unfinished = false;
  std::string phone = {};
  std::string identity_number = {};
};

}  // namespace caseledger::projections::person_search
