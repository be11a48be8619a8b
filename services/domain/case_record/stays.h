// Shelter stays as the case knows them. The shelter's own stream keeps the beds.
//
// Invariants
//  1. A stay is named by shelter and placement, opened once and closed at most once.
//  2. A person has at most one open stay in the case, as resident or as companion.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "services/domain/event.h"

namespace caseledger::domain {

struct Stays {
  struct Stay {
    std::string shelter_id;
    std::set<std::string> persons;  // the resident and all companions
    bool open = false;

    template <typename Archive>
    void Fields(Archive& archive) {
      archive(shelter_id, persons, open);
    }
  };
  std::map<std::string, Stay> stays;  // by "shelter id/placement id"

  // The open stay of the person, if any.
  std::optional<std::string> OpenFor(const std::string& person_id) const;

  void Apply(const DomainEvent& event);
  absl::Status Check(const DomainEvent& event) const;

  template <typename Archive>
  void Fields(Archive& archive) {
    archive(stays);
  }

 private:
  absl::Status CheckOpening(const event::v1::ShelterStayOpened& opened) const;
};

}  // namespace caseledger::domain
