// Services given and therapy episodes of a case.
//
// Invariants
//  1. Keys of services, episodes and sessions are used once.
//  2. An episode begins with a screening, is enrolled at most once and ends at most once. One that
//     ends without enrolment is a screening that led nowhere.
//  3. Sessions lie between enrolment and end.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "services/domain/event.h"

namespace caseledger::domain {

struct Services {
  std::set<std::string> keys;

  void Apply(const DomainEvent& event);
  absl::Status Check(const DomainEvent& event) const;

  template <typename Archive>
  void Fields(Archive& archive) {
    archive(keys);
  }
};

struct Therapy {
  enum class Phase : uint8_t { kScreened, kEnrolled, kEnded };
  struct Episode {
    Phase phase = Phase::kScreened;
    std::string person;

    template <typename Archive>
    void Fields(Archive& archive) {
      archive(phase, person);
    }
  };
  std::map<std::string, Episode> episodes;  // by episode id
  std::set<std::string> session_keys;

  // The episode in which the person is enrolled, if any.
  std::optional<std::string> RunningFor(const std::string& person_id) const;
  // The person of an episode; "" when there is no such episode.
  std::string PersonOf(const std::string& episode_id) const;

  void Apply(const DomainEvent& event);
  absl::Status Check(const DomainEvent& event) const;

  template <typename Archive>
  void Fields(Archive& archive) {
    archive(episodes, session_keys);
  }

 private:
  void SetPhase(const std::string& episode_id, Phase phase);
  absl::Status CheckEnrolment(const std::string& episode_id) const;
  absl::Status CheckSession(const event::v1::TherapySessionHeld& held) const;
};

}  // namespace caseledger::domain
