#include "services/app/monitoring/families.h"

#include <limits>

namespace caseledger::app {
namespace {

prometheus::MetricFamily Family(const std::string& name, const std::string& help,
                                prometheus::MetricType type) {
  prometheus::MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = type;
  return family;
}

prometheus::ClientMetric& AddMetric(prometheus::MetricFamily& family, const Labels& labels) {
  prometheus::ClientMetric& metric = family.metric.emplace_back();
  for (const auto& [name, value] : labels) metric.label.push_back({name, value});
  return metric;
}

}  // namespace

prometheus::MetricFamily GaugeFamily(const std::string& name, const std::string& help) {
  return Family(name, help, prometheus::MetricType::Gauge);
}

prometheus::MetricFamily CounterFamily(const std::string& name, const std::string& help) {
  return Family(name, help, prometheus::MetricType::Counter);
}

prometheus::MetricFamily HistogramFamily(const std::string& name, const std::string& help) {
  return Family(name, help, prometheus::MetricType::Histogram);
}

void AddGauge(prometheus::MetricFamily& family, const Labels& labels, double value) {
  AddMetric(family, labels).gauge.value = value;
}

void AddCounter(prometheus::MetricFamily& family, const Labels& labels, double value) {
  AddMetric(family, labels).counter.value = value;
}

void AddHistogram(prometheus::MetricFamily& family, const Labels& labels,
                  const DistributionCounts& counts, double units) {
  prometheus::ClientMetric::Histogram& histogram = AddMetric(family, labels).histogram;
  uint64_t below = 0;
  for (size_t i = 0; i < counts.counts.size(); ++i) {
    below += counts.counts[i];
    prometheus::ClientMetric::Bucket& bucket = histogram.bucket.emplace_back();
    bucket.cumulative_count = below;
    bucket.upper_bound = i < counts.bounds.size() ? static_cast<double>(counts.bounds[i]) / units
                                                  : std::numeric_limits<double>::infinity();
  }
  histogram.sample_count = below;
  histogram.sample_sum = static_cast<double>(counts.sum) / units;
}

}  // namespace caseledger::app
