#include "services/commands/records_about.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "services/commands/aggregates.h"
#include "services/commands/erased_alone.h"
#include "services/domain/person/person.h"
#include "services/domain/rejection.h"

namespace caseledger::commands {
namespace {

using event::v1::ParticipantRole;
using eventstore::StreamId;

constexpr auto kPerson = static_cast<uint32_t>(domain::RecordKind::RECORD_KIND_PERSON);
constexpr auto kContact = static_cast<uint32_t>(domain::RecordKind::RECORD_KIND_CONTACT);
constexpr auto kCase = static_cast<uint32_t>(domain::RecordKind::RECORD_KIND_CASE_RECORD);
constexpr auto kShelter = static_cast<uint32_t>(domain::RecordKind::RECORD_KIND_SHELTER);

absl::Status TooMany() { return domain::Reject(domain::Reason::kTooManyRecords); }

// Of the open list of who calls: codes that nobody knows count as somebody else.
bool SpokeThemselves(std::string_view caller_role) {
  return caller_role == "victim" || caller_role == "child";
}

// How the case was about the persons, at any time.
struct Roles {
  bool client = false;
  bool cared_for = false;
};

class Finder {
 public:
  Finder(eventstore::LedgerView& view, std::vector<StreamId> persons)
      : view_(view), persons_(std::move(persons)) {
    for (const StreamId& person : persons_) person_ids_.insert(person.id.ToString());
  }

  absl::StatusOr<RecordsAbout> Find() {
    for (const StreamId& person : persons_) records_.push_back({person, {.own = true}});
    RETURN_IF_ERROR(FindReferrers());
    ErasedAlone alone(view_, person_ids_, [](const std::string&) { return false; });
    for (const StreamId& record : cases_) RETURN_IF_ERROR(alone.AddCase(record));
    for (const StreamId& record : cases_) {
      RETURN_IF_ERROR(AddCase(record, alone.cases().contains(record)));
    }
    for (const StreamId& record : others_) AddOther(record);
    if (records_.size() > kMostRecordsAbout) return TooMany();
    return RecordsAbout{SubjectCopy(person_ids_), std::move(records_)};
  }

 private:
  absl::Status FindReferrers() {
    for (const StreamId& person : persons_) {
      RETURN_IF_ERROR(view_.VisitReferrers(person, [&](const StreamId& from) {
        if (from.kind == kCase) {
          cases_.insert(from);
        } else if (from.kind != kPerson || !person_ids_.contains(from.id.ToString())) {
          others_.insert(from);
        }
        return cases_.size() + others_.size() <= kMostRecordsAbout;
      }));
    }
    return cases_.size() + others_.size() > kMostRecordsAbout ? TooMany() : absl::OkStatus();
  }

  Roles RolesIn(const StreamHistory& history) const {
    Roles roles;
    const auto add = [&](const std::string& person, ParticipantRole role) {
      if (!person_ids_.contains(person)) return;
      const bool client = role == ParticipantRole::PARTICIPANT_ROLE_CLIENT;
      roles.client = roles.client || client;
      roles.cared_for =
          roles.cared_for || client || role == ParticipantRole::PARTICIPANT_ROLE_COMPANION;
    };
    for (const domain::DomainEvent& event : history.timeline.in_order()) {
      const domain::Fact& fact = *event.fact;
      if (fact.has_participant_added()) {
        add(fact.participant_added().person_id(), fact.participant_added().role());
      } else if (fact.has_participant_role_changed()) {
        add(fact.participant_role_changed().person_id(), fact.participant_role_changed().role());
      }
    }
    return roles;
  }

