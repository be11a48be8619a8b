// What a query may name: the metrics of a page that was scraped, and what recording rules add.
#pragma once

#include <map>
#include <set>
#include <string>

namespace caseledger::testing {

// The labels of a metric, or of the result of a query: those that every series has, with the values
// that were seen. No values: any.
using SeriesLabels = std::map<std::string, std::set<std::string>>;

struct Metric {
  bool counter = false;  // also a histogram's _bucket, _sum and _count
  SeriesLabels labels;
};

struct Vocabulary {
  std::map<std::string, Metric> metrics;  // by name; a histogram under its three names
  // Names of families, as `# TYPE` says them.
  std::set<std::string> families;
  // Values that a label may have besides those that were seen.
  std::map<std::string, std::set<std::string>> possible;
};

// The family that a metric belongs to: `caseledger_batch_events` of `caseledger_batch_events_sum`.
std::string FamilyOf(const Vocabulary& vocabulary, const std::string& metric);

// Reads a page of Prometheus' text format, and adds the labels that Prometheus gives every series
// (`job`, `instance`) and its own metric `up`. What is not understood fails the test.
Vocabulary ReadScrape(const std::string& page);

}  // namespace caseledger::testing
