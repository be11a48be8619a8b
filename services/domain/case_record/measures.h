// Measures of authorities: contact bans and separations of children from their carers.
//
// Invariants
//  1. A measure's key is used once, by a ban or a separation.
//  2. A measure is in force from its start until its end (exclusive) or its lifting; one that ran
//     out has ended by its date, and no event says so.
//  3. It is extended only while in force. It is lifted until it ends, before its start too: an
//     authority may take back what has not begun.
//  4. Each decision, extensions included, adds at most 3 days to a ban (Law 13/2022) and at most 15
//     to a separation (Decree 56/2017).
#pragma once

#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "services/domain/event.h"
#include "services/domain/rejection.h"

namespace caseledger::domain {

struct Measure {
  std::string person;  // protected or separated
  Micros from = 0;
  Micros to = 0;  // exclusive
  bool lifted = false;

  // Still to come or in force.
  bool NotOver(Micros at) const { return !lifted && at < to; }
  bool InForce(Micros at) const { return NotOver(at) && from <= at; }

  template <typename Archive>
  void Fields(Archive& archive) {
    archive(person, from, to, lifted);
  }
};

struct Measures {
  std::map<std::string, Measure> bans;         // by measure id
  std::map<std::string, Measure> separations;  // by measure id

  // A measure about the person that is not over, if any.
  std::optional<std::string> NotOverFor(const std::string& person_id, Micros at) const;

  void Apply(const DomainEvent& event);
  absl::Status Check(const DomainEvent& event) const;

  template <typename Archive>
  void Fields(Archive& archive) {
    archive(bans, separations);
  }

 private:
  absl::Status CheckNew(const std::string& key, Micros from, Micros to, Micros longest,
                        Reason too_long) const;
};

}  // namespace caseledger::domain
