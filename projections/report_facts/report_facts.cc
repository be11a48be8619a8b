#include "projections/report_facts/report_facts.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/uuid.h"
#include "projections/report_facts/countable.h"
#include "projections/report_facts/rows.h"

namespace caseledger::projections {
namespace {

using event::v1::Fact;
using event::v1::FactCorrected;
using eventstore::RecordedEvent;
using report_rows::FactRow;

// The open part of a fact as bytes. The text of a report definition is open and kept whole: the
// server acts on it.
std::string CountablePart(const Fact& fact) {
  if (fact.has_report_definition_loaded()) return fact.SerializeAsString();
  Fact open = fact;
  KeepCountable(open);
  return open.SerializeAsString();
}

void Write(const FactRow& row, ReadModelBatch& batch) {
  batch.Put(report_rows::FactRowKey(row.key), report_rows::FactRowValue(row));
  batch.Put(report_rows::TimeIndexKey(row.kind, row.key), report_rows::TimeIndexValue(row.to));
}

// The row in force of the event `event_id` in the stream, if any.
absl::StatusOr<std::optional<FactRow>> FindInForce(const eventstore::StreamId& stream,
                                                   const Uuid& event_id,
                                                   const ReadModelBatch& batch) {
  std::optional<FactRow> found;
  bool damaged = false;
  RETURN_IF_ERROR(batch.Scan(report_rows::StreamBegin(stream), report_rows::StreamEnd(stream),
                             [&](std::string_view key, std::string_view value) {
                               std::optional<FactRow> row = report_rows::ReadFactRow(key, value);
                               damaged = !row.has_value();
                               if (damaged) return false;
                               if (row->event_id != event_id) return true;
                               if (row->to != report_rows::kInForce) return true;
                               found = std::move(row);
                               return false;
                             }));
  if (damaged) return absl::DataLossError("report-facts: a row is damaged; rebuild the projection");
  return found;
}

// Closes the row in force of the target and returns it as it was; nullopt when there is none.
absl::StatusOr<std::optional<FactRow>> CloseTarget(const RecordedEvent& event,
                                                   const std::string& target_event_id,
                                                   ReadModelBatch& batch) {
  const std::optional<Uuid> target = Uuid::Parse(target_event_id);
  if (!target.has_value()) return std::optional<FactRow>();
  ASSIGN_OR_RETURN(std::optional<FactRow> row, FindInForce(event.stream, *target, batch));
  if (!row.has_value()) return row;
  FactRow closed = *row;
  closed.to = event.position;
  Write(closed, batch);
  return row;
}

absl::Status UnknownFact(const RecordedEvent& event) {
  return absl::FailedPreconditionError(
      absl::StrCat("report-facts: the event at position ", event.position, " of type ",
                   event.fact_type, " holds a fact this program does not know; it might count"));
}

absl::Status Correct(const RecordedEvent& event, const FactCorrected& correction,
                     ReadModelBatch& batch) {
  if (correction.replacement().kind_case() == Fact::KIND_NOT_SET) return UnknownFact(event);
  ASSIGN_OR_RETURN(std::optional<FactRow> target,
                   CloseTarget(event, correction.target_event_id(), batch));
  if (!target.has_value()) return absl::OkStatus();
  FactRow row = *std::move(target);
  row.key.from = event.position;
  row.key.occurred_at = ReadTime(correction, "replacement_occurred_time", row.key.occurred_at);
  row.kind = static_cast<uint32_t>(correction.replacement().kind_case());
  row.fact = CountablePart(correction.replacement());
  Write(row, batch);
  return absl::OkStatus();
}

void Open(const RecordedEvent& event, const Fact& fact, ReadModelBatch& batch) {
  FactRow row;
  row.key = {event.stream, event.occurred_at, event.revision, event.position};
  row.kind = static_cast<uint32_t>(fact.kind_case());
  row.recorded_at = event.recorded_at;
  row.event_id = event.event_id;
  row.agency = event.origin.agency;
  row.fact = CountablePart(fact);
  Write(row, batch);
}

}  // namespace

absl::Status ReportFacts::Apply(const RecordedEvent& event, const Fact& fact,
                                ReadModelBatch& batch) {
  switch (static_cast<int>(fact.kind_case())) {
    case Fact::KIND_NOT_SET:
      return UnknownFact(event);
    case Fact::kFactCorrected:
      return Correct(event, fact.fact_corrected(), batch);
    case Fact::kEventVoided:
      return CloseTarget(event, fact.event_voided().target_event_id(), batch).status();
    default:
      Open(event, fact, batch);
      return absl::OkStatus();
  }
}

}  // namespace caseledger::projections
