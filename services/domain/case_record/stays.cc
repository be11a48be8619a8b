#include "services/domain/case_record/stays.h"

#include "absl/strings/str_cat.h"
#include "services/domain/case_record/lookup.h"
#include "services/domain/rejection.h"

namespace caseledger::domain {
namespace {

// `fact` is a ShelterStayOpened or ShelterStayClosed.
template <typename StayFact>
std::string KeyOf(const StayFact& fact) {
  return absl::StrCat(fact.shelter_id(), "/", fact.placement_id());
}

std::set<std::string> PersonsOf(const event::v1::ShelterStayOpened& opened) {
  std::set<std::string> persons(opened.companion_person_ids().begin(),
                                opened.companion_person_ids().end());
  persons.insert(opened.person_id());
  return persons;
}

}  // namespace

std::optional<std::string> Stays::OpenFor(const std::string& person_id) const {
  for (const auto& [key, stay] : stays) {
    if (stay.open && stay.persons.contains(person_id)) return key;
  }
  return std::nullopt;
}

void Stays::Apply(const DomainEvent& event) {
  const Fact& fact = *event.fact;
  if (fact.has_shelter_stay_opened()) {
    const event::v1::ShelterStayOpened& opened = fact.shelter_stay_opened();
    stays[KeyOf(opened)] = {opened.shelter_id(), PersonsOf(opened), true};
  } else if (fact.has_shelter_stay_closed()) {
    if (Stay* stay = Find(stays, KeyOf(fact.shelter_stay_closed()))) stay->open = false;
  }
}

absl::Status Stays::Check(const DomainEvent& event) const {
  const Fact& fact = *event.fact;
  if (fact.has_shelter_stay_opened()) return CheckOpening(fact.shelter_stay_opened());
  if (fact.has_shelter_stay_closed()) {
    const std::string key = KeyOf(fact.shelter_stay_closed());
    const Stay* stay = Find(stays, key);
    if (stay == nullptr) return Reject(Reason::kCaseStayUnknown, key);
    return stay->open ? absl::OkStatus() : Reject(Reason::kCaseStayClosed, key);
  }
  return absl::OkStatus();
}

absl::Status Stays::CheckOpening(const event::v1::ShelterStayOpened& opened) const {
  const std::string key = KeyOf(opened);
  if (stays.contains(key)) return Reject(Reason::kKeyUsed, key);
  for (const std::string& person : PersonsOf(opened)) {
    if (OpenFor(person).has_value()) return Reject(Reason::kCaseStayOpen, person);
  }
  return absl::OkStatus();
}

}  // namespace caseledger::domain
