// The work lists of the privacy officer.
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "projections/due_requests/due_requests.h"
#include "projections/retention/retention_due.h"
#include "services/commands/times.h"
#include "services/rpc/fill_page.h"
#include "services/rpc/queries.h"
#include "services/rpc/read_model_view.h"
#include "services/rpc/requests.h"

namespace caseledger::rpc {
namespace {

using commands::ToTimestamp;
using projections::DueRequest;
using projections::DueRequestOrder;
using projections::RequestDeadline;
using projections::RetentionOrder;

constexpr auto kPerson = options::v1::RECORD_KIND_PERSON;
constexpr auto kCase = options::v1::RECORD_KIND_CASE_RECORD;

constexpr Orders<DueRequestOrder, 4> kRequestOrders{
    {{"", DueRequestOrder::kAsListed},
     {"due_time", DueRequestOrder::kFirstDue},
     {"received_time", DueRequestOrder::kFirstReceived},
     {"received_time desc", DueRequestOrder::kLastReceived}}};
constexpr Orders<RetentionOrder, 4> kRetentionOrders{
    {{"due_time", RetentionOrder::kFirstDue},
     {"due_time desc", RetentionOrder::kLastDue},
     {"closed_time", RetentionOrder::kFirstClosed},
     {"closed_time desc", RetentionOrder::kLastClosed}}};

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
  projections::DueRequestQuery query;
  ASSIGN_OR_RETURN(query.order, OrderOf(request.order_by(), kRequestOrders));
  reading.AskedFor(StrCat("state=", KeyOnly(request.state()),
                          " kind=", KeyOnly(request.request_kind()),
                          " page_size=", request.page_size(), " order_by=", request.order_by()));
  ASSIGN_OR_RETURN(const ReadModelView view, LookAt(*ledger, projections::kDueRequestsName,
                                                    request.min_position(), nullptr, wait));
  query.state = request.state();
  query.request_kind = request.request_kind();
  query.page_size = request.page_size();
  query.page_token = request.page_token();
  const Micros now = clock_.Now();
  const auto read = [&](const auto& paged) {
    return projections::ListDueRequests(*view.snapshot, paged);
  };
  const auto show = [&](const projections::DueRequestPage& page) -> absl::StatusOr<size_t> {
    const int before = response.requests_size();
    for (const DueRequest& row : page.requests) {
      ASSIGN_OR_RETURN(const bool shown, reading.Shows(StreamOf(kPerson, row.person_id)));
      if (shown) Show(row, now, *response.add_requests());
    }
    return static_cast<size_t>(response.requests_size() - before);
  };
  const auto visible = [&](const DueRequest& row) -> absl::StatusOr<bool> {
    ASSIGN_OR_RETURN(const commands::Verdict verdict,
                     reading.AskToShow(StreamOf(kPerson, row.person_id)));
    return verdict.allowed();
  };
  RETURN_IF_ERROR(CountTotal<projections::DueRequestPage>(
      request, query, read, &projections::DueRequestPage::requests, visible, response));
  return FillPage<projections::DueRequestPage>(query, read, show, response);
}

absl::Status Queries::ListRetentionDue(Reading& reading, const v1::ListRetentionDueRequest& request,
                                       absl::Duration wait,
                                       v1::ListRetentionDueResponse& response) const {
  ASSIGN_OR_RETURN(const commands::Ledger* ledger, reading.Begin(request.ledger()));
  projections::RetentionQuery query;
  ASSIGN_OR_RETURN(query.order, OrderOf(request.order_by(), kRetentionOrders));
  reading.AskedFor(StrCat("case_type=", KeyOnly(request.case_type()),
                          " only_free=", request.only_free() ? "true" : "false",
                          " page_size=", request.page_size(), " order_by=", request.order_by()));
  ASSIGN_OR_RETURN(const ReadModelView view, LookAt(*ledger, projections::kRetentionName,
                                                    request.min_position(), nullptr, wait));
  query.now = clock_.Now();
  query.case_type = request.case_type();
  query.only_free = request.only_free();
  query.page_size = request.page_size();
  query.page_token = request.page_token();
  const auto read = [&](const auto& paged) {
    return projections::ListRetentionDue(*view.snapshot, paged);
  };
  const auto show = [&](const projections::RetentionPage& page) -> absl::StatusOr<size_t> {
    const int before = response.cases_size();
    for (const projections::DueCase& row : page.cases) {
      ASSIGN_OR_RETURN(const bool shown, reading.Shows(StreamOf(kCase, row.case_id)));
      if (shown) Show(row, *response.add_cases());
    }
    return static_cast<size_t>(response.cases_size() - before);
  };
  const auto visible = [&](const projections::DueCase& row) -> absl::StatusOr<bool> {
    ASSIGN_OR_RETURN(const commands::Verdict verdict,
                     reading.AskToShow(StreamOf(kCase, row.case_id)));
    return verdict.allowed();
  };
  RETURN_IF_ERROR(CountTotal<projections::RetentionPage>(
      request, query, read, &projections::RetentionPage::cases, visible, response));
  return FillPage<projections::RetentionPage>(query, read, show, response);
}

}  // namespace caseledger::rpc
