#include "projections/report_facts/groups.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"

namespace caseledger::projections {
namespace {

int64_t ToNumber(const std::string& text) {
  int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// The group of numbers from one edge to the next: `<4`, `4-5`, `6`, `31+`.
GroupValue Between(const std::vector<int64_t>& edges, int64_t number) {
  const auto next = std::upper_bound(edges.begin(), edges.end(), number);
  const int64_t order = next - edges.begin();
  if (next == edges.begin()) return {order, StrCat("<", edges.front())};
  const int64_t first = *std::prev(next);
  if (next == edges.end()) return {order, StrCat(first, "+")};
  const int64_t last = *next - 1;
  return {order, first == last ? StrCat(first) : StrCat(first, "-", last)};
}

absl::StatusOr<GroupValue> GroupOf(const CompiledGrouping& by, const std::string& value,
                                   Records& records) {
  if (!by.edges.empty()) return Between(by.edges, ToNumber(value));
  if (by.field.IsNumber()) return GroupValue{ToNumber(value), value};
  if (by.unit_kinds.empty() && by.unit_version.empty()) return GroupValue{0, value};
  ASSIGN_OR_RETURN(Attribution* const places, records.Places());
  std::string group = places->GroupOf(value, by.unit_kinds, by.unit_version);
  if (group.empty()) return GroupValue::Unknown();
  if (group == kNotAttributable) return GroupValue::NotAttributable();
  return GroupValue{0, std::move(group)};
}

absl::StatusOr<std::set<GroupValue>> ValuesOf(const CompiledGrouping& by, const Subject& subject,
                                              Records& records) {
  ASSIGN_OR_RETURN(const std::vector<std::string> values, records.Values(by.field, subject));
  std::set<GroupValue> groups;
  for (const std::string& value : values) {
    ASSIGN_OR_RETURN(GroupValue group, GroupOf(by, value, records));
    groups.insert(std::move(group));
  }
  if (groups.empty()) groups.insert(GroupValue::Unknown());
  return groups;
}

}  // namespace

absl::StatusOr<std::vector<GroupKey>> GroupsOf(const std::vector<CompiledGrouping>& by,
                                               const Subject& subject, Records& records) {
  std::vector<GroupKey> keys = {{}};
  for (const CompiledGrouping& grouping : by) {
    ASSIGN_OR_RETURN(const std::set<GroupValue> values, ValuesOf(grouping, subject, records));
    std::vector<GroupKey> longer;
    for (const GroupKey& key : keys) {
      for (const GroupValue& value : values) {
        longer.push_back(key);
        longer.back().push_back(value);
      }
    }
    keys = std::move(longer);
  }
  return keys;
}

}  // namespace caseledger::projections
