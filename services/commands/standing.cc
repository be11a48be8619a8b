#include "services/commands/standing.h"

#include <algorithm>
#include <set>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "services/access/trail/trail.h"
#include "services/commands/fact_schema.h"
#include "services/domain/contact/contact.h"
#include "services/domain/directory/agency.h"
#include "services/domain/directory/programme.h"
#include "services/domain/shelter/shelter.h"

namespace caseledger::commands {
namespace {

using access::Call;
using access::Relation;
using domain::CaseState;
using domain::PersonState;
using domain::Referral;
using eventstore::StreamId;

constexpr size_t kMostCases = 256;

std::optional<StreamId> StreamOf(RecordKind kind, const std::string& id) {
  const std::optional<Uuid> uuid = Uuid::Parse(id);
  if (!uuid.has_value()) return std::nullopt;
  return StreamId{static_cast<uint32_t>(kind), *uuid};
}

bool IsOfKind(const StreamId& stream, RecordKind kind) {
  return stream.kind == static_cast<uint32_t>(kind);
}

Standing Own(Relation relation) {
  Standing standing;
  standing.exists = true;
  standing.relations.Add(relation);
  standing.consent = true;
  return standing;
}

void AddOwner(const Call& call, const std::string& agency, const std::string& worker,
              Standing& standing) {
  if (agency != call.agency) return;
  standing.relations.Add(Relation::kOwnerAgency);
  standing.consent = true;
  if (!call.is_program && worker == call.actor) standing.relations.Add(Relation::kAssigned);
}

}  // namespace

absl::StatusOr<Standing> Standings::To(const Call& call, const StreamId& record) {
  switch (static_cast<int>(record.kind)) {
    case RecordKind::RECORD_KIND_CASE_RECORD:
      return ToCase(call, record);
    case RecordKind::RECORD_KIND_PERSON:
      return ToPerson(call, record);
    case RecordKind::RECORD_KIND_CONTACT:
      return ToContact(call, record);
    case RecordKind::RECORD_KIND_SHELTER:
      return ToShelter(call, record);
    default:
      return ToOther(call, record);
  }
}

Standing Standings::ToProposed(const Call& call, const domain::Fact& fact,
                               std::string_view record_name) {
  Standing standing;
  standing.exists = true;
  switch (domain::KindOf(fact)) {
    case Fact::kCaseOpened:
      AddOwner(call, fact.case_opened().owner_agency_id(), fact.case_opened().owner_worker_id(),
               standing);
      return standing;
    case Fact::kShelterRegistered:
      if (fact.shelter_registered().agency_id() == call.agency) return Own(Relation::kOwnShelter);
      return standing;
    case Fact::kAgencyRegistered:
      if (record_name == call.agency) return Own(Relation::kOwnAgency);
      return standing;
    default:
      return Own(Relation::kRegistered);
  }
}

absl::StatusOr<Standing> Standings::ToCase(const Call& call, const StreamId& record) {
  ASSIGN_OR_RETURN(const auto loaded, aggregates_.Load<CaseState>(view_, record));
  Standing standing;
  standing.exists = loaded->state.Exists();
  if (!standing.exists) return standing;
  standing.owner_agency = loaded->state.lifecycle.owner_agency;
  RETURN_IF_ERROR(AddCase(call, loaded->state, nullptr, standing));
  return standing;
}

absl::Status Standings::AddCase(const Call& call, const CaseState& state, const std::string* person,
                                Standing& standing) {
  AddOwner(call, state.lifecycle.owner_agency, state.lifecycle.owner_worker, standing);
  for (const auto& [key, referral] : state.referrals.referrals) {
    if (referral.to_agency != call.agency) continue;
    if (person != nullptr && referral.person != *person) continue;
    RETURN_IF_ERROR(AddReferral(call, key, referral, standing));
  }
  return AddStays(call, state, person, standing);
}

absl::Status Standings::AddReferral(const Call& call, const std::string& key,
                                    const Referral& referral, Standing& standing) {
  if (referral.IsPending(now_)) standing.relations.Add(Relation::kOffered);
  const bool in_grace =
      referral.phase == Referral::Phase::kCompleted && now_ < referral.settled_at + referral_grace_;
  if (!referral.IsActive() && !in_grace) return absl::OkStatus();
  standing.relations.Add(Relation::kReferred);
  ReferralBasis basis{key, referral.person, "", referral.legal_basis, referral.shared_fields};
  // A referral that names its consent stands and falls with that one.
  if (!referral.consent_id.empty() || referral.legal_basis.empty()) {
    basis.legal_basis.clear();
    ASSIGN_OR_RETURN(basis.consent_id,
                     ConsentFor(referral.person, call.agency, {"sharing"}, referral.consent_id));
  }
  if (basis.consent_id.empty() && basis.legal_basis.empty()) return absl::OkStatus();
  standing.consent = true;
  standing.referrals.push_back(std::move(basis));
  return absl::OkStatus();
}

absl::Status Standings::AddStays(const Call& call, const CaseState& state,
                                 const std::string* person, Standing& standing) {
  for (const auto& [key, stay] : state.stays.stays) {
    if (!stay.open || (person != nullptr && !stay.persons.contains(*person))) continue;
    ASSIGN_OR_RETURN(const std::string agency, AgencyOfShelter(stay.shelter_id));
    if (agency != call.agency) continue;
    standing.relations.Add(Relation::kSheltering);
    for (const std::string& resident : stay.persons) {
      if (standing.consent) break;
      ASSIGN_OR_RETURN(const std::string consent,
                       ConsentFor(resident, call.agency, {"shelter", "sharing"}, ""));
      standing.consent = !consent.empty();
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Standings::AgencyOfShelter(const std::string& shelter_id) {
  const std::optional<StreamId> stream = StreamOf(RecordKind::RECORD_KIND_SHELTER, shelter_id);
  if (!stream.has_value()) return std::string();
  ASSIGN_OR_RETURN(const auto shelter, aggregates_.Load<domain::ShelterState>(view_, *stream));
  return shelter->state.agency_id;
}

absl::StatusOr<std::string> Standings::ConsentFor(const std::string& person_id,
                                                  const std::string& agency,
                                                  std::initializer_list<std::string_view> purposes,
                                                  const std::string& only) {
  const std::optional<StreamId> stream = StreamOf(RecordKind::RECORD_KIND_PERSON, person_id);
  if (!stream.has_value()) return std::string();
  ASSIGN_OR_RETURN(const auto person, aggregates_.Load<PersonState>(view_, *stream));
  for (const std::string_view purpose : purposes) {
    if (!only.empty()) {
      if (domain::IsConsentInForce(person->state, only, purpose, agency, now_)) return only;
      continue;
    }
    const std::optional<std::string> consent =
        domain::ConsentInForce(person->state, purpose, agency, now_);
    if (consent.has_value()) return *consent;
  }
  return std::string();
}

absl::StatusOr<std::vector<StreamId>> Standings::CasesOf(const StreamId& record) {
  std::vector<StreamId> cases;
  if (IsOfKind(record, RecordKind::RECORD_KIND_CASE_RECORD)) return {{record}};
  if (IsOfKind(record, RecordKind::RECORD_KIND_CONTACT)) {
    ASSIGN_OR_RETURN(const auto contact, aggregates_.Load<domain::ContactState>(view_, record));
    for (const std::string& id : contact->state.linked_cases) {
      const auto stream = StreamOf(RecordKind::RECORD_KIND_CASE_RECORD, id);
      if (stream.has_value() && cases.size() < kMostCases) cases.push_back(*stream);
    }
    return cases;
  }
  if (!IsOfKind(record, RecordKind::RECORD_KIND_PERSON)) return cases;
  std::vector<StreamId> candidates;
  RETURN_IF_ERROR(view_.VisitReferrers(record, [&](const StreamId& from) {
    if (IsOfKind(from, RecordKind::RECORD_KIND_CASE_RECORD)) candidates.push_back(from);
    return candidates.size() < kMostCases;
  }));
  const std::string id = record.id.ToString();
  for (const StreamId& candidate : candidates) {
    ASSIGN_OR_RETURN(const auto loaded, aggregates_.Load<CaseState>(view_, candidate));
    if (loaded->state.Exists() && loaded->state.participants.Has(id)) cases.push_back(candidate);
  }
  return cases;
}

absl::StatusOr<Standing> Standings::ToPerson(const Call& call, const StreamId& record) {
  Standing standing;
  std::string registered_by;
  std::vector<std::string> ids{record.id.ToString()};
  {
    ASSIGN_OR_RETURN(const auto person, aggregates_.Load<PersonState>(view_, record));
    standing.exists = person->state.Exists();
    registered_by = person->state.registered_by;
    // Merged records are one human: who has to do with one of them has to do with all.
    if (person->state.merged_into.has_value()) ids.push_back(*person->state.merged_into);
    ids.insert(ids.end(), person->state.merged_person_ids.begin(),
               person->state.merged_person_ids.end());
  }
  if (!standing.exists) return standing;
  if (registered_by == call.agency) {
    standing.relations.Add(Relation::kRegistered);
    standing.consent = true;
  }
  for (const std::string& id : ids) {
    const auto stream = StreamOf(RecordKind::RECORD_KIND_PERSON, id);
    if (!stream.has_value()) continue;
    ASSIGN_OR_RETURN(const std::vector<StreamId> cases, CasesOf(*stream));
    for (const StreamId& each : cases) {
      ASSIGN_OR_RETURN(const auto loaded, aggregates_.Load<CaseState>(view_, each));
      RETURN_IF_ERROR(AddCase(call, loaded->state, &id, standing));
    }
  }
  return standing;
}

absl::StatusOr<Standing> Standings::ToContact(const Call& call, const StreamId& record) {
  Standing standing;
  ASSIGN_OR_RETURN(const auto contact, aggregates_.Load<domain::ContactState>(view_, record));
  standing.exists = contact->state.Exists();
  if (!standing.exists) return standing;
  if (contact->state.registered_by == call.agency) {
    standing.relations.Add(Relation::kRegistered);
    standing.consent = true;
  }
  if (!contact->state.forwards.empty()) {
    RETURN_IF_ERROR(AddForwardedReports(call, record, standing));
  }
  ASSIGN_OR_RETURN(const std::vector<StreamId> cases, CasesOf(record));
  for (const StreamId& each : cases) {
    ASSIGN_OR_RETURN(const auto loaded, aggregates_.Load<CaseState>(view_, each));
    if (loaded->state.Exists()) RETURN_IF_ERROR(AddCase(call, loaded->state, nullptr, standing));
  }
  return standing;
}

// A report that was forwarded to the agency by law is like a referral: offered, and taken over with
// its acknowledgement.
absl::Status Standings::AddForwardedReports(const Call& call, const StreamId& contact,
                                            Standing& standing) {
  ASSIGN_OR_RETURN(const StreamHistory history, ReadHistory(view_, contact));
  std::set<std::string> to_us;
  for (const domain::DomainEvent& event : history.timeline.in_order()) {
    if (event.fact->has_report_forwarded() &&
        event.fact->report_forwarded().to_agency_id() == call.agency) {
      to_us.insert(event.fact->report_forwarded().forward_id());
    } else if (event.fact->has_report_acknowledged() &&
               to_us.erase(event.fact->report_acknowledged().forward_id()) > 0) {
      standing.relations.Add(Relation::kReferred);
      standing.consent = true;  // the duty to report is the legal basis
    }
  }
  if (!to_us.empty()) standing.relations.Add(Relation::kOffered);
  return absl::OkStatus();
}

absl::StatusOr<Standing> Standings::ToShelter(const Call& call, const StreamId& record) {
  Standing standing;
  ASSIGN_OR_RETURN(const auto shelter, aggregates_.Load<domain::ShelterState>(view_, record));
  standing.exists = shelter->state.Exists();
  if (!standing.exists) return standing;
  standing.consent = true;
  if (shelter->state.agency_id == call.agency) standing.relations.Add(Relation::kOwnShelter);
  for (const auto& [key, placement] : shelter->state.placements) {
    // A request alone tells nobody where the shelter is: only a bed that is kept or taken does.
    if (!placement.TakesBedsAt(now_)) continue;
    const auto stream = StreamOf(RecordKind::RECORD_KIND_CASE_RECORD, placement.case_id);
    if (!stream.has_value()) continue;
    ASSIGN_OR_RETURN(const auto loaded, aggregates_.Load<CaseState>(view_, *stream));
    if (loaded->state.lifecycle.owner_agency != call.agency) continue;
    standing.relations.Add(Relation::kBringing);
    break;
  }
  return standing;
}

absl::StatusOr<Standing> Standings::ToOther(const Call& call, const StreamId& record) {
  Standing standing;
  standing.consent = true;  // nobody's personal data
  ASSIGN_OR_RETURN(const eventstore::StreamHead head, view_.Head(record));
  standing.exists = head.revision > 0;
  if (IsOfKind(record, RecordKind::RECORD_KIND_AGENCY) &&
      record == NamedStream(RecordKind::RECORD_KIND_AGENCY, call.agency)) {
    standing.relations.Add(Relation::kOwnAgency);
  }
  if (IsOfKind(record, RecordKind::RECORD_KIND_ACCESS_TRAIL)) {
    standing.exists = true;  // in the ledger of the trail
    if (!call.is_program && record == access::TrailStreamOf(call.agency, call.actor)) {
      standing.relations.Add(Relation::kSelf);
    }
  }
  if (IsOfKind(record, RecordKind::RECORD_KIND_PROGRAMME)) {
    ASSIGN_OR_RETURN(const auto programme, aggregates_.Load<domain::ProgrammeState>(view_, record));
    standing.exists = programme->state.Exists();
    if (programme->state.registered_by == call.agency) {
      standing.relations.Add(Relation::kRegistered);
    }
  }
  return standing;
}

}  // namespace caseledger::commands
