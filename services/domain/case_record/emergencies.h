// Emergency interventions of a case.
//
// Invariants
//  1. An emergency starts once and ends at most once, not before it started.
//  2. Only one of kind trafficking carries a trafficking status.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "services/domain/event.h"

namespace caseledger::domain {

struct Emergencies {
  struct Emergency {
    std::string person;
    bool running = false;

    template <typename Archive>
    void Fields(Archive& archive) {
      archive(person, running);
    }
  };
  std::map<std::string, Emergency> emergencies;  // by emergency id

  // The running emergency of the person, if any.
  std::optional<std::string> RunningFor(const std::string& person_id) const;

  void Apply(const DomainEvent& event);
  absl::Status Check(const DomainEvent& event) const;

  template <typename Archive>
  void Fields(Archive& archive) {
    archive(emergencies);
  }
};

}  // namespace caseledger::domain
