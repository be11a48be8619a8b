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

}  // namespace

void AdminUnitsState::Apply(const DomainEvent& event) {
  if (!event.fact->has_admin_unit_registered()) return;
  const event::v1::AdminUnitRegistered& unit = event.fact->admin_unit_registered();
  kinds[unit.code()] = unit.kind();
}

absl::Status AdminUnitsState::Check(const DomainEvent& event) const {
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

absl::StatusOr<Decided> DecideAdminUnits(const AdminUnitsState&, const Fact& fact,
                                         const Context& context) {
  Decided decided{fact, {}, {}};
  if (fact.has_admin_unit_registered()) {
    decided.fact.mutable_admin_unit_registered()->set_version(context.record_name);
  }
  return decided;
}

}  // namespace caseledger::domain
