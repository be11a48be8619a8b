// Whether a PromQL query asks for what there is. A query that names a metric or a label that nobody
// has is no error to Prometheus: it gives nothing, and an alert made of it never fires.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "tests/integration/monitoring/vocabulary.h"

namespace caseledger::testing {

struct CheckedQuery {
  std::vector<std::string> errors;  // everything wrong, each once
  SeriesLabels labels;              // that series of the result have
  std::set<std::string> names;      // metrics and recording rules it reads
};

// Reads the query and follows labels through it. Wrong is: a metric that was not scraped; a label
// that is matched, grouped by or joined on and that not every series has at that place; a value
// that is asked for and that the label neither had nor may have; two sides of an operator that are
// joined on all labels and do not have the same; a rate of what is no counter or of no range; a
// function or a grammar that is not known. `$name` in matchers is a variable of Grafana: any value.
CheckedQuery CheckQuery(const std::string& query, const Vocabulary& vocabulary);

}  // namespace caseledger::testing
