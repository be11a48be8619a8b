// Transfers of a case to another province, and legal holds on it.
//
// Invariants
//  1. At most one transfer awaits its answer; it is answered or taken back once. What acceptance
//     does to the case is told in lifecycle.h.
//  2. A hold is lifted at most once. Holds stand in nobody's way here: erasure asks for them.
#pragma once

#include <map>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "services/domain/event.h"

namespace caseledger::domain {

struct Transfers {
  std::set<std::string> keys;
  std::string open_key;  // of the transfer that awaits its answer; "": none

  void Apply(const DomainEvent& event);
  absl::Status Check(const DomainEvent& event) const;

  template <typename Archive>
  void Fields(Archive& archive) {
    archive(keys, open_key);
  }

 private:
  absl::Status CheckAnswer(const std::string& key) const;
};

struct LegalHolds {
  std::map<std::string, bool> in_force;  // by hold id; false once lifted

  bool IsInForce(const std::string& key) const;

  void Apply(const DomainEvent& event);
  absl::Status Check(const DomainEvent& event) const;

  template <typename Archive>
  void Fields(Archive& archive) {
    archive(in_force);
  }
};

}  // namespace caseledger::domain
