#include "services/domain/person/person.h"

#include <utility>

#include "services/domain/person/consents.h"
#include "services/domain/rejection.h"

namespace caseledger::domain {
namespace {

// The other person a fact ties this one to, or "".
std::string_view OtherPersonOf(const Fact& fact) {
  switch (KindOf(fact)) {
    case Fact::kRelationshipRecorded:
      return fact.relationship_recorded().other_person_id();
    case Fact::kRepresentativeAppointed:
      return fact.representative_appointed().representative_person_id();
    case Fact::kRepresentativeExcluded:
      return fact.representative_excluded().representative_person_id();
    default:
      return "";
  }
}

// What protects the person is taken wherever it is told: consents stay where they were given.
bool MayFollowAMerge(const Fact& fact) {
  return fact.has_merge_reversed() || fact.has_consent_withdrawn() ||
         fact.has_representative_excluded() || fact.has_data_request_answered() ||
         fact.has_restriction_lifted() || !fact.person_erased().decided_on_person_id().empty();
}

// Whether the stream is that of the record which stands for another after the merge.
template <typename Merge>
bool IsMergedOne(const Merge& merge, const DomainEvent& event) {
  return merge.merged_person_id() == event.record_id;
}

template <typename Merge>
absl::Status CheckNamesThisRecord(const Merge& merge, const DomainEvent& event) {
  if (merge.survivor_person_id() == merge.merged_person_id()) {
    return Reject(Reason::kMergeWithItself);
  }
  if (event.record_id != merge.survivor_person_id() &&
      event.record_id != merge.merged_person_id()) {
    return Reject(Reason::kMergeOfOthers);
  }
  return absl::OkStatus();
}

ProposedFact ForPerson(const std::string& person_id, Fact fact) {
  return {RecordKind::RECORD_KIND_PERSON, person_id, std::move(fact)};
}

absl::StatusOr<Decided> DecideMerge(const Fact& fact, const Context& context) {
  const std::string& merged = fact.persons_merged().merged_person_id();
  if (merged == context.record_id) return Reject(Reason::kMergeWithItself);
  if (context.related->IsMergedAway(merged, context.occurred_at)) {
    return Reject(Reason::kMergedAway, merged);
  }
  if (context.related->IsErased(merged)) return Reject(Reason::kPersonErased, merged);
  Decided decided{fact, {}, {}};
  decided.fact.mutable_persons_merged()->set_survivor_person_id(context.record_id);
  decided.consequences.push_back(ForPerson(merged, decided.fact));
  return decided;
}

absl::StatusOr<Decided> DecideReversal(const Fact& fact, const Context& context) {
  const std::string& merged = fact.merge_reversed().merged_person_id();
  if (merged == context.record_id) return Reject(Reason::kMergeWithItself);
  Decided decided{fact, {}, {}};
  decided.fact.mutable_merge_reversed()->set_survivor_person_id(context.record_id);
  decided.consequences.push_back(ForPerson(merged, decided.fact));
  return decided;
}

absl::StatusOr<Decided> DecideAppointment(const PersonState& state, const Fact& fact,
                                          const Context& context) {
  const std::string& who = fact.representative_appointed().representative_person_id();
  Decided decided{fact, {}, {}};
  if (!state.exclusions.contains(who)) return decided;
  if (context.imported) {
    decided.data_quality.emplace_back(TextOf(Reason::kRepresentativeExcluded).id);
  } else if (!context.caller.HasRole("supervisor")) {
    return Reject(Reason::kRepresentativeExcluded, who);
  }
  return decided;
}

}  // namespace

void PersonState::Apply(const DomainEvent& event) {
  const Fact& fact = *event.fact;
  requests.Apply(event);
  erasure.Apply(event);
  restrictions.Apply(event);
  switch (KindOf(fact)) {
    case Fact::kPersonRegistered:
      registered = true;
      registered_by = AgencyOf(event);
      birth_year = static_cast<int>(fact.person_registered().attributes().birth_year());
      break;
    case Fact::kPersonAmended:
      birth_year = static_cast<int>(fact.person_amended().attributes().birth_year());
      break;
    case Fact::kIdentifierAttached:
      identifiers.insert(fact.identifier_attached().identifier_id());
      break;
    case Fact::kRepresentativeAppointed:
      ApplyAppointment(event);
      break;
    case Fact::kRepresentativeExcluded: {
      const std::string& who = fact.representative_excluded().representative_person_id();
      representatives.erase(who);
      exclusions[who] = event.revision;
      break;
    }
    case Fact::kConsentGiven:
      consents[fact.consent_given().consent_id()] = ConsentOf(*this, event);
      break;
    case Fact::kConsentWithdrawn:
      if (const auto it = consents.find(fact.consent_withdrawn().consent_id());
          it != consents.end()) {
        it->second.withdrawn = true;
      }
      break;
    case Fact::kPersonsMerged:
      ApplyMerge(event);
      break;
    case Fact::kMergeReversed:
      ApplyReversal(event);
      break;
    case Fact::kStayBegan:
      open_stay = Stay{fact.stay_began().shelter_id(), fact.stay_began().placement_id()};
      break;
    case Fact::kStayFinished:
      if (CheckStayFinished(fact.stay_finished()).ok()) open_stay.reset();
      break;
    default:
      break;
  }
}

// An appointment lifts only an exclusion that was on record when it was made, because only then did
// a supervisor decide on it. An import knows no supervisor.
void PersonState::ApplyAppointment(const DomainEvent& event) {
  const std::string& who = event.fact->representative_appointed().representative_person_id();
  const auto exclusion = exclusions.find(who);
  if (exclusion != exclusions.end()) {
    if (event.imported || event.revision < exclusion->second) return;
    exclusions.erase(exclusion);
  }
  representatives.insert(who);
}

void PersonState::ApplyMerge(const DomainEvent& event) {
  const event::v1::PersonsMerged& merge = event.fact->persons_merged();
  if (IsMergedOne(merge, event)) {
    merged_into = merge.survivor_person_id();
  } else {
    merged_person_ids.insert(merge.merged_person_id());
  }
}

void PersonState::ApplyReversal(const DomainEvent& event) {
  const event::v1::MergeReversed& merge = event.fact->merge_reversed();
  if (IsMergedOne(merge, event)) {
    merged_into.reset();
  } else {
    merged_person_ids.erase(merge.merged_person_id());
  }
}

absl::Status PersonState::Check(const DomainEvent& event) const {
  absl::Status status = CheckRecord(event);
  if (status.ok()) status = requests.Check(event);
  if (status.ok()) status = erasure.Check(event, requests);
  if (status.ok()) status = restrictions.Check(event);
  if (!status.ok()) return status;
  const Fact& fact = *event.fact;
  switch (KindOf(fact)) {
    case Fact::kIdentifierAttached: {
      const std::string& key = fact.identifier_attached().identifier_id();
      return identifiers.contains(key) ? Reject(Reason::kIdentifierKeyUsed, key) : absl::OkStatus();
    }
    case Fact::kConsentGiven:
      return CheckConsent(event);
    case Fact::kConsentWithdrawn:
      return CheckWithdrawal(fact.consent_withdrawn().consent_id());
    case Fact::kPersonsMerged:
      return CheckMerge(event);
    case Fact::kMergeReversed:
      return CheckReversal(event);
    case Fact::kStayBegan:
      return open_stay.has_value() ? Reject(Reason::kPersonHasOpenStay, open_stay->shelter_id)
                                   : absl::OkStatus();
    case Fact::kErasureDecided:
    case Fact::kErasureApproved:
    case Fact::kPersonErased:
      return open_stay.has_value() ? Reject(Reason::kErasureOpenStay, open_stay->shelter_id)
                                   : absl::OkStatus();
    case Fact::kStayFinished:
      return CheckStayFinished(fact.stay_finished());
    default:
      return absl::OkStatus();
  }
}

// Whether the record takes such a fact at all.
absl::Status PersonState::CheckRecord(const DomainEvent& event) const {
  const Fact& fact = *event.fact;
  if (fact.has_person_registered()) {
    return registered ? Reject(Reason::kRecordExists) : absl::OkStatus();
  }
  if (!registered) return Reject(Reason::kBeforeRecordBegan);
  if (const std::string_view other = OtherPersonOf(fact);
      !other.empty() && other == event.record_id) {
    return Reject(Reason::kRelatedToItself);
  }
  if (erasure.erased && !MayFollowAnErasure(fact)) return Reject(Reason::kPersonErased);
  if (merged_into.has_value() && !MayFollowAMerge(fact)) {
    return Reject(IsOfErasure(fact) ? Reason::kErasureOfMergedRecord : Reason::kMergedAway,
                  *merged_into);
  }
  return absl::OkStatus();
}

absl::Status PersonState::CheckConsent(const DomainEvent& event) const {
  const event::v1::ConsentGiven& given = event.fact->consent_given();
  if (consents.contains(given.consent_id())) {
    return Reject(Reason::kConsentKeyUsed, given.consent_id());
  }
  if (given.has_expire_time() && ToMicros(given.expire_time()) <= event.occurred_at) {
    return Reject(Reason::kConsentExpiresBeforeGiven, given.consent_id());
  }
  return absl::OkStatus();
}

absl::Status PersonState::CheckWithdrawal(const std::string& consent_id) const {
  const auto consent = consents.find(consent_id);
  if (consent == consents.end()) return Reject(Reason::kConsentUnknown, consent_id);
  if (consent->second.withdrawn) return Reject(Reason::kConsentWithdrawn, consent_id);
  return absl::OkStatus();
}

absl::Status PersonState::CheckMerge(const DomainEvent& event) const {
  const event::v1::PersonsMerged& merge = event.fact->persons_merged();
  if (absl::Status status = CheckNamesThisRecord(merge, event); !status.ok()) return status;
  if (merged_person_ids.contains(merge.merged_person_id())) {
    return Reject(Reason::kMergedAway, merge.merged_person_id());
  }
  if (IsMergedOne(merge, event) && open_stay.has_value()) {
    return Reject(Reason::kMergedPersonHasOpenStay, open_stay->shelter_id);
  }
  return absl::OkStatus();
}

absl::Status PersonState::CheckReversal(const DomainEvent& event) const {
  const event::v1::MergeReversed& merge = event.fact->merge_reversed();
  if (absl::Status status = CheckNamesThisRecord(merge, event); !status.ok()) return status;
  const bool stands = IsMergedOne(merge, event)
                          ? merged_into == merge.survivor_person_id()
                          : merged_person_ids.contains(merge.merged_person_id());
  return stands ? absl::OkStatus() : Reject(Reason::kMergeUnknown, merge.merged_person_id());
}

absl::Status PersonState::CheckStayFinished(const event::v1::StayFinished& finished) const {
  if (open_stay.has_value() && open_stay->shelter_id == finished.shelter_id() &&
      open_stay->placement_id == finished.placement_id()) {
    return absl::OkStatus();
  }
  return Reject(Reason::kPersonStayNotOpen, finished.placement_id());
}

absl::StatusOr<Decided> DecidePerson(const PersonState& state, const Fact& fact,
                                     const Context& context) {
  if (OtherPersonOf(fact) == context.record_id && !context.record_id.empty()) {
    return Reject(Reason::kRelatedToItself);
  }
  if (!MayFollowAnErasure(fact) && context.related->IsErased(context.record_id)) {
    return Reject(Reason::kPersonErased);
  }
  switch (KindOf(fact)) {
    case Fact::kRepresentativeAppointed:
      return DecideAppointment(state, fact, context);
    case Fact::kConsentGiven:
      return DecideConsent(state, fact, context);
    case Fact::kConsentWithdrawn:
      return DecideWithdrawal(state, fact, context);
    case Fact::kPersonsMerged:
      return DecideMerge(fact, context);
    case Fact::kMergeReversed:
      return DecideReversal(fact, context);
    case Fact::kDataRequestAnswered:
      return DecideAnswer(state, fact, context);
    case Fact::kErasureDecided:
    case Fact::kErasureApproved:
    case Fact::kPersonErased:
      return DecideErasure(state, fact, context);
    default:
      return Decided{fact, {}, {}};
  }
}

}  // namespace caseledger::domain
