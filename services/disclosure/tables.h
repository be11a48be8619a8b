// From published tables to what everybody knows of their figures.
//
// Two figures are the same when they count the same things of the same period, whatever the report
// and the row are called, and have the same value; so a figure that a restatement did not change is
// known where one of both shows it. Relations are those that hold by what the definitions say, and
// those that a reader may suppose because the numbers agree:
//   identities of the definition
//   a row is a part of another of the same period when it counts the same with more filters
//   parts that take different codes of one field add up to no more than the whole
//   the groups of a row add up to it, or the row is no more than their sum
//   a period holds the periods inside it; counts of facts add up, of persons or records they do not
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "caseledger/v1/report_definition.pb.h"

namespace caseledger::disclosure {

struct TableGroup {
  std::vector<std::string> values;  // of each field that the row is split by
  uint64_t value = 0;
  bool withheld = false;
};

struct TableRow {
  std::string row;  // as the definition calls it
  uint64_t value = 0;
  bool withheld = false;
  std::vector<TableGroup> groups;
};

struct Table {
  v1::ReportDefinition definition;
  int64_t from_us = 0;          // microseconds since 1970
  int64_t to_us = 0;            // exclusive
  uint64_t smallest_shown = 5;  // figures below are withheld; 2 or more
  std::vector<TableRow> rows;
};

// A withheld figure that can be computed, or nearly so, whatever is withheld of the next table.
struct Exposed {
  size_t table = 0;    // of those before; their number for the next one
  std::string figure;  // such as `R7`, or `R7/female` of a group

  auto operator<=>(const Exposed&) const = default;
};

// What must be withheld of `next`, which nobody has seen yet, besides what was published `before`:
// sets `withheld` of its rows and groups. Returns what was given away before; empty as long as
// nothing but what comes from here was published, and nearly always when figures change between
// publications.
//
// Groups are withheld as a whole when the same figure was split in another way before, in `next` or
// in `before`, or is split by days or months, which are periods of their own.
std::vector<Exposed> WithholdFrom(Table& next, const std::vector<Table>& before);

}  // namespace caseledger::disclosure
