// The plans of a case: drafted, then approved or rejected; an approved one is reviewed.
//
// Invariants
//  1. A plan is decided once, by approval or rejection.
//  2. Who approves is neither who drafted nor who corrected the draft last, whatever agency they
//     act for, and names the hash of what was drafted. This binds imports too. Rejecting one's own
//     draft is allowed.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "services/domain/event.h"

namespace caseledger::domain {

struct Plans {
  enum class Phase : uint8_t { kDrafted, kApproved, kRejected };
  struct Plan {
    Phase phase = Phase::kDrafted;
    std::string drafter;       // actor
    std::string corrector;     // actor who replaced the draft last, or ""
    std::string content_hash;  // set by the server when it was drafted

    template <typename Archive>
    void Fields(Archive& archive) {
      archive(phase, drafter, corrector, content_hash);
    }
  };
  std::map<std::string, Plan> plans;  // by plan id

  void Apply(const DomainEvent& event);
  absl::Status Check(const DomainEvent& event) const;

  template <typename Archive>
  void Fields(Archive& archive) {
    archive(plans);
  }

 private:
  void Decide(const std::string& plan_id, Phase phase);
  // The plan must be there and not decided yet.
  absl::Status CheckUndecided(const std::string& plan_id) const;
  absl::Status CheckApproval(const DomainEvent& event) const;
};

}  // namespace caseledger::domain
