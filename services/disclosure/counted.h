// What the rows of a report count, in a form in which the same is written the same.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "caseledger/v1/report_definition.pb.h"

namespace caseledger::disclosure {

// Which codes of which field match, of a filter that says nothing else.
struct CodesOf {
  std::string field;
  std::set<std::string> codes;
};

struct Counted {
  std::string stem;  // what is counted, in which zone, by which rule of periods
  // Each filter whole, as text; with what it says when that is codes alone, else an empty field.
  std::map<std::string, CodesOf> filters;
  std::string split;           // the fields it is split by, each with its edges and kinds; "" none
  bool split_by_time = false;  // some of them by days or months
  bool adds_up = false;        // two periods' figures add up to that of both; contacts do
  bool at_end = false;         // looks at the end of the period alone

  // Figures with the same key count the same.
  std::string Key() const;
  // Whether everything that counts here counts in `whole` as well, and is the same thing there.
  bool IsPartOf(const Counted& whole) const;
  // When this is a part of `whole` by one filter more: what that says.
  CodesOf NarrowedBy(const Counted& whole) const;
};

// One for each row, in their order. The definition is one that ParseReportDefinition accepted.
std::vector<Counted> CountedBy(const v1::ReportDefinition& definition);

}  // namespace caseledger::disclosure
