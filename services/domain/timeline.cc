#include "services/domain/timeline.h"

#include <tuple>

namespace caseledger::domain {
namespace {

bool OccursBefore(const DomainEvent& a, const DomainEvent& b) {
  return std::tie(a.occurred_at, a.revision) < std::tie(b.occurred_at, b.revision);
}

}  // namespace

void Timeline::Add(const DomainEvent& event) {
  switch (KindOf(*event.fact)) {
    case Fact::kFactCorrected: {
      const event::v1::FactCorrected& correction = event.fact->fact_corrected();
      const DomainEvent* target = Find(correction.target_event_id());
      if (target == nullptr) return;
      DomainEvent replaced = *target;
      replaced.fact = std::shared_ptr<const Fact>(event.fact, &correction.replacement());
      replaced.corrected_by = event.actor;
      // As it was decided: a correction's own legal basis goes before that of its target.
      if (!event.legal_basis.empty()) replaced.legal_basis = event.legal_basis;
      if (correction.has_replacement_occurred_time()) {
        replaced.occurred_at = ToMicros(correction.replacement_occurred_time());
      }
      Remove(replaced.event_id);
      Insert(std::move(replaced));
      return;
    }
    case Fact::kEventVoided: {
      const std::string& target = event.fact->event_voided().target_event_id();
      Remove(target);
      voided_.insert(target);
      return;
    }
    default:
      Insert(event);
  }
}

const DomainEvent* Timeline::Find(const std::string& event_id) const {
  const auto it = std::find_if(events_.begin(), events_.end(), [&](const DomainEvent& event) {
    return event.event_id == event_id;
  });
  return it == events_.end() ? nullptr : &*it;
}

void Timeline::Insert(DomainEvent event) {
  const auto at = std::upper_bound(events_.begin(), events_.end(), event, OccursBefore);
  events_.insert(at, std::move(event));
}

void Timeline::Remove(const std::string& event_id) {
  std::erase_if(events_, [&](const DomainEvent& event) { return event.event_id == event_id; });
}

}  // namespace caseledger::domain
