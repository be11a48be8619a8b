// What is known of a person, and what is asked, as text that has been opened.
#pragma once

#include <string>
#include <vector>

namespace caseledger::projections::person_search {

// Texts of one person, as stored. Nothing here is kept longer than a call.
struct PersonText {
  std::vector<std::string> names = {};  // the full name first, then aliases; empty ones are nothing
  std::string phone = {};
  std::vector<std::string> identity_numbers = {};
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