  absl::Status AddCase(const StreamId& record, bool alone) {
    ASSIGN_OR_RETURN(const StreamHistory history, ReadHistory(view_, record));
    const Roles roles = RolesIn(history);
    if (!roles.cared_for) {
      records_.push_back({record, {}, v1::KEPT_BACK_REASON_ROLE});
      return absl::OkStatus();
    }
    records_.push_back({record, {.client = roles.client, .alone = alone}});
    if (!roles.client) return absl::OkStatus();
    std::set<StreamId> contacts;
    for (const domain::DomainEvent& event : history.timeline.in_order()) {
      if (!event.fact->has_case_opened()) continue;
      const auto contact = Uuid::Parse(event.fact->case_opened().source_contact_id());
      if (contact.has_value()) contacts.insert({kContact, *contact});
    }
    RETURN_IF_ERROR(view_.VisitReferrers(record, [&](const StreamId& from) {
      if (from.kind == kContact) contacts.insert(from);
      return contacts.size() <= kMostRecordsAbout;
    }));
    for (const StreamId& contact : contacts) RETURN_IF_ERROR(AddContact(contact, record));
    return records_.size() > kMostRecordsAbout ? TooMany() : absl::OkStatus();
  }

  // A contact of a case they are a client of.
  absl::Status AddContact(const StreamId& contact, const StreamId& of_case) {
    if (!contacts_.insert(contact).second) return absl::OkStatus();
    ErasedAlone alone(view_, person_ids_, [](const std::string&) { return false; });
    RETURN_IF_ERROR(alone.AddCase(of_case));
    alone.AddContact(contact);
    ASSIGN_OR_RETURN(const auto theirs, alone.Records());
    const std::string id = contact.id.ToString();
    SubjectStanding standing{.client = true, .contact = true};
    standing.alone = theirs.has_value() &&
                     std::find(theirs->contact_ids.begin(), theirs->contact_ids.end(), id) !=
                         theirs->contact_ids.end();
    ASSIGN_OR_RETURN(const StreamHistory history, ReadHistory(view_, contact));
    for (const domain::DomainEvent& event : history.timeline.in_order()) {
      if (!event.fact->has_contact_received()) continue;
      const std::string& role = event.fact->contact_received().caller_role();
      standing.spoke = SpokeThemselves(role);
    }
    records_.push_back({contact, standing});
    return absl::OkStatus();
  }

  // Shelters give what names the person. Whatever else names them is about somebody else.
  void AddOther(const StreamId& record) {
    if (contacts_.contains(record)) return;
    const bool shelter = record.kind == kShelter;
    records_.push_back(
        {record, {}, shelter ? v1::KEPT_BACK_REASON_UNSPECIFIED : v1::KEPT_BACK_REASON_OTHERS});
  }

  eventstore::LedgerView& view_;
  const std::vector<StreamId> persons_;
  std::set<std::string> person_ids_;
  std::set<StreamId> cases_;
  std::set<StreamId> others_;
  std::set<StreamId> contacts_;  // added
  std::vector<RecordAbout> records_;
};

}  // namespace

absl::StatusOr<RecordsAbout> FindRecordsAbout(eventstore::LedgerView& view,
                                              const StreamId& person) {
  std::vector<StreamId> persons{person};
  for (size_t next = 0; next < persons.size(); ++next) {
    ASSIGN_OR_RETURN(const StreamHistory history, ReadHistory(view, persons[next]));
    const auto state = domain::FoldAll<domain::PersonState>(history.timeline.in_order());
    if (next == 0) {
      if (!state.Exists()) return domain::Reject(domain::Reason::kRecordUnknown);
      if (state.merged_into.has_value()) {
        return domain::Reject(domain::Reason::kMergedAway, *state.merged_into);
      }
    }
    for (const std::string& merged : state.merged_person_ids) {
      const std::optional<Uuid> id = Uuid::Parse(merged);
      if (!id.has_value()) continue;
      const StreamId record{person.kind, *id};
      const bool known = std::find(persons.begin(), persons.end(), record) != persons.end();
      if (!known) persons.push_back(record);
    }
    if (persons.size() > kMostRecordsAbout) return TooMany();
  }
  return Finder(view, std::move(persons)).Find();
}

}  // namespace caseledger::commands
