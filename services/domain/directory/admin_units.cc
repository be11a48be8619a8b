#include "services/domain/directory/admin_units.h"

#include <string_view>

#include "services/domain/rejection.h"

namespace caseledger::domain {
namespace {

// Kinds are an open list: a kind nobody knows yet may stand under any unit.
bool MayStandUnder(std::string_view kind, std::string_view parent_kind) {
  if (kind == "district") return parent_kind == "province";
  if (kind == "commune") return parent_kind == "district" || parent_kind == "province";
  return true;
}

std::string NameOf(const event::v1::UnitRef& unit) { return unit.code() + "@" + unit.version(); }

}  // namespace

void AdminUnitsState::Apply(const DomainEvent& event) {
  if (event.fact->has_unit_succession_recorded()) {
    const event::v1::UnitSuccessionRecorded& one = event.fact->unit_succession_recorded();
    taken_over[NameOf(one.predecessor())][one.code()] = one.share_millionths();
    return;
  }
  if (!event.fact->has_admin_unit_registered()) return;
  const event::v1::AdminUnitRegistered& unit = event.fact->admin_unit_registered();
  kinds[unit.code()] = unit.kind();
}

absl::Status AdminUnitsState::Check(const DomainEvent& event) const {
  if (event.fact->has_unit_succession_recorded()) {
    return CheckSuccession(event.fact->unit_succession_recorded());
  }
  if (!event.fact->has_admin_unit_registered()) return absl::OkStatus();
  const event::v1::AdminUnitRegistered& unit = event.fact->admin_unit_registered();
  if (kinds.contains(unit.code())) return Reject(Reason::kUnitCodeUsed, unit.code());
  return CheckParent(unit);
}

absl::Status AdminUnitsState::CheckParent(const event::v1::AdminUnitRegistered& unit) const {
  if (unit.kind() == "province") {
    return unit.parent_code().empty() ? absl::OkStatus()
                                      : Reject(Reason::kUnitParentOfWrongKind, unit.code());
  }
  const auto parent = kinds.find(unit.parent_code());
  if (parent == kinds.end()) return Reject(Reason::kUnitParentUnknown, unit.parent_code());
  if (!MayStandUnder(unit.kind(), parent->second)) {
    return Reject(Reason::kUnitParentOfWrongKind, unit.code());
  }
  return absl::OkStatus();
}

absl::Status AdminUnitsState::CheckSuccession(
    const event::v1::UnitSuccessionRecorded& succession) const {
  const std::string predecessor = NameOf(succession.predecessor());
  if (succession.predecessor().version() == succession.version()) {
    return Reject(Reason::kPredecessorOfSameVersion, predecessor);
  }
  if (!kinds.contains(succession.code())) {
    return Reject(Reason::kSuccessorUnknown, succession.code());
  }
  const auto taken = taken_over.find(predecessor);
  if (taken == taken_over.end()) return absl::OkStatus();
  if (taken->second.contains(succession.code())) {
    return Reject(Reason::kSuccessionRecorded, predecessor);
  }
  uint64_t sum = succession.share_millionths();
  for (const auto& [code, share] : taken->second) sum += share;
  return sum <= kWholeMillionths + kMostRoundingMillionths
             ? absl::OkStatus()
             : Reject(Reason::kSharesAboveWhole, predecessor);
}

absl::StatusOr<Decided> DecideAdminUnits(const AdminUnitsState&, const Fact& fact,
                                         const Context& context) {
  Decided decided{fact, {}, {}};
  if (fact.has_admin_unit_registered()) {
    decided.fact.mutable_admin_unit_registered()->set_version(context.record_name);
  } else if (fact.has_unit_succession_recorded()) {
    decided.fact.mutable_unit_succession_recorded()->set_version(context.record_name);
  }
  return decided;
}

}  // namespace caseledger::domain
