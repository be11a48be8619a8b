#include "services/commands/erased_alone.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "eventstore/base/status_macros.h"
#include "services/commands/aggregates.h"

namespace caseledger::commands {
namespace {

using event::v1::ParticipantRole;

constexpr auto kCase = static_cast<uint32_t>(domain::RecordKind::RECORD_KIND_CASE_RECORD);
constexpr auto kContact = static_cast<uint32_t>(domain::RecordKind::RECORD_KIND_CONTACT);

// More, and it is nobody's in particular.
constexpr size_t kMostCasesOfAContact = 64;

bool IsCaredFor(ParticipantRole role) {
  return role == ParticipantRole::PARTICIPANT_ROLE_CLIENT ||
         role == ParticipantRole::PARTICIPANT_ROLE_COMPANION;
}

// Who was cared for in the case at any time.
std::set<std::string> CaredFor(const StreamHistory& history) {
  std::set<std::string> persons;
  for (const domain::DomainEvent& event : history.timeline.in_order()) {
    const domain::Fact& fact = *event.fact;
    if (fact.has_participant_added() && IsCaredFor(fact.participant_added().role())) {
      persons.insert(fact.participant_added().person_id());
    } else if (fact.has_participant_role_changed() &&
               IsCaredFor(fact.participant_role_changed().role())) {
      persons.insert(fact.participant_role_changed().person_id());
    }
  }
  return persons;
}

}  // namespace

absl::Status ErasedAlone::AddCase(const eventstore::StreamId& record) {
  ASSIGN_OR_RETURN(const StreamHistory history, ReadHistory(view_, record));
  const std::set<std::string> persons = CaredFor(history);
  const bool theirs =
      std::any_of(persons.begin(), persons.end(),
                  [this](const std::string& person) { return erased_.contains(person); });
  const bool alone = std::all_of(persons.begin(), persons.end(),
                                 [this](const std::string& person) { return IsErased(person); });
  if (!theirs || !alone) return absl::OkStatus();
  cases_.insert(record);
  for (const domain::DomainEvent& event : history.timeline.in_order()) {
    if (!event.fact->has_case_opened()) continue;
    const auto contact = Uuid::Parse(event.fact->case_opened().source_contact_id());
    if (contact.has_value()) contacts_.insert({kContact, *contact});
  }
  return absl::OkStatus();
}

// Also one that went with somebody before.
absl::StatusOr<bool> ErasedAlone::IsAboutErased(const eventstore::StreamId& record) const {
  if (cases_.contains(record)) return true;
  ASSIGN_OR_RETURN(const StreamHistory history, ReadHistory(view_, record));
  const std::set<std::string> persons = CaredFor(history);
  return !persons.empty() &&
         std::all_of(persons.begin(), persons.end(),
                     [this](const std::string& person) { return IsErased(person); });
}

absl::StatusOr<bool> ErasedAlone::BelongsToThem(const eventstore::StreamId& contact) const {
  std::set<eventstore::StreamId> cases;
  RETURN_IF_ERROR(view_.VisitReferrers(contact, [&](const eventstore::StreamId& from) {
    if (from.kind == kCase) cases.insert(from);
    return cases.size() <= kMostCasesOfAContact;
  }));
  ASSIGN_OR_RETURN(const StreamHistory history, ReadHistory(view_, contact));
  for (const domain::DomainEvent& event : history.timeline.in_order()) {
    if (!event.fact->has_contact_linked_to_case()) continue;
    const auto linked = Uuid::Parse(event.fact->contact_linked_to_case().case_id());
    if (linked.has_value()) cases.insert({kCase, *linked});
  }
  if (cases.size() > kMostCasesOfAContact) return false;
  for (const eventstore::StreamId& record : cases) {
    ASSIGN_OR_RETURN(const bool about_erased, IsAboutErased(record));
    if (!about_erased) return false;
  }
  return true;
}

absl::StatusOr<std::optional<domain::RecordsOfErased>> ErasedAlone::Records() const {
  domain::RecordsOfErased records;
  if (contacts_.size() > kMostContacts) return std::optional<domain::RecordsOfErased>();
  for (const eventstore::StreamId& record : cases_) {
    records.case_ids.push_back(record.id.ToString());
  }
  for (const eventstore::StreamId& contact : contacts_) {
    ASSIGN_OR_RETURN(const bool theirs, BelongsToThem(contact));
    if (theirs) records.contact_ids.push_back(contact.id.ToString());
  }
  return std::optional<domain::RecordsOfErased>(std::move(records));
}

}  // namespace caseledger::commands
