#include "services/commands/related_records.h"

#include <vector>

#include "services/commands/fact_schema.h"
#include "services/domain/case_record/case_record.h"
#include "services/domain/directory/agency.h"
#include "services/domain/person/person.h"

namespace caseledger::commands {
namespace {

std::optional<eventstore::StreamId> StreamOf(domain::RecordKind kind, std::string_view id) {
  if (IsNamedKind(kind)) return NamedStream(kind, id);
  const std::optional<Uuid> uuid = Uuid::Parse(id);
  if (!uuid.has_value()) return std::nullopt;
  return eventstore::StreamId{static_cast<uint32_t>(kind), *uuid};
}

bool IsOpen(const domain::CaseState& state) {
  return state.lifecycle.phase() == domain::CasePhase::kOpen;
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

int RelatedRecords::BirthYear(std::string_view person_id, domain::Micros at) const {
  int year = 0;
  WithState<domain::PersonState>(
      domain::RecordKind::RECORD_KIND_PERSON, person_id, at,
      [&](const domain::PersonState& person) { year = person.birth_year; });
  return year;
}

}  // namespace caseledger::commands
