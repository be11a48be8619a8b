// A contact: a call, message or visit. It exists without a person or a case.
//
// Invariants
//  1. It is received once and ends at most once, not before it began.
//  2. A classification names exactly one main topic; the newest in time is current.
//  3. It is linked to a case at most once at a time.
//  4. A forwarding is acknowledged at most once, after it was made; its due time lies after it, and
//     it goes to an agency that takes new work then.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/domain/context.h"
#include "services/domain/event.h"

namespace caseledger::domain {

struct ContactState {
  static constexpr uint32_t kVersion = 2;

  bool received = false;
  std::string registered_by;  // agency
  Micros received_at = 0;
  bool ended = false;
  std::string main_topic;
  std::set<std::string> linked_cases;
  std::map<std::string, bool> forwards;  // key -> acknowledged

  // Whether the record was begun, and its beginning was not voided.
  bool Exists() const { return received; }

  void Apply(const DomainEvent& event);
  absl::Status Check(const DomainEvent& event) const;

  template <typename Archive>
  void Fields(Archive& archive) {
    archive(received, registered_by, received_at, ended, main_topic, linked_cases, forwards);
  }
};

// Pure: same arguments, same answer. `state` is as of context.occurred_at; the caller runs Check
// beside it.
absl::StatusOr<Decided> DecideContact(const ContactState& state, const Fact& fact,
                                      const Context& context);

}  // namespace caseledger::domain
