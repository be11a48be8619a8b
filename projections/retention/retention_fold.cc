#include "projections/retention/retention_fold.h"

#include <set>
#include <string_view>

namespace caseledger::projections {
namespace {

using event::v1::Fact;

class RetentionFold {
 public:
  void Apply(const EffectiveFact& event) {
    const Fact& fact = event.fact;
    switch (KindOf(fact)) {
      case Fact::kCaseOpened:
        opened_ = true;
        kept_.closed_at.reset();
        kept_.case_type = fact.case_opened().case_type();
        kept_.owner_agency_id = fact.case_opened().owner_agency_id();
        return;
      case Fact::kOwnerAssigned:
        kept_.owner_agency_id = fact.owner_assigned().owner_agency_id();
        return;
      case Fact::kParticipantAdded:
        return AddPerson(fact.participant_added().person_id());
      case Fact::kCaseClosed:
        kept_.closed_at = event.occurred_at;
        return;
      case Fact::kCaseReopened:
        kept_.closed_at.reset();
        return;
      case Fact::kLegalHoldPlaced:
        holds_.insert(fact.legal_hold_placed().hold_id());
        return;
      case Fact::kLegalHoldLifted:
        holds_.erase(fact.legal_hold_lifted().hold_id());
        return;
      default:
        return;
    }
  }

  std::optional<KeptCase> Take() {
    if (!opened_) return std::nullopt;
    kept_.hold_ids.assign(holds_.begin(), holds_.end());
    kept_.persons.assign(persons_.begin(), persons_.end());
    return std::move(kept_);
  }

 private:
  void AddPerson(std::string_view person_id) {
    if (const auto id = Uuid::Parse(person_id); id.has_value()) persons_.insert(*id);
  }

  KeptCase kept_;
  bool opened_ = false;
  std::set<std::string> holds_;
  std::set<Uuid> persons_;
};

}  // namespace

bool MattersToRetention(const Fact& fact) {
  switch (KindOf(fact)) {
    case Fact::kCaseOpened:
    case Fact::kOwnerAssigned:
    case Fact::kParticipantAdded:
    case Fact::kCaseClosed:
    case Fact::kCaseReopened:
    case Fact::kLegalHoldPlaced:
    case Fact::kLegalHoldLifted:
      return true;
    default:
      return false;
  }
}

std::optional<KeptCase> FoldKeptCase(const std::vector<EffectiveFact>& in_order) {
  RetentionFold fold;
  for (const EffectiveFact& fact : in_order) fold.Apply(fact);
  return fold.Take();
}

}  // namespace caseledger::projections
