#include "services/rpc/occurrences.h"

#include "services/commands/times.h"

namespace caseledger::rpc {
namespace {

// The event that a correction or void is about; "" for any other fact.
std::string TargetOf(const event::v1::Fact& fact) {
  if (fact.has_fact_corrected()) return fact.fact_corrected().target_event_id();
  return fact.has_event_voided() ? fact.event_voided().target_event_id() : "";
}

}  // namespace

void Occurrences::Note(const v1::RecordedEvent& event) {
  const std::string& id = event.event_id();
  const Micros occurred_at = commands::FromTimestamp(event.occurred_time());
  const std::string target = TargetOf(event.fact());
  if (target.empty()) {
    standing_[id] = {id, occurred_at};
    happened_[id] = occurred_at;
    return;
  }
  Standing& standing = standing_[target];
  standing.event_id = id;
  const event::v1::FactCorrected& correction = event.fact().fact_corrected();
  if (correction.has_replacement_occurred_time()) {
    standing.occurred_at = commands::FromTimestamp(correction.replacement_occurred_time());
  }
  target_of_[id] = target;
  happened_[id] = standing.occurred_at;
}

bool Occurrences::HadHappened(const std::string& event_id, Micros by) const {
  const auto it = happened_.find(event_id);
  return it != happened_.end() && it->second <= by;
}

const std::string& Occurrences::StandingFor(const std::string& event_id) const {
  const auto target = target_of_.find(event_id);
  const auto standing = standing_.find(target == target_of_.end() ? event_id : target->second);
  return standing == standing_.end() ? event_id : standing->second.event_id;
}

}  // namespace caseledger::rpc
