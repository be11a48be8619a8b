#include "tests/projections/report_facts/ledger.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "eventstore/base/strings.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "projections/read_model/memory/memory_read_models.h"
#include "projections/report_facts/definition.h"

namespace caseledger::projections {

using event::v1::Fact;
using options::v1::RECORD_KIND_CASE_RECORD;
using options::v1::RECORD_KIND_CONTACT;
using options::v1::RECORD_KIND_PERSON;

std::string Id(std::string_view name) { return Uuid::FromName(Uuid{}, name).ToString(); }

Fact ParseFact(std::string text) {
  for (size_t at = text.find('$'); at != std::string::npos; at = text.find('$')) {
    const size_t end = text.find('"', at);
    text.replace(at, end - at, Id(text.substr(at + 1, end - at - 1)));
  }
  Fact fact;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &fact)) << text;
  return fact;
}

Micros At(std::string_view time) {
  const std::string full = time.size() == 10 ? StrCat(time, "T00:00:00+07:00") : std::string(time);
  absl::Time parsed;
  std::string error;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, full, &parsed, &error)) << full << error;
  return absl::ToUnixMicros(parsed);
}

Ledger::Ledger() : store_(NewMemoryReadModels()) {
  table_ = std::move(store_->OpenTable("test", "report-facts")).value();
}

std::string Ledger::Record(options::v1::RecordKind kind, std::string_view name, Micros occurred_at,
                           const Fact& fact) {
  const std::string event_name = absl::StrCat("event-", next_position_);
  eventstore::RecordedEvent event;
  event.event_id = *Uuid::Parse(Id(event_name));
  event.stream = {static_cast<uint32_t>(kind), *Uuid::Parse(Id(name))};
  event.revision = ++revisions_[StrCat(static_cast<int>(kind), "/", name)];
  event.position = next_position_;
  event.occurred_at = occurred_at;
  event.recorded_at = recorded_at_.value_or(occurred_at);
  event.fact_type = static_cast<uint32_t>(fact.kind_case());
  event.origin.agency = agency_;
  std::unique_ptr<ReadModelBatch> batch = table_->NewBatch();
  const absl::Status applied = projection_.Apply(event, fact, *batch);
  EXPECT_TRUE(applied.ok()) << applied;
  const absl::Status committed = table_->Commit(*batch, next_position_, next_position_ + 1);
  EXPECT_TRUE(committed.ok()) << committed;
  ++next_position_;
  return event_name;
}

void Ledger::Correct(options::v1::RecordKind kind, std::string_view name, const std::string& event,
                     const std::string& fact, std::string_view time) {
  Fact correction;
  correction.mutable_fact_corrected()->set_target_event_id(Id(event));
  *correction.mutable_fact_corrected()->mutable_replacement() = ParseFact(fact);
  if (!time.empty()) {
    correction.mutable_fact_corrected()->mutable_replacement_occurred_time()->set_seconds(
        At(time) / kMicrosPerSecond);
  }
  Record(kind, name, At("2024-12-01"), correction);
}

void Ledger::Void(options::v1::RecordKind kind, std::string_view name, const std::string& event) {
  Fact voided;
  voided.mutable_event_voided()->set_target_event_id(Id(event));
  Record(kind, name, At("2024-12-01"), voided);
}

void OpenCase(Ledger& ledger, const std::string& name, const std::string& time,
              const std::string& fields) {
  ledger.Record(RECORD_KIND_CASE_RECORD, name, time, "case_opened { " + fields + " }");
}

std::string AddParticipant(Ledger& ledger, const std::string& name, const std::string& person,
                           const std::string& role, const std::string& time) {
  return ledger.Record(
      RECORD_KIND_CASE_RECORD, name, time,
      "participant_added { person_id: \"$" + person + "\" role: PARTICIPANT_ROLE_" + role + " }");
}

std::string Register(Ledger& ledger, const std::string& person, const std::string& time,
                     const std::string& attributes) {
  return ledger.Record(RECORD_KIND_PERSON, person, time,
                       "person_registered { attributes { " + attributes + " } }");
}

std::string Serve(Ledger& ledger, const std::string& case_name, const std::string& time,
                  const std::string& kind, const std::string& person) {
  return ledger.Record(RECORD_KIND_CASE_RECORD, case_name, time,
                       "service_delivered { kind: '" + kind + "' beneficiary_person_ids: \"$" +
                           person + "\" minutes: 30 }");
}

std::string EndContact(Ledger& ledger, const std::string& contact, const std::string& time) {
  return ledger.Record(RECORD_KIND_CONTACT, contact, time,
                       "contact_ended { outcome: CONTACT_OUTCOME_COUNSELLED }");
}

std::string Definition(const std::string& body) {
  return "report_id: \"test\" version: 1 time_zone: \"Asia/Ho_Chi_Minh\" label_vi: \"Thử\"\n" +
         body;
}

namespace {

// Of a report with that one row; empty, with a failed expectation, when it cannot be computed.
std::vector<ReportFigure> RowsOf(const Ledger& ledger, const std::string& indicator_body,
                                 uint64_t as_of_events) {
  const absl::StatusOr<v1::ReportDefinition> definition = ParseReportDefinition(Definition(
      "indicators { row: \"X\" unit: \"thing\" label_vi: \"X\" " + indicator_body + " }"));
  EXPECT_TRUE(definition.ok()) << definition.status();
  if (!definition.ok()) return {};
  const absl::StatusOr<ReportResult> result =
      RunReport(*ledger.Snapshot(), *definition, At("2024-01-01"), At("2024-07-01"), as_of_events);
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? result->rows : std::vector<ReportFigure>();
}

}  // namespace

int64_t Figure(const Ledger& ledger, const std::string& indicator_body, uint64_t as_of_events) {
  const std::vector<ReportFigure> rows = RowsOf(ledger, indicator_body, as_of_events);
  return rows.empty() ? -1 : static_cast<int64_t>(rows[0].value);
}

int64_t Figure(const Ledger& ledger, const std::string& indicator_body) {
  return Figure(ledger, indicator_body, ledger.size());
}

uint64_t NotAttributable(const Ledger& ledger, const std::string& indicator_body,
                         uint64_t as_of_events) {
  const std::vector<ReportFigure> rows = RowsOf(ledger, indicator_body, as_of_events);
  return rows.empty() ? UINT64_MAX : rows[0].not_attributable;
}

uint64_t NotAttributable(const Ledger& ledger, const std::string& indicator_body) {
  return NotAttributable(ledger, indicator_body, ledger.size());
}

Groups GroupsOf(const Ledger& ledger, const std::string& indicator_body, uint64_t as_of_events) {
  Groups groups;
  for (const ReportFigure& row : RowsOf(ledger, indicator_body, as_of_events)) {
    if (!row.group.empty()) groups.emplace_back(absl::StrJoin(row.group, "|"), row.value);
  }
  return groups;
}

Groups GroupsOf(const Ledger& ledger, const std::string& indicator_body) {
  return GroupsOf(ledger, indicator_body, ledger.size());
}

}  // namespace caseledger::projections
