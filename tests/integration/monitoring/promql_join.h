// What an operator of PromQL makes of the labels of its two sides.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>

#include "tests/integration/monitoring/vocabulary.h"

namespace caseledger::testing {

using LabelNames = std::set<std::string>;

// What a part of a query gives.
struct Value {
  enum class Type { kScalar, kInstant, kRange };
  Type type = Type::kScalar;
  SeriesLabels labels;
  bool counter = false;
};

// How the two sides of an operator are joined.
struct Matching {
  std::optional<LabelNames> on;
  std::optional<LabelNames> ignoring;
  std::optional<LabelNames> group_left;
  std::optional<LabelNames> group_right;
};

using OnError = std::function<void(const std::string& error)>;

LabelNames NamesOf(const SeriesLabels& labels);
SeriesLabels Keep(const SeriesLabels& labels, const LabelNames& names);
SeriesLabels Drop(SeriesLabels labels, const LabelNames& names);

// An error for each of the names that `labels` lack; `where` begins it.
void NeedLabels(const LabelNames& names, const SeriesLabels& labels, const std::string& where,
                const OnError& wrong);

// The result of `left op right`.
Value Join(const std::string& op, const Value& left, const Matching& matching, const Value& right,
           const OnError& wrong);

}  // namespace caseledger::testing
