// A stream's facts in the order in which they happened, and what a change of that order would
// break.
//
// Late entries are normal: a rule about when something may happen is judged at `occurred_at`
// against the facts in force then, whatever the order of recording. So every aggregate is a fold
// over facts in order of occurrence:
//
//   struct State {
//     void Apply(const DomainEvent& event);                // evolve: never refuses
//     absl::Status Check(const DomainEvent& event) const;  // may it happen next, at its time?
//   };
//
// Check judges by the stream's own facts only and assumes the state of just before the event. What
// other records say is judged once, by the aggregate's Decide function, when the fact is recorded.
//
// Invariants
//  1. Order of occurrence: by occurred_at, then by revision.
//  2. A correction stands in its target's place (its replacement, at the replacement's time, with
//     the target's id and revision); a void leaves nothing. Neither is a fact of its own for Apply.
//  3. What is recorded stays: Apply must cope with facts that Check would refuse today.
#pragma once

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/domain/event.h"
#include "services/domain/rejection.h"

namespace caseledger::domain {

// The effective facts of a stream. Add events in order of recording.
class Timeline {
 public:
  // Adds a recorded event, a correction or void included.
  void Add(const DomainEvent& event);

  // Effective facts in order of occurrence.
  const std::vector<DomainEvent>& in_order() const { return events_; }

  // The effective fact with this id, or null: never there, or voided.
  const DomainEvent* Find(const std::string& event_id) const;
  // Whether the id names an event that was voided.
  bool IsVoided(const std::string& event_id) const { return voided_.contains(event_id); }

 private:
  void Insert(DomainEvent event);
  void Remove(const std::string& event_id);

  std::vector<DomainEvent> events_;
  std::set<std::string> voided_;
};

// The state after all facts that occurred up to `until`.
template <typename State>
State FoldUntil(const std::vector<DomainEvent>& in_order, Micros until) {
  State state;
  for (const DomainEvent& event : in_order) {
    if (event.occurred_at > until) break;
    state.Apply(event);
  }
  return state;
}

template <typename State>
State FoldAll(const std::vector<DomainEvent>& in_order) {
  State state;
  for (const DomainEvent& event : in_order) state.Apply(event);
  return state;
}

// Judges a change of a stream's history. `proposed` are the ids of the events that the change adds
// or replaces: the first of them that may not happen gives its own reason. Any other event that
// could happen before and no longer can makes the change fail with LATER_FACT_WOULD_BREAK, naming
// the first of those events.
template <typename State>
absl::Status CheckChange(const std::vector<DomainEvent>& before,
                         const std::vector<DomainEvent>& after,
                         const std::set<std::string>& proposed) {
  std::vector<std::string> failing;
  State state;
  for (const DomainEvent& event : after) {
    if (absl::Status status = state.Check(event); !status.ok()) {
      if (proposed.contains(event.event_id)) return status;
      failing.push_back(event.event_id);
    }
    state.Apply(event);
  }
  if (failing.empty()) return absl::OkStatus();
  std::set<std::string> failed_before;
  State old;
  for (const DomainEvent& event : before) {
    if (!old.Check(event).ok()) failed_before.insert(event.event_id);
    old.Apply(event);
  }
  std::erase_if(failing, [&](const std::string& id) { return failed_before.contains(id); });
  if (failing.empty()) return absl::OkStatus();
  // Errors travel in trailing metadata, of which gRPC lets 8 KiB through.
  constexpr size_t kMostNamed = 20;
  if (failing.size() > kMostNamed) failing.resize(kMostNamed);
  return Reject(Reason::kLaterFactWouldBreak, absl::StrJoin(failing, ","));
}

}  // namespace caseledger::domain
