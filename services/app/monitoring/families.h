// Metric families for collectors, which read what others count.
#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <utility>
#include <vector>

#include "eventstore/base/distribution.h"

namespace caseledger::app {

using Families = std::vector<prometheus::MetricFamily>;
// Names and values. Values are few and known before: ledgers, projections, reasons; nobody's name.
using Labels = std::vector<std::pair<std::string, std::string>>;

prometheus::MetricFamily GaugeFamily(const std::string& name, const std::string& help);
prometheus::MetricFamily CounterFamily(const std::string& name, const std::string& help);
prometheus::MetricFamily HistogramFamily(const std::string& name, const std::string& help);

void AddGauge(prometheus::MetricFamily& family, const Labels& labels, double value);
void AddCounter(prometheus::MetricFamily& family, const Labels& labels, double value);
// `units` of the counted values are one of the metric's.
void AddHistogram(prometheus::MetricFamily& family, const Labels& labels,
                  const DistributionCounts& counts, double units = 1);

}  // namespace caseledger::app
