#include "services/commands/related_records.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "services/commands/erased_alone.h"
#include "services/commands/fact_schema.h"
#include "services/commands/retention.h"
#include "services/domain/case_record/case_record.h"
#include "services/domain/directory/agency.h"
#include "services/domain/person/person.h"
#include "services/domain/rejection.h"

namespace caseledger::commands {
namespace {

std::optional<eventstore::StreamId> StreamOf(domain::RecordKind kind, std::string_view id) {
  if (IsNamedKind(kind)) return NamedStream(kind, id);
  const std::optional<Uuid> uuid = Uuid::Parse(id);
  if (!uuid.has_value()) return std::nullopt;
  return eventstore::StreamId{static_cast<uint32_t>(kind), *uuid};
}

// A withdrawal and all that follows from it are one append, of 1,024 events at most.
constexpr size_t kMostCasesRead = 1000;
constexpr size_t kMostReferralsEnded = 1000;
// An erasure and all that follows from it are one append too.
constexpr size_t kMostPersonRecords = 1000;
// Later than anything that is recorded.
constexpr domain::Micros kEnd = INT64_MAX;

bool IsOpen(const domain::CaseState& state) {
  return state.lifecycle.phase() == domain::CasePhase::kOpen;
}

bool HasLost(const domain::Referrals& referrals, std::string_view person_id) {
  return std::any_of(referrals.referrals.begin(), referrals.referrals.end(),
                     [&](const auto& entry) {
                       return entry.second.person == person_id &&
                              entry.second.phase == domain::Referral::Phase::kConsentLost;
                     });
}

// Keys of consents are the person's own: two persons of a case may have the same.
bool IsLossOf(const domain::Fact& fact, const domain::Referrals& referrals,
              std::string_view person_id, std::string_view consent_id) {
  if (!fact.has_referral_consent_lost()) return false;
  const event::v1::ReferralConsentLost& lost = fact.referral_consent_lost();
  const auto it = referrals.referrals.find(lost.referral_id());
  return lost.consent_id() == consent_id && it != referrals.referrals.end() &&
         it->second.person == person_id;
}

}  // namespace

template <typename State, typename Use>
void RelatedRecords::WithState(domain::RecordKind kind, std::string_view id, domain::Micros at,
                               Use use) const {
  const std::optional<eventstore::StreamId> stream = StreamOf(kind, id);
  if (!stream.has_value()) return;
  if (replaced_ == stream) return use(domain::FoldUntil<State>(*in_order_, at));
  if (!left_out_.has_value()) {
    status_.Update(aggregates_.WithStateAt<State>(view_, *stream, at, use));
    return;
  }
  const absl::StatusOr<StreamHistory> history = ReadHistory(view_, *stream);
  status_.Update(history.status());
  if (!history.ok()) return;
  std::vector<domain::DomainEvent> events = history->timeline.in_order();
  std::erase_if(events, [&](const domain::DomainEvent& event) {
    return history->request_ids.at(event.event_id) == *left_out_;
  });
  use(domain::FoldUntil<State>(events, at));
}

std::optional<std::string> RelatedRecords::ConsentInForce(std::string_view person_id,
                                                          std::string_view purpose,
                                                          std::string_view agency,
                                                          std::string_view preferred,
                                                          domain::Micros at) const {
  std::optional<std::string> consent;
  WithState<domain::PersonState>(domain::RecordKind::RECORD_KIND_PERSON, person_id, at,
                                 [&](const domain::PersonState& person) {
                                   consent = domain::ConsentInForce(person, purpose, agency, at,
                                                                    preferred);
                                 });
  return consent;
}

bool RelatedRecords::IsMergedAway(std::string_view person_id, domain::Micros at) const {
  bool merged = false;
  WithState<domain::PersonState>(
      domain::RecordKind::RECORD_KIND_PERSON, person_id, at,
      [&](const domain::PersonState& person) { merged = person.merged_into.has_value(); });
  return merged;
}

bool RelatedRecords::IsParticipant(std::string_view case_id, std::string_view person_id,
                                   domain::Micros at) const {
  bool participant = false;
  WithState<domain::CaseState>(domain::RecordKind::RECORD_KIND_CASE_RECORD, case_id, at,
                               [&](const domain::CaseState& state) {
                                 participant = IsOpen(state) &&
                                               state.participants.Has(std::string(person_id));
                               });
  return participant;
}

bool RelatedRecords::IsCaseOpen(std::string_view case_id, domain::Micros at) const {
  bool open = false;
  WithState<domain::CaseState>(domain::RecordKind::RECORD_KIND_CASE_RECORD, case_id, at,
                               [&](const domain::CaseState& state) { open = IsOpen(state); });
  return open;
}

bool RelatedRecords::IsAgencyActive(std::string_view agency_id, domain::Micros at) const {
  bool active = false;
  WithState<domain::AgencyState>(
      domain::RecordKind::RECORD_KIND_AGENCY, agency_id, at,
      [&](const domain::AgencyState& agency) { active = agency.registered && !agency.retired; });
  return active;
}

std::optional<std::vector<domain::ReferralOnConsent>> RelatedRecords::ReferralsOnConsent(
    std::string_view person_id, std::string_view withdrawn, domain::Micros at) const {
  std::vector<domain::ReferralOnConsent> found;
  const auto cases = CasesOf(person_id);
  status_.Update(cases.status());
  if (!cases.ok()) return found;
  if (!cases->has_value()) return std::nullopt;
  for (const eventstore::StreamId& record : **cases) {
    const absl::StatusOr<domain::Referrals> referrals = ReferralsOf(record, person_id, withdrawn);
    status_.Update(referrals.status());
    if (!referrals.ok()) return found;
    for (domain::ReferralOnConsent& referral : referrals->OnConsentOf(std::string(person_id), at)) {
      referral.case_id = record.id.ToString();
      found.push_back(std::move(referral));
    }
    if (found.size() > kMostReferralsEnded) return std::nullopt;
  }
  return found;
}

absl::StatusOr<std::vector<domain::ProposedFact>> RelatedRecords::ReferralsLost(
    const std::string& person_id, const std::string& consent_id) const {
  std::vector<domain::ProposedFact> lost;
  ASSIGN_OR_RETURN(const auto cases, CasesOf(person_id));
  if (!cases.has_value()) return Reject(domain::Reason::kConsentInTooManyCases, consent_id);
  for (const eventstore::StreamId& record : *cases) {
    ASSIGN_OR_RETURN(const auto current, aggregates_.Load<domain::CaseState>(view_, record));
    if (!HasLost(current->state.referrals, person_id)) continue;
    ASSIGN_OR_RETURN(const StreamHistory history, ReadHistory(view_, record));
    for (const domain::DomainEvent& event : history.timeline.in_order()) {
      if (!IsLossOf(*event.fact, current->state.referrals, person_id, consent_id)) continue;
      lost.push_back({domain::RecordKind::RECORD_KIND_CASE_RECORD, record.id.ToString(),
                      *event.fact, event.occurred_at});
    }
  }
  return lost;
}

absl::StatusOr<std::optional<std::vector<eventstore::StreamId>>> RelatedRecords::CasesOf(
    std::string_view person_id) const {
  const auto person = StreamOf(domain::RecordKind::RECORD_KIND_PERSON, person_id);
  if (!person.has_value()) return std::vector<eventstore::StreamId>();
  return ReferrersOf(*person, domain::RecordKind::RECORD_KIND_CASE_RECORD);
}

absl::StatusOr<std::optional<std::vector<eventstore::StreamId>>> RelatedRecords::ReferrersOf(
    const eventstore::StreamId& record, domain::RecordKind kind) const {
  std::vector<eventstore::StreamId> records;
  RETURN_IF_ERROR(view_.VisitReferrers(record, [&](const eventstore::StreamId& from) {
    if (from.kind == static_cast<uint32_t>(kind)) records.push_back(from);
    return records.size() <= kMostCasesRead;
  }));
  if (records.size() > kMostCasesRead) return std::nullopt;
  std::sort(records.begin(), records.end());  // what is committed comes first, whatever its id
  return records;
}

// As after everything in the case, but for what ended with that consent, or with one whose
// withdrawal is left out.
absl::StatusOr<domain::Referrals> RelatedRecords::ReferralsOf(const eventstore::StreamId& record,
                                                              std::string_view person_id,
                                                              std::string_view withdrawn) const {
  ASSIGN_OR_RETURN(const auto current, aggregates_.Load<domain::CaseState>(view_, record));
  const domain::Referrals& referrals = current->state.referrals;
  if (!HasLost(referrals, person_id)) return referrals;
  ASSIGN_OR_RETURN(const StreamHistory history, ReadHistory(view_, record));
  std::vector<domain::DomainEvent> events = history.timeline.in_order();
  std::erase_if(events, [&](const domain::DomainEvent& event) {
    return IsLossOf(*event.fact, referrals, person_id, withdrawn) ||
           (ends_left_out_.has_value() &&
            IsLossOf(*event.fact, referrals, person_id, *ends_left_out_));
  });
  return domain::FoldAll<domain::CaseState>(events).referrals;
}

int RelatedRecords::BirthYear(std::string_view person_id, domain::Micros at) const {
  int year = 0;
  WithState<domain::PersonState>(
      domain::RecordKind::RECORD_KIND_PERSON, person_id, at,
      [&](const domain::PersonState& person) { year = person.birth_year; });
  return year;
}

bool RelatedRecords::IsRestricted(std::string_view person_id, domain::Micros at) const {
  bool restricted = false;
  const auto records = RecordsOf(person_id, at);
  if (!records.has_value()) return true;  // too many to say that none is
  for (const std::string& record : *records) {
    WithState<domain::PersonState>(domain::RecordKind::RECORD_KIND_PERSON, record, at,
                                   [&](const domain::PersonState& person) {
                                     restricted = restricted || person.restrictions.Any();
                                   });
  }
  return restricted;
}

bool RelatedRecords::IsErased(std::string_view person_id) const {
  bool erased = false;
  WithState<domain::PersonState>(
      domain::RecordKind::RECORD_KIND_PERSON, person_id, kEnd,
      [&](const domain::PersonState& person) { erased = person.erasure.erased; });
  return erased;
}

std::optional<std::vector<std::string>> RelatedRecords::RecordsOf(std::string_view person_id,
                                                                  domain::Micros at) const {
  std::vector<std::string> records{std::string(person_id)};
  std::set<std::string> found{records[0]};
  for (size_t next = 0; next < records.size(); ++next) {
    const std::string record = records[next];
    WithState<domain::PersonState>(domain::RecordKind::RECORD_KIND_PERSON, record, at,
                                   [&](const domain::PersonState& person) {
                                     for (const std::string& merged : person.merged_person_ids) {
                                       if (found.insert(merged).second) records.push_back(merged);
                                     }
                                   });
    if (records.size() > kMostPersonRecords) return std::nullopt;
  }
  return records;
}

// Whoever the case names is part of what a hold keeps, whether or not they still take part.
void RelatedRecords::AddObstacles(const eventstore::StreamId& record,
                                  const std::vector<std::string>& persons,
                                  domain::ErasureReach& reach) const {
  const auto current = aggregates_.Load<domain::CaseState>(view_, record);
  status_.Update(current.status());
  if (!current.ok()) return;
  const domain::CaseState& state = (*current)->state;
  for (const auto& [hold, in_force] : state.holds.in_force) {
    if (!in_force || !reach.held_case.empty()) continue;
    reach.held_case = record.id.ToString();
    reach.hold = hold;
  }
  const bool takes_part =
      std::any_of(persons.begin(), persons.end(),
                  [&](const std::string& person) { return state.participants.Has(person); });
  if (IsOpen(state) && takes_part && reach.open_case.empty()) {
    reach.open_case = record.id.ToString();
  }
}

std::optional<domain::ErasureReach> RelatedRecords::ReachOfErasure(
    std::string_view person_id) const {
  domain::ErasureReach reach;
  const auto persons = RecordsOf(person_id, kEnd);
  if (!persons.has_value()) return std::nullopt;
  std::set<eventstore::StreamId> cases;
  for (const std::string& person : *persons) {
    const auto named = CasesOf(person);
    status_.Update(named.status());
    if (!named.ok()) return reach;
    if (!named->has_value()) return std::nullopt;
    cases.insert((*named)->begin(), (*named)->end());
    if (cases.size() > kMostCasesRead) return std::nullopt;
    WithState<domain::PersonState>(domain::RecordKind::RECORD_KIND_PERSON, person, kEnd,
                                   [&](const domain::PersonState& state) {
                                     if (state.open_stay.has_value())
                                       reach.open_stay = state.open_stay->shelter_id;
                                   });
  }
  for (const eventstore::StreamId& record : cases) AddObstacles(record, *persons, reach);
  reach.merged_person_ids.assign(persons->begin() + 1, persons->end());
  return reach;
}

std::optional<domain::RetentionVerdict> RelatedRecords::RetentionOf(std::string_view person_id,
                                                                    std::string_view rule,
                                                                    domain::Micros at) const {
  const auto persons = RecordsOf(person_id, kEnd);
  if (!persons.has_value()) return std::nullopt;
  std::set<eventstore::StreamId> cases;
  for (const std::string& person : *persons) {
    const auto named = CasesOf(person);
    status_.Update(named.status());
    if (!named.ok()) return domain::RetentionVerdict();
    if (!named->has_value()) return std::nullopt;
    cases.insert((*named)->begin(), (*named)->end());
    if (cases.size() > kMostCasesRead) return std::nullopt;
  }
  const absl::StatusOr<domain::RetentionVerdict> verdict =
      commands::RetentionOf(view_, {cases.begin(), cases.end()}, rule, at);
  status_.Update(verdict.status());
  return verdict.ok() ? *verdict : domain::RetentionVerdict();
}

// Whoever was client or companion at any time counts: what was written then is about them.
std::optional<domain::RecordsOfErased> RelatedRecords::RecordsOfNobodyElse(
    const std::vector<std::string>& person_ids) const {
  const absl::StatusOr<std::optional<domain::RecordsOfErased>> records =
      FindRecordsOfNobodyElse(person_ids);
  status_.Update(records.status());
  return records.ok() ? *records : domain::RecordsOfErased();
}

absl::StatusOr<std::optional<domain::RecordsOfErased>> RelatedRecords::FindRecordsOfNobodyElse(
    const std::vector<std::string>& person_ids) const {
  ErasedAlone alone(view_, std::set<std::string>(person_ids.begin(), person_ids.end()),
                    [this](const std::string& person) { return IsErased(person); });
  const auto add_contacts = [&alone](const std::vector<eventstore::StreamId>& contacts) {
    for (const eventstore::StreamId& contact : contacts) alone.AddContact(contact);
  };
  for (const std::string& person : person_ids) {
    ASSIGN_OR_RETURN(const auto cases, CasesOf(person));
    if (!cases.has_value()) return std::nullopt;
    for (const eventstore::StreamId& record : *cases) RETURN_IF_ERROR(alone.AddCase(record));
    // What names them, whether or not it became a case.
    const auto stream = StreamOf(domain::RecordKind::RECORD_KIND_PERSON, person);
    if (!stream.has_value()) continue;
    ASSIGN_OR_RETURN(const auto contacts,
                     ReferrersOf(*stream, domain::RecordKind::RECORD_KIND_CONTACT));
    if (!contacts.has_value()) return std::nullopt;
    add_contacts(*contacts);
  }
  // The contacts that a case came from are among its references, the others name it.
  for (const eventstore::StreamId& record : alone.cases()) {
    ASSIGN_OR_RETURN(const auto contacts,
                     ReferrersOf(record, domain::RecordKind::RECORD_KIND_CONTACT));
    if (!contacts.has_value()) return std::nullopt;
    add_contacts(*contacts);
  }
  return alone.Records();
}

std::vector<std::string> RelatedRecords::ToTexts(
    const absl::StatusOr<std::vector<Hash256>>& keys) const {
  std::vector<std::string> fingerprints;
  status_.Update(keys.status());
  if (!keys.ok()) return fingerprints;
  fingerprints.reserve(keys->size());
  for (const Hash256& key : *keys) fingerprints.emplace_back(key.raw());
  return fingerprints;
}

std::vector<std::string> RelatedRecords::KeyFingerprints(std::string_view person_id) const {
  const std::optional<Uuid> id = Uuid::Parse(person_id);
  if (keys_ == nullptr || !id.has_value()) {
    status_.Update(Reject(domain::Reason::kErasureKeysUnavailable));
    return {};
  }
  return ToTexts(keys_->FingerprintsOf(*id));
}

std::vector<std::string> RelatedRecords::KeyFingerprintsIn(
    domain::RecordKind kind, std::string_view record_id,
    const std::vector<std::string>& person_ids) const {
  const std::optional<eventstore::StreamId> record = StreamOf(kind, record_id);
  if (keys_ == nullptr || !record.has_value()) {
    status_.Update(Reject(domain::Reason::kErasureKeysUnavailable));
    return {};
  }
  std::vector<Uuid> persons;
  for (const std::string& person : person_ids) {
    if (const std::optional<Uuid> id = Uuid::Parse(person)) persons.push_back(*id);
  }
  return ToTexts(keys_->FingerprintsIn(*record, persons));
}

}  // namespace caseledger::commands
