#include "tests/integration/monitoring/promql_join.h"

namespace caseledger::testing {
namespace {

std::string Listed(const LabelNames& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return "(" + text + ")";
}

// Labels that both have, with the values of both.
SeriesLabels Either(const SeriesLabels& left, const SeriesLabels& right) {
  SeriesLabels labels = Keep(left, NamesOf(right));
  for (auto& [name, values] : labels) {
    const std::set<std::string>& more = right.at(name);
    if (more.empty()) values.clear();
    if (!values.empty()) values.insert(more.begin(), more.end());
  }
  return labels;
}

// The labels that two series must share to be joined.
LabelNames KeysOf(const std::string& where, const Value& left, const Matching& matching,
                  const Value& right, bool must_match, const OnError& wrong) {
  if (matching.on) {
    NeedLabels(*matching.on, left.labels, where + ", left of on", wrong);
    NeedLabels(*matching.on, right.labels, where + ", right of on", wrong);
    return *matching.on;
  }
  const LabelNames ignored = matching.ignoring.value_or(LabelNames());
  for (const std::string& name : ignored) {
    if (!left.labels.contains(name)) NeedLabels({name}, right.labels, where + ", ignoring", wrong);
  }
  const LabelNames keys = NamesOf(Drop(left.labels, ignored));
  if (must_match && keys != NamesOf(Drop(right.labels, ignored))) {
    wrong(where + ": they have not the same labels, so nothing matches");
  }
  return keys;
}

// The labels of the side of which many series may match, with some of the other's.
SeriesLabels Grouped(const SeriesLabels& many, const SeriesLabels& one, const LabelNames& taken,
                     const std::string& where, const OnError& wrong) {
  NeedLabels(taken, one, where + ", group", wrong);
  SeriesLabels labels = many;
  for (const auto& [name, values] : Keep(one, taken)) labels[name] = values;
  return labels;
}

}  // namespace

LabelNames NamesOf(const SeriesLabels& labels) {
  LabelNames names;
  for (const auto& [name, values] : labels) names.insert(name);
  return names;
}

SeriesLabels Keep(const SeriesLabels& labels, const LabelNames& names) {
  SeriesLabels kept;
  for (const auto& [name, values] : labels) {
    if (names.contains(name)) kept[name] = values;
  }
  return kept;
}

SeriesLabels Drop(SeriesLabels labels, const LabelNames& names) {
  for (const std::string& name : names) labels.erase(name);
  return labels;
}

void NeedLabels(const LabelNames& names, const SeriesLabels& labels, const std::string& where,
                const OnError& wrong) {
  for (const std::string& name : names) {
    if (labels.contains(name)) continue;
    wrong(where + ": no label " + name + " among " + Listed(NamesOf(labels)));
  }
}

Value Join(const std::string& op, const Value& left, const Matching& matching, const Value& right,
           const OnError& wrong) {
  using Type = Value::Type;
  if (left.type == Type::kRange || right.type == Type::kRange) wrong(op + " of a range");
  if (left.type == Type::kScalar) return {right.type, right.labels, false};
  if (right.type == Type::kScalar) return {left.type, left.labels, false};
  const std::string where =
      op + " between " + Listed(NamesOf(left.labels)) + " and " + Listed(NamesOf(right.labels));
  const LabelNames keys = KeysOf(where, left, matching, right, op != "or", wrong);
  if (op == "or") return {Type::kInstant, Either(left.labels, right.labels), false};
  if (op == "and" || op == "unless") return {Type::kInstant, left.labels, false};
  if (matching.group_left) {
    return {Type::kInstant, Grouped(left.labels, right.labels, *matching.group_left, where, wrong),
            false};
  }
  if (matching.group_right) {
    return {Type::kInstant, Grouped(right.labels, left.labels, *matching.group_right, where, wrong),
            false};
  }
  return {Type::kInstant, Keep(left.labels, keys), false};
}

}  // namespace caseledger::testing
