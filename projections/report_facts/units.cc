#include "projections/report_facts/units.h"

#include "eventstore/base/strings.h"

namespace caseledger::projections {
namespace {

constexpr int kMaxUnitLevels = 16;

}  // namespace

std::string UnitName(std::string_view code, std::string_view version) {
  return code.empty() ? "" : StrCat(code, "@", version);
}

std::string VersionOf(std::string_view unit) {
  const size_t at = unit.find('@');
  return at == std::string_view::npos ? "" : std::string(unit.substr(at + 1));
}

void Units::Add(const event::v1::AdminUnitRegistered& unit) {
  units_[UnitName(unit.code(), unit.version())] = {unit.kind(),
                                                   UnitName(unit.parent_code(), unit.version())};
}

std::string Units::Parent(const std::string& unit) const {
  const auto found = units_.find(unit);
  return found == units_.end() ? "" : found->second.parent;
}

std::string Units::OfKind(const std::string& unit, const std::set<std::string>& kinds) const {
  std::string at = unit;
  for (int level = 0; level < kMaxUnitLevels && !at.empty(); ++level) {
    const auto found = units_.find(at);
    if (kinds.contains(found == units_.end() ? "" : found->second.kind)) return at;
    at = Parent(at);
  }
  return "";
}

bool Units::IsWithin(const std::string& unit, const std::set<std::string>& places) const {
  std::string at = unit;
  for (int level = 0; level < kMaxUnitLevels && !at.empty(); ++level) {
    if (places.contains(at)) return true;
    at = Parent(at);
  }
  return false;
}

}  // namespace caseledger::projections
