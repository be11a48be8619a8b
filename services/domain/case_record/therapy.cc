#include "services/domain/case_record/therapy.h"

#include "services/domain/case_record/lookup.h"
#include "services/domain/rejection.h"

namespace caseledger::domain {

void Services::Apply(const DomainEvent& event) {
  const Fact& fact = *event.fact;
  if (fact.has_service_delivered()) keys.insert(fact.service_delivered().service_id());
}

absl::Status Services::Check(const DomainEvent& event) const {
  const Fact& fact = *event.fact;
  if (!fact.has_service_delivered()) return absl::OkStatus();
  const std::string& key = fact.service_delivered().service_id();
  return keys.contains(key) ? Reject(Reason::kKeyUsed, key) : absl::OkStatus();
}

std::optional<std::string> Therapy::RunningFor(const std::string& person_id) const {
  for (const auto& [key, episode] : episodes) {
    if (episode.phase == Phase::kEnrolled && episode.person == person_id) return key;
  }
  return std::nullopt;
}

std::string Therapy::PersonOf(const std::string& episode_id) const {
  const Episode* episode = Find(episodes, episode_id);
  return episode == nullptr ? std::string() : episode->person;
}

void Therapy::Apply(const DomainEvent& event) {
  const Fact& fact = *event.fact;
  switch (KindOf(fact)) {
    case Fact::kTherapyScreened:
      episodes[fact.therapy_screened().episode_id()] = {Phase::kScreened,
                                                        fact.therapy_screened().person_id()};
      break;
    case Fact::kTherapyEnrolled:
      SetPhase(fact.therapy_enrolled().episode_id(), Phase::kEnrolled);
      break;
    case Fact::kTherapySessionHeld:
      session_keys.insert(fact.therapy_session_held().session_id());
      break;
    case Fact::kTherapyEnded:
      SetPhase(fact.therapy_ended().episode_id(), Phase::kEnded);
      break;
    default:
      break;
  }
}

void Therapy::SetPhase(const std::string& episode_id, Phase phase) {
  if (Episode* episode = Find(episodes, episode_id)) episode->phase = phase;
}

absl::Status Therapy::Check(const DomainEvent& event) const {
  const Fact& fact = *event.fact;
  switch (KindOf(fact)) {
    case Fact::kTherapyScreened: {
      const std::string& key = fact.therapy_screened().episode_id();
      return episodes.contains(key) ? Reject(Reason::kKeyUsed, key) : absl::OkStatus();
    }
    case Fact::kTherapyEnrolled:
      return CheckEnrolment(fact.therapy_enrolled().episode_id());
    case Fact::kTherapySessionHeld:
      return CheckSession(fact.therapy_session_held());
    case Fact::kTherapyEnded: {
      const std::string& key = fact.therapy_ended().episode_id();
      const Episode* episode = Find(episodes, key);
      if (episode == nullptr) return Reject(Reason::kEpisodeUnknown, key);
      const bool ended = episode->phase == Phase::kEnded;
      return ended ? Reject(Reason::kTherapyEnded, key) : absl::OkStatus();
    }
    default:
      return absl::OkStatus();
  }
}

absl::Status Therapy::CheckEnrolment(const std::string& episode_id) const {
  const Episode* episode = Find(episodes, episode_id);
  if (episode == nullptr) return Reject(Reason::kEpisodeUnknown, episode_id);
  if (episode->phase == Phase::kEnrolled) {
    return Reject(Reason::kTherapyAlreadyEnrolled, episode_id);
  }
  const bool ended = episode->phase == Phase::kEnded;
  return ended ? Reject(Reason::kTherapyEnded, episode_id) : absl::OkStatus();
}

absl::Status Therapy::CheckSession(const event::v1::TherapySessionHeld& held) const {
  if (session_keys.contains(held.session_id())) return Reject(Reason::kKeyUsed, held.session_id());
  const Episode* episode = Find(episodes, held.episode_id());
  if (episode == nullptr) return Reject(Reason::kEpisodeUnknown, held.episode_id());
  const bool enrolled = episode->phase == Phase::kEnrolled;
  return enrolled ? absl::OkStatus() : Reject(Reason::kTherapyNotEnrolled, held.episode_id());
}

}  // namespace caseledger::domain
