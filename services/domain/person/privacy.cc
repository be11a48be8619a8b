#include "services/domain/person/privacy.h"

#include <algorithm>
#include <utility>

#include "services/domain/person/person.h"
#include "services/domain/rejection.h"

namespace caseledger::domain {
namespace {

using event::v1::DataRequestAnswered;
using event::v1::DataRequestOutcome;

constexpr char kByRepresentative[] = "representative";
// As person.proto says of PersonErased.key_fingerprints.
constexpr size_t kMostKeys = 10'000;

bool GivesUp(const DataRequestAnswered& answered) {
  return answered.outcome() == DataRequestOutcome::DATA_REQUEST_OUTCOME_REFUSED ||
         answered.outcome() == DataRequestOutcome::DATA_REQUEST_OUTCOME_WITHDRAWN;
}

absl::Status CheckMayAsk(const PersonState& state, const DataRequests::Request& request) {
  const std::string& who = request.representative_person_id;
  if (who.empty() || state.representatives.contains(who)) return absl::OkStatus();
  return Reject(state.exclusions.contains(who) ? Reason::kRepresentativeExcluded
                                               : Reason::kRepresentativeNotAppointed,
                who);
}

absl::Status CheckNothingInTheWay(const ErasureReach& reach) {
  if (!reach.held_case.empty()) {
    return Reject(Reason::kErasureLegalHold, reach.held_case + "/" + reach.hold);
  }
  if (!reach.open_case.empty()) return Reject(Reason::kErasureOpenCase, reach.open_case);
  if (!reach.open_stay.empty()) return Reject(Reason::kErasureOpenStay, reach.open_stay);
  return absl::OkStatus();
}

// What nobody asked for rests on the rules that are loaded.
absl::Status CheckRetention(const event::v1::ErasureDecided& decided, const Context& context) {
  const std::string& rule = decided.retention_rule();
  if (rule.empty()) return absl::OkStatus();
  const std::optional<RetentionVerdict> verdict =
      context.related->RetentionOf(context.record_id, rule, context.now);
  if (!verdict.has_value()) return Reject(Reason::kErasureTooManyRecords);
  if (!verdict->kept_case.empty()) {
    return Reject(Reason::kRetentionStillKeeps, verdict->kept_case + "/" + verdict->kept_by);
  }
  return verdict->applies ? absl::OkStatus() : Reject(Reason::kRetentionRuleUnknown, rule);
}

// Names the keys of the record.
absl::Status CompleteFence(const std::string& person_id, const Context& context,
                           event::v1::PersonErased& erased) {
  erased.clear_key_fingerprints();
  const std::vector<std::string> keys = context.related->KeyFingerprints(person_id);
  if (keys.size() > kMostKeys) return Reject(Reason::kErasureTooManyKeys, person_id);
  for (const std::string& key : keys) erased.add_key_fingerprints(key);
  return absl::OkStatus();
}

// And those of the records that are about nobody else.
absl::Status AddRecords(const std::vector<std::string>& persons, const Context& context,
                        event::v1::PersonErased& erased) {
  erased.clear_case_ids();
  erased.clear_contact_ids();
  const std::optional<RecordsOfErased> records = context.related->RecordsOfNobodyElse(persons);
  if (!records.has_value()) return Reject(Reason::kErasureTooManyRecords);
  const auto add = [&](RecordKind kind, const std::string& record) {
    for (const std::string& key : context.related->KeyFingerprintsIn(kind, record, persons)) {
      erased.add_key_fingerprints(key);
    }
  };
  for (const std::string& record : records->case_ids) {
    erased.add_case_ids(record);
    add(RecordKind::RECORD_KIND_CASE_RECORD, record);
  }
  for (const std::string& record : records->contact_ids) {
    erased.add_contact_ids(record);
    add(RecordKind::RECORD_KIND_CONTACT, record);
  }
  if (static_cast<size_t>(erased.key_fingerprints_size()) <= kMostKeys) return absl::OkStatus();
  return Reject(Reason::kErasureTooManyKeys, context.record_id);
}

absl::Status Complete(const ErasureReach& reach, const Context& context, Decided& decided) {
  event::v1::PersonErased& erased = *decided.fact.mutable_person_erased();
  erased.clear_decided_on_person_id();
  if (auto status = CompleteFence(context.record_id, context, erased); !status.ok()) return status;
  std::vector<std::string> persons = reach.merged_person_ids;
  persons.push_back(context.record_id);
  if (auto status = AddRecords(persons, context, erased); !status.ok()) return status;
  for (const std::string& merged : reach.merged_person_ids) {
    ProposedFact follows{RecordKind::RECORD_KIND_PERSON, merged, {}};
    event::v1::PersonErased& fence = *follows.fact.mutable_person_erased();
    fence.set_request_id(erased.request_id());
    fence.set_decided_on_person_id(context.record_id);
    if (auto status = CompleteFence(merged, context, fence); !status.ok()) return status;
    decided.consequences.push_back(std::move(follows));
  }
  return absl::OkStatus();
}

}  // namespace

const DataRequests::Request* DataRequests::Find(const std::string& key) const {
  const auto it = requests.find(key);
  return it == requests.end() ? nullptr : &it->second;
}

void DataRequests::Apply(const DomainEvent& event) {
  const Fact& fact = *event.fact;
  if (fact.has_data_request_received()) {
    const event::v1::DataRequestReceived& received = fact.data_request_received();
    Request request;
    request.kind = received.request_kind();
    request.representative_person_id = received.representative_person_id();
    requests[received.request_id()] = std::move(request);
  } else if (fact.has_data_request_answered()) {
    const DataRequestAnswered& answered = fact.data_request_answered();
    const auto it = requests.find(answered.request_id());
    if (it == requests.end()) return;
    it->second.accepted = true;
    it->second.answered = answered.outcome() != DataRequestOutcome::DATA_REQUEST_OUTCOME_ACCEPTED;
  } else if (fact.has_person_erased()) {
    for (auto& [key, request] : requests) {
      if (request.kind == kErasureRequest) request.answered = true;
    }
  }
}

absl::Status DataRequests::Check(const DomainEvent& event) const {
  const Fact& fact = *event.fact;
  if (fact.has_data_request_received()) return CheckReceived(fact.data_request_received());
  if (fact.has_data_request_answered()) return CheckAnswered(fact.data_request_answered());
  return absl::OkStatus();
}

absl::Status DataRequests::CheckReceived(const event::v1::DataRequestReceived& received) const {
  const std::string& key = received.request_id();
  if (requests.contains(key)) return Reject(Reason::kDataRequestKeyUsed, key);
  const bool by_representative = received.asked_by() == kByRepresentative;
  if (by_representative == received.representative_person_id().empty()) {
    return Reject(Reason::kDataRequestRepresentative, key);
  }
  return absl::OkStatus();
}

absl::Status DataRequests::CheckAnswered(const DataRequestAnswered& answered) const {
  const std::string& key = answered.request_id();
  const Request* request = Find(key);
  if (request == nullptr) return Reject(Reason::kDataRequestUnknown, key);
  const bool accepts = answered.outcome() == DataRequestOutcome::DATA_REQUEST_OUTCOME_ACCEPTED;
  if (request->answered || (accepts && request->accepted)) {
    return Reject(Reason::kDataRequestAnswered, key);
  }
  if (request->kind == kErasureRequest &&
      answered.outcome() == DataRequestOutcome::DATA_REQUEST_OUTCOME_FULFILLED) {
    return Reject(Reason::kErasureAnswersItself, key);
  }
  if (answered.outcome() == DataRequestOutcome::DATA_REQUEST_OUTCOME_REFUSED &&
      answered.reason().empty()) {
    return Reject(Reason::kDataRequestRefusalUnexplained, key);
  }
  return absl::OkStatus();
}

void Erasure::GiveUp() {
  key.clear();
  decided_by.clear();
  corrected_by.clear();
  approved = false;
}

void Erasure::Apply(const DomainEvent& event) {
  const Fact& fact = *event.fact;
  switch (KindOf(fact)) {
    case Fact::kErasureDecided:
      key = fact.erasure_decided().request_id();
      decided_by = event.actor;
      corrected_by = event.corrected_by;
      decided_revision = event.revision;
      approved = false;
      if (!fact.erasure_decided().retention_rule().empty()) keys_without_request.insert(key);
      break;
    case Fact::kPersonsMerged:
      merged_revision = std::max(merged_revision, event.revision);
      break;
    case Fact::kErasureApproved:
      approved = approved || fact.erasure_approved().request_id() == key;
      break;
    case Fact::kPersonErased:
      GiveUp();
      erased = true;
      break;
    case Fact::kDataRequestAnswered:
      if (fact.data_request_answered().request_id() == key &&
          GivesUp(fact.data_request_answered())) {
        GiveUp();
      }
      break;
    default:
      break;
  }
}

absl::Status Erasure::Check(const DomainEvent& event, const DataRequests& requests) const {
  const Fact& fact = *event.fact;
  switch (KindOf(fact)) {
    case Fact::kDataRequestReceived: {
      const std::string& asked = fact.data_request_received().request_id();
      return keys_without_request.contains(asked) ? Reject(Reason::kDataRequestKeyUsed, asked)
                                                  : absl::OkStatus();
    }
    case Fact::kErasureDecided:
      return CheckDecided(fact.erasure_decided(), requests);
    case Fact::kErasureApproved:
      return CheckApproved(event);
    case Fact::kPersonErased:
      return CheckErased(fact.person_erased());
    case Fact::kPersonsMerged:
      return IsUnderWay() ? Reject(Reason::kErasureUnderWay, key) : absl::OkStatus();
    default:
      return absl::OkStatus();
  }
}

absl::Status Erasure::CheckDecided(const event::v1::ErasureDecided& decided,
                                   const DataRequests& requests) const {
  const std::string& decided_key = decided.request_id();
  if (IsUnderWay()) return Reject(Reason::kErasureUnderWay, key);
  const DataRequests::Request* request = requests.Find(decided_key);
  if (!decided.retention_rule().empty()) {
    const bool used = request != nullptr || keys_without_request.contains(decided_key);
    return used ? Reject(Reason::kDataRequestKeyUsed, decided_key) : absl::OkStatus();
  }
  if (request == nullptr) return Reject(Reason::kDataRequestUnknown, decided_key);
  if (request->kind != kErasureRequest) return Reject(Reason::kDataRequestNotErasure, decided_key);
  return request->answered ? Reject(Reason::kDataRequestAnswered, decided_key) : absl::OkStatus();
}

absl::Status Erasure::CheckApproved(const DomainEvent& event) const {
  const std::string& named = event.fact->erasure_approved().request_id();
  if (!IsUnderWay() || named != key) return Reject(Reason::kErasureNotDecided, named);
  if (merged_revision > decided_revision) return Reject(Reason::kErasureReachChanged, named);
  if (approved) return Reject(Reason::kErasureAlreadyApproved, named);
  if (event.actor == decided_by || event.actor == corrected_by) {
    return Reject(Reason::kErasureApproverDecided, named);
  }
  return absl::OkStatus();
}

absl::Status Erasure::CheckErased(const event::v1::PersonErased& fence) const {
  if (!fence.decided_on_person_id().empty()) return absl::OkStatus();  // decided there
  if (!IsUnderWay() || fence.request_id() != key) {
    return Reject(Reason::kErasureNotDecided, fence.request_id());
  }
  if (merged_revision > decided_revision) return Reject(Reason::kErasureReachChanged, key);
  return approved ? absl::OkStatus() : Reject(Reason::kErasureNotApproved, key);
}

bool Restrictions::Any() const {
  return std::any_of(in_force.begin(), in_force.end(),
                     [](const auto& restriction) { return restriction.second; });
}

void Restrictions::Apply(const DomainEvent& event) {
  const Fact& fact = *event.fact;
  if (fact.has_processing_restricted()) {
    in_force[fact.processing_restricted().restriction_id()] = true;
  } else if (fact.has_restriction_lifted()) {
    const auto it = in_force.find(fact.restriction_lifted().restriction_id());
    if (it != in_force.end()) it->second = false;
  }
}

absl::Status Restrictions::Check(const DomainEvent& event) const {
  const Fact& fact = *event.fact;
  if (fact.has_processing_restricted()) {
    const std::string& key = fact.processing_restricted().restriction_id();
    return in_force.contains(key) ? Reject(Reason::kRestrictionKeyUsed, key) : absl::OkStatus();
  }
  if (fact.has_restriction_lifted()) {
    const std::string& key = fact.restriction_lifted().restriction_id();
    const auto it = in_force.find(key);
    if (it == in_force.end()) return Reject(Reason::kRestrictionUnknown, key);
    return it->second ? absl::OkStatus() : Reject(Reason::kRestrictionLifted, key);
  }
  return absl::OkStatus();
}

bool MayFollowAnErasure(const Fact& fact) {
  switch (KindOf(fact)) {
    case Fact::kConsentWithdrawn:
    case Fact::kStayFinished:
    case Fact::kMergeReversed:
    case Fact::kRepresentativeExcluded:
    case Fact::kRestrictionLifted:
      return true;
    case Fact::kDataRequestAnswered:
      return !fact.data_request_answered().has_note();
    default:
      return false;
  }
}

bool IsOfErasure(const Fact& fact) {
  return fact.has_erasure_decided() || fact.has_erasure_approved() || fact.has_person_erased();
}

absl::StatusOr<Decided> DecideAnswer(const PersonState& state, const Fact& fact, const Context&) {
  const DataRequestAnswered& answered = fact.data_request_answered();
  const DataRequests::Request* request = state.requests.Find(answered.request_id());
  if (request != nullptr && !GivesUp(answered)) {
    if (auto status = CheckMayAsk(state, *request); !status.ok()) return status;
  }
  return Decided{fact, {}, {}};
}

absl::StatusOr<Decided> DecideErasure(const PersonState& state, const Fact& fact,
                                      const Context& context) {
  Decided decided{fact, {}, {}};
  if (!state.registered || state.merged_into.has_value()) return decided;  // Check says so
  const std::optional<ErasureReach> reach = context.related->ReachOfErasure(context.record_id);
  if (!reach.has_value()) return Reject(Reason::kErasureTooManyRecords);
  if (auto status = CheckNothingInTheWay(*reach); !status.ok()) return status;
  if (fact.has_erasure_decided()) {
    if (auto status = CheckRetention(fact.erasure_decided(), context); !status.ok()) return status;
    const DataRequests::Request* request = state.requests.Find(fact.erasure_decided().request_id());
    if (request != nullptr) {
      if (auto status = CheckMayAsk(state, *request); !status.ok()) return status;
    }
  }
  // Keys are asked for only when there is an approval to act on; Check says so otherwise.
  if (fact.has_person_erased() && state.erasure.approved) {
    if (auto status = Complete(*reach, context, decided); !status.ok()) return status;
  }
  return decided;
}

}  // namespace caseledger::domain
