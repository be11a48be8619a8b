#include "services/domain/case_record/plans.h"

#include "services/domain/case_record/lookup.h"
#include "services/domain/rejection.h"

namespace caseledger::domain {

void Plans::Apply(const DomainEvent& event) {
  const Fact& fact = *event.fact;
  switch (KindOf(fact)) {
    case Fact::kPlanDrafted:
      plans[fact.plan_drafted().plan_id()] = {Phase::kDrafted, event.actor, event.corrected_by,
                                              fact.plan_drafted().content_hash()};
      break;
    case Fact::kPlanApproved:
      Decide(fact.plan_approved().plan_id(), Phase::kApproved);
      break;
    case Fact::kPlanRejected:
      Decide(fact.plan_rejected().plan_id(), Phase::kRejected);
      break;
    default:
      break;
  }
}

void Plans::Decide(const std::string& plan_id, Phase phase) {
  if (Plan* plan = Find(plans, plan_id)) plan->phase = phase;
}

absl::Status Plans::Check(const DomainEvent& event) const {
  const Fact& fact = *event.fact;
  switch (KindOf(fact)) {
    case Fact::kPlanDrafted: {
      const std::string& key = fact.plan_drafted().plan_id();
      return plans.contains(key) ? Reject(Reason::kKeyUsed, key) : absl::OkStatus();
    }
    case Fact::kPlanApproved:
      return CheckApproval(event);
    case Fact::kPlanRejected:
      return CheckUndecided(fact.plan_rejected().plan_id());
    case Fact::kPlanReviewed: {
      const std::string& key = fact.plan_reviewed().plan_id();
      const Plan* plan = Find(plans, key);
      if (plan == nullptr) return Reject(Reason::kPlanUnknown, key);
      const bool approved = plan->phase == Phase::kApproved;
      return approved ? absl::OkStatus() : Reject(Reason::kPlanNotApproved, key);
    }
    default:
      return absl::OkStatus();
  }
}

absl::Status Plans::CheckUndecided(const std::string& plan_id) const {
  const Plan* plan = Find(plans, plan_id);
  if (plan == nullptr) return Reject(Reason::kPlanUnknown, plan_id);
  const bool undecided = plan->phase == Phase::kDrafted;
  return undecided ? absl::OkStatus() : Reject(Reason::kPlanDecided, plan_id);
}

absl::Status Plans::CheckApproval(const DomainEvent& event) const {
  const event::v1::PlanApproved& approved = event.fact->plan_approved();
  const std::string& key = approved.plan_id();
  if (absl::Status status = CheckUndecided(key); !status.ok()) return status;
  const Plan& plan = plans.at(key);
  if (plan.drafter == event.actor || plan.corrector == event.actor) {
    return Reject(Reason::kPlanApproverIsDrafter, key);
  }
  if (plan.content_hash != approved.content_hash()) return Reject(Reason::kPlanHashDiffers, key);
  return absl::OkStatus();
}

}  // namespace caseledger::domain
