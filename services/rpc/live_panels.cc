#include "services/rpc/live_panels.h"

#include <string>
#include <utility>

#include "absl/strings/str_replace.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "projections/case_list/case_list.h"
#include "projections/referrals/referrals.h"
#include "projections/report_facts/report_facts.h"
#include "projections/shelter_occupancy/shelter_occupancy.h"
#include "projections/work_items/work_items.h"

namespace caseledger::rpc {
namespace {

using eventstore::StreamId;
using google::protobuf::FieldDescriptor;
using options::v1::RecordKind;
using Panel = v1::DashboardPanel;

// The message that is asked; null when there is none.
const FieldDescriptor* QuestionOf(const Panel& panel) {
  return panel.GetReflection()->GetOneofFieldDescriptor(
      panel, Panel::descriptor()->FindOneofByName("question"));
}

absl::StatusOr<StreamId> RecordOf(RecordKind kind, const std::string& id) {
  const std::optional<Uuid> uuid = Uuid::Parse(id);
  if (!uuid.has_value()) return absl::InternalError("a row without a record");
  return StreamId{static_cast<uint32_t>(kind), *uuid};
}

// Rows of the answer to a list, whose question is asked as it is.
template <typename Response, typename Request, typename Rows, typename ToRow>
absl::StatusOr<LiveAnswer> AskList(const Queries& answers, Reading& reading, const Request& request,
                                   absl::Duration wait,
                                   absl::Status (Queries::*ask)(Reading&, const Request&,
                                                                absl::Duration, Response&) const,
                                   Rows* (Response::*rows)(), ToRow to_row) {
  Response response;
  RETURN_IF_ERROR((answers.*ask)(reading, request, wait, response));
  LiveAnswer answer;
  answer.more = !response.next_page_token().empty();
  answer.reflected_events = response.reflected_events();
  for (auto& row : *(response.*rows)()) {
    LiveRow& live = answer.rows.emplace_back();
    RETURN_IF_ERROR(to_row(row, live));
  }
  return answer;
}

// Named by the row and the values of its group, kept apart as in RFC 6901.
std::string KeyOf(const v1::ReportRow& row) {
  std::string key;
  const auto add = [&](const std::string& part) {
    key += absl::StrReplaceAll(part, {{"~", "~0"}, {"/", "~1"}});
  };
  add(row.row());
  for (const std::string& value : row.group()) {
    key += '/';
    add(value);
  }
  return key;
}

absl::StatusOr<LiveAnswer> AskReport(const Queries& answers, Reading& reading,
                                     const v1::RunReportRequest& request, absl::Duration wait) {
  v1::RunReportResponse response;
  RETURN_IF_ERROR(answers.RunReport(reading, request, wait, response));
  LiveAnswer answer;
  answer.reflected_events = response.reflected_events();
  for (v1::ReportRow& row : *response.mutable_rows()) {
    LiveRow& live = answer.rows.emplace_back();
    live.shown.set_key(KeyOf(row));
    live.shown.mutable_report_row()->Swap(&row);
  }
  response.clear_rows();
  response.clear_reflected_events();
  answer.report = std::move(response);
  return answer;
}

absl::StatusOr<LiveAnswer> AskOccupancy(const Queries& answers, Reading& reading,
                                        const v1::GetOccupancyRequest& request,
                                        absl::Duration wait) {
  v1::GetOccupancyResponse response;
  RETURN_IF_ERROR(answers.GetOccupancy(reading, request, wait, response));
  LiveAnswer answer;
  answer.reflected_events = response.reflected_events();
  response.clear_reflected_events();
  LiveRow& row = answer.rows.emplace_back();
  ASSIGN_OR_RETURN(row.record, RecordOf(options::v1::RECORD_KIND_SHELTER, response.shelter_id()));
  row.shown.set_key(response.shelter_id());
  *row.shown.mutable_occupancy() = std::move(response);
  return answer;
}

absl::Status ToRow(v1::CaseRow& row, LiveRow& live) {
  ASSIGN_OR_RETURN(live.record, RecordOf(options::v1::RECORD_KIND_CASE_RECORD, row.case_id()));
  live.shown.set_key(row.case_id());
  live.shown.mutable_case_row()->Swap(&row);
  return absl::OkStatus();
}

absl::Status ToRow(v1::WorkItemRow& row, LiveRow& live) {
  ASSIGN_OR_RETURN(live.record, RecordOf(row.record_kind(), row.record_id()));
  live.shown.set_key(StrCat(row.record_id(), "/", row.deadline_id(), "/",
                            row.started_time().seconds(), ".", row.started_time().nanos()));
  live.shown.mutable_work_item()->Swap(&row);
  return absl::OkStatus();
}

absl::Status ToRow(v1::ReferralRow& row, LiveRow& live) {
  ASSIGN_OR_RETURN(live.record, RecordOf(options::v1::RECORD_KIND_CASE_RECORD, row.case_id()));
  live.shown.set_key(StrCat(row.case_id(), "/", row.referral_id()));
  live.shown.mutable_referral()->Swap(&row);
  return absl::OkStatus();
}

constexpr auto kToRow = [](auto& row, LiveRow& live) { return ToRow(row, live); };

}  // namespace

LivePanel::LivePanel(const v1::DashboardPanel& panel, std::string_view ledger) : panel_(panel) {
  google::protobuf::Message& question =
      *panel_.GetReflection()->MutableMessage(&panel_, QuestionOf(panel_));
  question.GetReflection()->SetString(
      &question, question.GetDescriptor()->FindFieldByName("ledger"), std::string(ledger));
}

std::vector<commands::Violation> LivePanel::Check(const v1::DashboardPanel& panel,
                                                  std::string_view path) {
  const FieldDescriptor* asked = QuestionOf(panel);
  if (asked == nullptr) return {{std::string(path), "must ask something, such as `cases`"}};
  std::vector<commands::Violation> violations;
  const google::protobuf::Message& question = panel.GetReflection()->GetMessage(panel, asked);
  const google::protobuf::Reflection& fields = *question.GetReflection();
  const auto check = [&](std::string_view name, std::string_view why, auto is_wrong) {
    const FieldDescriptor* field = question.GetDescriptor()->FindFieldByName(std::string(name));
    if (field == nullptr || !is_wrong(field)) return;
    violations.push_back({StrCat(path, ".", asked->name(), ".", name), std::string(why)});
  };
  const auto is_set = [&](const FieldDescriptor* field) {
    return fields.HasField(question, field);
  };
  check("ledger", "must be empty: name it in the request", is_set);
  check("as_of", "must be empty: what is watched is of now", is_set);
  check("page_token", "must be empty: the first page is watched", is_set);
  check("count_total", "must be unset: what is watched is told row by row", is_set);
  check("page_size", StrCat("must be at most ", kMostLiveRows), [&](const FieldDescriptor* field) {
    return fields.GetInt64(question, field) > kMostLiveRows;
  });
  return violations;
}

std::string_view LivePanel::action() const {
  switch (panel_.question_case()) {
    case Panel::kCases:
      return "ListCases";
    case Panel::kWorkItems:
      return "ListWorkItems";
    case Panel::kReferrals:
      return "ListReferrals";
    case Panel::kOccupancy:
      return "GetOccupancy";
    case Panel::kReport:
    case Panel::QUESTION_NOT_SET:
      break;
  }
  return "RunReport";
}

std::string_view LivePanel::projection() const {
  switch (panel_.question_case()) {
    case Panel::kCases:
      return projections::kCaseListName;
    case Panel::kWorkItems:
      return projections::kWorkItemsName;
    case Panel::kReferrals:
      return projections::kReferralsName;
    case Panel::kOccupancy:
      return projections::kShelterOccupancyName;
    case Panel::kReport:
    case Panel::QUESTION_NOT_SET:
      break;
  }
  return projections::ReportFacts::kName;
}

absl::Status LivePanel::AskWhether(Reading& reading) const {
  RETURN_IF_ERROR(reading.Begin(panel_.report().ledger()).status());
  return reading.SeesAtLeast(access::Level::kInternal);
}

absl::StatusOr<LiveAnswer> LivePanel::Ask(const Queries& answers, Reading& reading,
                                          absl::Duration wait) const {
  ASSIGN_OR_RETURN(LiveAnswer answer, AskUnbounded(answers, reading, wait));
  if (answer.rows.empty() && answer.more) {
    return absl::FailedPreconditionError(StrCat(
        "DASHBOARD_NEEDS_FILTER: ", action(), ": none of the first rows is for you; filter them"));
  }
  size_t bytes = answer.report.has_value() ? answer.report->ByteSizeLong() : 0;
  for (const LiveRow& row : answer.rows) bytes += row.shown.ByteSizeLong();
  if (bytes > kMostPanelBytes) {
    return absl::FailedPreconditionError(
        StrCat("DASHBOARD_TOO_LARGE: ", action(), ": the answer has ", bytes >> 10,
               " KiB, and a panel at most ", kMostPanelBytes >> 10));
  }
  return answer;
}

absl::StatusOr<LiveAnswer> LivePanel::AskUnbounded(const Queries& answers, Reading& reading,
                                                   absl::Duration wait) const {
  switch (panel_.question_case()) {
    case Panel::kCases:
      return AskList(answers, reading, panel_.cases(), wait, &Queries::ListCases,
                     &v1::ListCasesResponse::mutable_cases, kToRow);
    case Panel::kWorkItems:
      return AskList(answers, reading, panel_.work_items(), wait, &Queries::ListWorkItems,
                     &v1::ListWorkItemsResponse::mutable_items, kToRow);
    case Panel::kReferrals:
      return AskList(answers, reading, panel_.referrals(), wait, &Queries::ListReferrals,
                     &v1::ListReferralsResponse::mutable_referrals, kToRow);
    case Panel::kOccupancy:
      return AskOccupancy(answers, reading, panel_.occupancy(), wait);
    case Panel::kReport:
      return AskReport(answers, reading, panel_.report(), wait);
    case Panel::QUESTION_NOT_SET:
      break;
  }
  return absl::InternalError("a panel without a question");
}

}  // namespace caseledger::rpc
