// What the rows of a report count, in a form in which the same is written the same.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "caseledger/v1/report_definition.pb.h"

namespace caseledger::disclosure {

struct Counted {
  std::string stem;               // what is counted, in which zone, by which rule of periods
  std::set<std::string> filters;  // each whole
  std::string split;           // the fields it is split by, each with its edges and kinds; "" none
  bool split_by_time = false;  // some of them by days or months
  bool adds_up = false;        // two periods' figures add up to that of both; contacts do
  bool at_end = false;         // looks at the end of the period alone

  // Figures with the same key count the same.
  std::string Key() const;
  // Whether everything that counts here counts in `whole` as well, and is the same thing there.
  bool IsPartOf(const Counted& whole) const;
};

// A filter that only says which codes of which field match; what is left of `part`'s filters when
// those of its whole are taken away.
struct CodesOf {
  std::string field;
  std::set<std::string> codes;
};

// One for each row, in their order. The definition is one that ParseReportDefinition accepted.
std::vector<Counted> CountedBy(const v1::ReportDefinition& definition);

// Of a row's own filters, the only one when it says nothing but codes; else an empty field.
CodesOf OnlyCodes(const v1::Indicator& indicator);

}  // namespace caseledger::disclosure
