#include "services/domain/case_record/emergencies.h"

#include "services/domain/case_record/lookup.h"
#include "services/domain/rejection.h"

namespace caseledger::domain {
namespace {

constexpr char kKindTrafficking[] = "trafficking";

}  // namespace

std::optional<std::string> Emergencies::RunningFor(const std::string& person_id) const {
  for (const auto& [key, emergency] : emergencies) {
    if (emergency.running && emergency.person == person_id) return key;
  }
  return std::nullopt;
}

void Emergencies::Apply(const DomainEvent& event) {
  const Fact& fact = *event.fact;
  if (fact.has_emergency_started()) {
    const event::v1::EmergencyStarted& started = fact.emergency_started();
    emergencies[started.emergency_id()] = {started.person_id(), true};
  } else if (fact.has_emergency_ended()) {
    Emergency* emergency = Find(emergencies, fact.emergency_ended().emergency_id());
    if (emergency != nullptr) emergency->running = false;
  }
}

absl::Status Emergencies::Check(const DomainEvent& event) const {
  const Fact& fact = *event.fact;
  if (fact.has_emergency_started()) {
    const event::v1::EmergencyStarted& started = fact.emergency_started();
    const std::string& key = started.emergency_id();
    if (emergencies.contains(key)) return Reject(Reason::kKeyUsed, key);
    const bool misplaced =
        !started.trafficking_status().empty() && started.kind() != kKindTrafficking;
    return misplaced ? Reject(Reason::kTraffickingStatusMisplaced, key) : absl::OkStatus();
  }
  if (fact.has_emergency_ended()) {
    const std::string& key = fact.emergency_ended().emergency_id();
    const Emergency* emergency = Find(emergencies, key);
    if (emergency == nullptr) return Reject(Reason::kEmergencyUnknown, key);
    return emergency->running ? absl::OkStatus() : Reject(Reason::kEmergencyEnded, key);
  }
  return absl::OkStatus();
}

}  // namespace caseledger::domain
