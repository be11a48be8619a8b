#include "services/domain/directory/agency.h"

#include <utility>

#include "services/domain/rejection.h"

namespace caseledger::domain {

void AgencyState::Apply(const DomainEvent& event) {
  const Fact& fact = *event.fact;
  switch (KindOf(fact)) {
    case Fact::kAgencyRegistered:
      registered = true;
      break;
    case Fact::kAgencyRetired:
      retired = true;
      break;
    case Fact::kRoleGranted: {
      const event::v1::RoleGranted& granted = fact.role_granted();
      const Micros expires_at = granted.has_expire_time() ? ToMicros(granted.expire_time()) : 0;
      grants[granted.grant_id()] = {granted.person_name(), granted.role(), expires_at, false};
      break;
    }
    case Fact::kRoleEnded:
      grants[fact.role_ended().grant_id()].ended = true;
      break;
    default:
      break;
  }
}

absl::Status AgencyState::Check(const DomainEvent& event) const {
  const Fact& fact = *event.fact;
  if (fact.has_agency_registered()) {
    return registered ? Reject(Reason::kRecordExists) : absl::OkStatus();
  }
  if (!registered) return Reject(Reason::kBeforeRecordBegan);
  if (fact.has_role_ended()) return CheckGrantEnd(fact.role_ended().grant_id());
  if (retired) return Reject(Reason::kAgencyRetired);
  if (fact.has_role_granted()) return CheckGrant(event);
  return absl::OkStatus();
}

absl::Status AgencyState::CheckGrant(const DomainEvent& event) const {
  const event::v1::RoleGranted& granted = event.fact->role_granted();
  if (grants.contains(granted.grant_id())) {
    return Reject(Reason::kGrantKeyUsed, granted.grant_id());
  }
  if (granted.has_expire_time() && ToMicros(granted.expire_time()) <= event.occurred_at) {
    return Reject(Reason::kGrantExpiresBeforeItBegins, granted.grant_id());
  }
  return absl::OkStatus();
}

absl::Status AgencyState::CheckGrantEnd(const std::string& grant_id) const {
  const auto grant = grants.find(grant_id);
  if (grant == grants.end()) return Reject(Reason::kGrantUnknown, grant_id);
  if (grant->second.ended) return Reject(Reason::kGrantEnded, grant_id);
  return absl::OkStatus();
}

absl::StatusOr<Decided> DecideAgency(const AgencyState&, const Fact& fact, const Context& context) {
  Decided decided{fact, {}, {}};
  if (fact.has_agency_registered()) {
    decided.fact.mutable_agency_registered()->set_agency_id(context.record_name);
  }
  return decided;
}

std::set<std::string> RolesOf(const AgencyState& state, std::string_view person_name, Micros at) {
  std::set<std::string> roles;
  for (const auto& [key, grant] : state.grants) {
    const bool runs = !grant.ended && (grant.expires_at == 0 || at < grant.expires_at);
    if (runs && grant.person_name == person_name) roles.insert(grant.role);
  }
  return roles;
}

}  // namespace caseledger::domain
