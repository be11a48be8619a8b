#include "tests/integration/monitoring/vocabulary.h"

#include <regex>
#include <sstream>

#include "gtest/gtest.h"

namespace caseledger::testing {
namespace {

const SeriesLabels kOfTheTarget = {{"job", {}}, {"instance", {}}};

SeriesLabels LabelsIn(const std::string& text) {
  static const std::regex kLabel(R"re(([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)",?)re");
  SeriesLabels labels;
  size_t read = 0;
  for (std::sregex_iterator found(text.begin(), text.end(), kLabel), end; found != end; ++found) {
    labels[(*found)[1]].insert((*found)[2]);
    read += static_cast<size_t>(found->length());
  }
  EXPECT_EQ(read, text.size()) << "not understood: {" << text << "}";
  return labels;
}

// Labels that not all series have are no labels of the metric.
void Merge(SeriesLabels& into, const SeriesLabels& labels) {
  std::erase_if(into, [&](const auto& label) { return !labels.contains(label.first); });
  for (auto& [name, values] : into) {
    if (const auto& more = labels.at(name); !values.empty()) {
      values.insert(more.begin(), more.end());
    }
  }
}

}  // namespace

std::string FamilyOf(const Vocabulary& vocabulary, const std::string& metric) {
  if (vocabulary.families.contains(metric)) return metric;
  for (const std::string suffix : {"_bucket", "_sum", "_count"}) {
    if (!metric.ends_with(suffix)) continue;
    const std::string family = metric.substr(0, metric.size() - suffix.size());
    if (vocabulary.families.contains(family)) return family;
  }
  return "";
}

Vocabulary ReadScrape(const std::string& page) {
  static const std::regex kType(R"(# TYPE (\S+) (\S+))");
  static const std::regex kSeries(R"re(([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? \S+)re");
  Vocabulary vocabulary;
  std::map<std::string, std::string> types;
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (std::regex_match(line, match, kType)) {
      types[match[1]] = match[2];
      vocabulary.families.insert(match[1]);
      continue;
    }
    if (line.empty() || line.starts_with("# HELP ")) continue;
    if (!std::regex_match(line, match, kSeries)) {
      ADD_FAILURE() << "not understood: " << line;
      continue;
    }
    SeriesLabels labels = LabelsIn(match[2]);
    labels.insert(kOfTheTarget.begin(), kOfTheTarget.end());
    const std::string type = types[FamilyOf(vocabulary, match[1])];
    const auto [found, added] = vocabulary.metrics.try_emplace(
        match[1], Metric{type == "counter" || type == "histogram", labels});
    if (!added) Merge(found->second.labels, labels);
  }
  vocabulary.metrics["up"] = {false, kOfTheTarget};
  return vocabulary;
}

}  // namespace caseledger::testing
