// The work lists of the privacy officer.
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "projections/due_requests/due_requests.h"
#include "projections/retention/retention_due.h"
#include "services/commands/times.h"
#include "services/rpc/queries.h"
#include "services/rpc/read_model_view.h"
#include "services/rpc/requests.h"

namespace caseledger::rpc {
namespace {

using commands::ToTimestamp;
using projections::DueRequest;
using projections::RequestDeadline;

// A list looks at so many rows for one page, whoever may see few of them; the next page goes on.
constexpr size_t kMostRowsLookedAt = 5000;
constexpr int64_t kStandardRows = 50;

size_t WantedRows(int64_t page_size) {
  return static_cast<size_t>(page_size == 0 ? kStandardRows : page_size);
}

// A state nobody knows would find nothing, and an empty list looks like a true answer.
absl::Status CheckState(const std::string& state) {
  for (const char* known : {"", projections::kRequestReceived, projections::kRequestAccepted,
                            projections::kErasureDecided, projections::kErasureApproved,
                            projections::kErasureExecuted}) {
    if (state == known) return absl::OkStatus();
  }
  return commands::InvalidRequest(
      {commands::Violation{"state", "must be received, accepted, decided, approved or executed"}});
}

void Show(const RequestDeadline& deadline, Micros now, v1::RequestDeadline& out) {
  out.set_deadline_id(deadline.deadline_id);
  out.set_basis(deadline.basis);
  *out.mutable_due_time() = ToTimestamp(deadline.due_at);
  if (deadline.met_at.has_value()) *out.mutable_met_time() = ToTimestamp(*deadline.met_at);
  out.set_overdue(deadline.IsOverdue(now));
}

void Show(const DueRequest& row, Micros now, v1::DueRequestRow& out) {
  out.set_person_id(row.person_id.ToString());
  out.set_request_id(row.request_id);
  out.set_request_kind(row.request_kind);
  out.set_state(row.state);
  out.set_asked_by(row.asked_by);
  out.set_retention_rule(row.retention_rule);
  out.set_agency_id(row.agency_id);
  if (row.received_at.has_value()) *out.mutable_received_time() = ToTimestamp(*row.received_at);
  if (const auto due_at = row.DueAt(); due_at.has_value()) {
    *out.mutable_due_time() = ToTimestamp(*due_at);
    out.set_overdue(now > *due_at);
  }
  for (const RequestDeadline& deadline : row.deadlines) Show(deadline, now, *out.add_deadlines());
  if (row.decided_at.has_value()) *out.mutable_decided_time() = ToTimestamp(*row.decided_at);
  if (row.approved_at.has_value()) *out.mutable_approved_time() = ToTimestamp(*row.approved_at);
  if (row.executed_at.has_value()) *out.mutable_executed_time() = ToTimestamp(*row.executed_at);
}

void Show(const projections::DueCase& row, v1::RetentionRow& out) {
  out.set_case_id(row.case_id.ToString());
  out.set_case_type(row.case_type);
  out.set_owner_agency_id(row.owner_agency_id);
  out.set_rule_id(row.rule_id);
  *out.mutable_closed_time() = ToTimestamp(row.closed_at);
  *out.mutable_due_time() = ToTimestamp(row.due_at);
  out.set_held(!row.hold_ids.empty());
  for (const std::string& hold : row.hold_ids) out.add_hold_ids(hold);
  for (const projections::DuePerson& person : row.persons) {
    v1::RetentionPerson& shown = *out.add_persons();
    shown.set_person_id(person.person_id.ToString());
    shown.set_kept_by(person.kept_by);
  }
}

}  // namespace

absl::Status Queries::ListDueRequests(Reading& reading, const v1::ListDueRequestsRequest& request,
                                      absl::Duration wait,
                                      v1::ListDueRequestsResponse& response) const {
  ASSIGN_OR_RETURN(const commands::Ledger* ledger, reading.Begin(request.ledger()));
  RETURN_IF_ERROR(CheckState(request.state()));
  reading.AskedFor(StrCat("state=", KeyOnly(request.state()), " kind=",
                          KeyOnly(request.request_kind()), " page_size=", request.page_size()));
  ASSIGN_OR_RETURN(const ReadModelView view, LookAt(*ledger, projections::kDueRequestsName,
                                                    request.min_position(), nullptr, wait));
  projections::DueRequestQuery query;
  query.state = request.state();
  query.request_kind = request.request_kind();
  query.page_token = request.page_token();
  const Micros now = clock_.Now();
  const size_t wanted = WantedRows(request.page_size());
  size_t looked_at = 0;
  do {
    query.page_size = static_cast<int64_t>(wanted) - response.requests_size();
    ASSIGN_OR_RETURN(const projections::DueRequestPage page,
                     projections::ListDueRequests(*view.snapshot, query));
    for (const DueRequest& row : page.requests) {
      const eventstore::StreamId person{static_cast<uint32_t>(options::v1::RECORD_KIND_PERSON),
                                        row.person_id};
      ASSIGN_OR_RETURN(const bool shown, reading.Shows(person));
      if (shown) Show(row, now, *response.add_requests());
    }
    looked_at += page.requests.size();
    query.page_token = page.next_page_token;
    response.set_reflected_events(page.reflected_events);
  } while (!query.page_token.empty() && response.requests_size() < static_cast<int>(wanted) &&
           looked_at < kMostRowsLookedAt);
  response.set_next_page_token(query.page_token);
  return absl::OkStatus();
}

absl::Status Queries::ListRetentionDue(Reading& reading, const v1::ListRetentionDueRequest& request,
                                       absl::Duration wait,
                                       v1::ListRetentionDueResponse& response) const {
  ASSIGN_OR_RETURN(const commands::Ledger* ledger, reading.Begin(request.ledger()));
  reading.AskedFor(StrCat("case_type=", KeyOnly(request.case_type()),
                          " only_free=", request.only_free() ? "true" : "false",
                          " page_size=", request.page_size()));
  ASSIGN_OR_RETURN(const ReadModelView view, LookAt(*ledger, projections::kRetentionName,
                                                    request.min_position(), nullptr, wait));
  projections::RetentionQuery query;
  query.now = clock_.Now();
  query.case_type = request.case_type();
  query.only_free = request.only_free();
  query.page_token = request.page_token();
  const size_t wanted = WantedRows(request.page_size());
  size_t looked_at = 0;
  do {
    query.page_size = static_cast<int64_t>(wanted) - response.cases_size();
    ASSIGN_OR_RETURN(const projections::RetentionPage page,
                     projections::ListRetentionDue(*view.snapshot, query));
    for (const projections::DueCase& row : page.cases) {
      const eventstore::StreamId record{static_cast<uint32_t>(options::v1::RECORD_KIND_CASE_RECORD),
                                        row.case_id};
      ASSIGN_OR_RETURN(const bool shown, reading.Shows(record));
      if (shown) Show(row, *response.add_cases());
    }
    looked_at += page.cases.size();
    query.page_token = page.next_page_token;
    response.set_reflected_events(page.reflected_events);
  } while (!query.page_token.empty() && response.cases_size() < static_cast<int>(wanted) &&
           looked_at < kMostRowsLookedAt);
  response.set_next_page_token(query.page_token);
  return absl::OkStatus();
}

}  // namespace caseledger::rpc
