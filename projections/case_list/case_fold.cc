#include "projections/case_list/case_fold.h"

#include <algorithm>
#include <map>

namespace caseledger::projections {
namespace {

using event::v1::Fact;

constexpr char kOpen[] = "open";
constexpr char kClosed[] = "closed";
constexpr char kTransferred[] = "transferred";

std::string RiskName(event::v1::Risk risk) {
  switch (static_cast<int>(risk)) {
    case event::v1::RISK_LOW:
      return "low";
    case event::v1::RISK_MEDIUM:
      return "medium";
    case event::v1::RISK_HIGH:
      return "high";
    case event::v1::RISK_CRITICAL:
      return "critical";
    default:
      return "";
  }
}

class CaseFold {
 public:
  void Apply(const EffectiveFact& event) {
    switch (KindOf(event.fact)) {
      case Fact::kCaseOpened:
        return Open(event.fact.case_opened(), event.occurred_at);
      case Fact::kOwnerAssigned:
        row_.owner_agency_id = event.fact.owner_assigned().owner_agency_id();
        row_.owner_worker_id = event.fact.owner_assigned().owner_worker_id();
        return;
      case Fact::kParticipantAdded:
        roles_[event.fact.participant_added().person_id()] = event.fact.participant_added().role();
        return;
      case Fact::kParticipantRoleChanged:
        roles_[event.fact.participant_role_changed().person_id()] =
            event.fact.participant_role_changed().role();
        return;
      case Fact::kParticipantRemoved:
        roles_.erase(event.fact.participant_removed().person_id());
        return;
      case Fact::kRiskAssessed:
        row_.risk = RiskName(event.fact.risk_assessed().risk());
        return;
      case Fact::kCaseClosed:
        row_.phase = kClosed;
        row_.closed_at = event.occurred_at;
        return;
      case Fact::kCaseReopened:
        row_.phase = kOpen;
        row_.closed_at.reset();
        return;
      case Fact::kTransferAccepted:
        row_.phase = kTransferred;
        return;
      default:
        return;
    }
  }

  std::optional<CaseRow> Take() {
    if (!opened_) return std::nullopt;
    row_.client_count = static_cast<uint32_t>(
        std::count_if(roles_.begin(), roles_.end(), [](const auto& participant) {
          return participant.second == event::v1::PARTICIPANT_ROLE_CLIENT;
        }));
    return std::move(row_);
  }

 private:
  void Open(const event::v1::CaseOpened& fact, Micros at) {
    if (!opened_) row_.opened_at = at;
    opened_ = true;
    row_.phase = kOpen;
    row_.closed_at.reset();
    if (fact.has_external_ref()) {
      row_.external_ref = fact.external_ref().source() + "/" + fact.external_ref().value();
    }
    row_.case_type = fact.case_type();
    row_.concerns.assign(fact.concerns().begin(), fact.concerns().end());
    row_.owner_agency_id = fact.owner_agency_id();
    row_.owner_worker_id = fact.owner_worker_id();
    row_.unit_code = fact.unit().code();
    // A first impression stands until the risk is assessed.
    if (const std::string risk = RiskName(fact.risk()); !risk.empty()) row_.risk = risk;
  }

  CaseRow row_;
  bool opened_ = false;
  std::map<std::string, event::v1::ParticipantRole> roles_;
};

}  // namespace

bool MattersToCaseList(const Fact& fact) {
  switch (KindOf(fact)) {
    case Fact::kCaseOpened:
    case Fact::kOwnerAssigned:
    case Fact::kParticipantAdded:
    case Fact::kParticipantRoleChanged:
    case Fact::kParticipantRemoved:
    case Fact::kRiskAssessed:
    case Fact::kCaseClosed:
    case Fact::kCaseReopened:
    case Fact::kTransferAccepted:
      return true;
    default:
      return false;
  }
}

std::optional<CaseRow> FoldCase(const std::vector<EffectiveFact>& in_order) {
  CaseFold fold;
  for (const EffectiveFact& fact : in_order) fold.Apply(fact);
  return fold.Take();
}

}  // namespace caseledger::projections
