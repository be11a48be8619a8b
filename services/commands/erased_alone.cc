#include "services/commands/erased_alone.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "eventstore/base/status_macros.h"
#include "services/commands/references.h"
#include "services/commands/took_part.h"

namespace caseledger::commands {
namespace {

constexpr auto kCase = static_cast<uint32_t>(domain::RecordKind::RECORD_KIND_CASE_RECORD);
constexpr auto kContact = static_cast<uint32_t>(domain::RecordKind::RECORD_KIND_CONTACT);

// More, and it is nobody's in particular.
constexpr size_t kMostCasesOfAContact = 64;

}  // namespace

absl::Status ErasedAlone::AddCase(const eventstore::StreamId& record) {
  ASSIGN_OR_RETURN(const StreamHistory history, ReadHistory(view_, record));
  const std::set<std::string> persons = WhoTookPart(history).cared_for;
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
  const std::set<std::string> persons = WhoTookPart(history).cared_for;
  return !persons.empty() &&
         std::all_of(persons.begin(), persons.end(),
                     [this](const std::string& person) { return IsErased(person); });
}

bool ErasedAlone::NamesOnlyErased(const StreamHistory& history) const {
  std::set<std::string> persons;
  for (const domain::DomainEvent& event : history.timeline.in_order()) {
    VisitReferences(*event.fact, [&persons](RecordKind kind, std::string_view id) {
      if (kind == RecordKind::RECORD_KIND_PERSON) persons.emplace(id);
    });
  }
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
  if (cases.empty()) return NamesOnlyErased(history);
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
