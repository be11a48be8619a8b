// Queries over read models; those about the server and single cases are in admin_queries.cc.
#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "projections/case_list/case_list.h"
#include "projections/referrals/referrals.h"
#include "projections/report_facts/definition.h"
#include "projections/report_facts/evaluator.h"
#include "projections/report_facts/ratios.h"
#include "projections/report_facts/report_facts.h"
#include "projections/report_facts/standing_reports.h"
#include "projections/shelter_occupancy/shelter_occupancy.h"
#include "services/commands/aggregates.h"
#include "services/commands/case_query.h"
#include "services/commands/times.h"
#include "services/commands/validation.h"
#include "services/rpc/fill_page.h"
#include "services/rpc/queries.h"
#include "services/rpc/read_model_view.h"
#include "services/rpc/recorded_event.h"
#include "services/rpc/requests.h"

namespace caseledger::rpc {
namespace {

using commands::FromTimestamp;
using commands::Ledger;
using commands::ToTimestamp;

// Streams of the events at positions [from, to).
absl::StatusOr<projections::Streams> WrittenBetween(const eventstore::EventLog& log, uint64_t from,
                                                    uint64_t to) {
  constexpr uint64_t kEventsAtATime = 1000;
  projections::Streams streams;
  while (from < to) {
    ASSIGN_OR_RETURN(const std::vector<eventstore::RecordedEvent> events,
                     log.ReadLedger(from, std::min(kEventsAtATime, to - from)));
    if (events.empty()) {
      return absl::DataLossError(StrCat("the ledger has no event at position ", from));
    }
    for (const eventstore::RecordedEvent& event : events) streams.insert(event.stream);
    from += events.size();
  }
  return streams;
}

// As of now, from what is kept of earlier answers, or as it was known then.
absl::StatusOr<projections::ReportResult> RunAsAsked(const Ledger& ledger,
                                                     const ReadModelView& view,
                                                     const v1::ReportDefinition& definition,
                                                     const projections::Period& period) {
  const bool now = view.as_of_events == projections::kLatest;
  if (!now || ledger.parts.reports == nullptr) {
    const uint64_t events = std::min(view.as_of_events, view.snapshot->applied_events());
    return projections::RunReport(*view.snapshot, definition, period.from, period.to, events);
  }
  return ledger.parts.reports->Run(
      *view.snapshot, definition, period,
      [&](uint64_t from, uint64_t to) { return WrittenBetween(*ledger.parts.log, from, to); });
}

// A phase nobody knows would find no case, and an empty list looks like a true answer.
absl::Status CheckPhase(const std::string& phase) {
  for (const char* known : {"", "open", "closed", "transferred"}) {
    if (phase == known) return absl::OkStatus();
  }
  return commands::InvalidRequest(
      {commands::Violation{"phase", "must be open, closed or transferred"}});
}

using projections::CaseOrder;
using projections::ReferralOrder;

constexpr Orders<CaseOrder, 4> kCaseOrders{{{"opened_time desc", CaseOrder::kNewestOpened},
                                            {"opened_time", CaseOrder::kOldestOpened},
                                            {"risk desc", CaseOrder::kHighestRisk},
                                            {"closed_time desc", CaseOrder::kNewestClosed}}};
constexpr Orders<ReferralOrder, 4> kReferralOrders{{{"sent_time desc", ReferralOrder::kLastSent},
                                                    {"sent_time", ReferralOrder::kFirstSent},
                                                    {"expire_time", ReferralOrder::kFirstToExpire},
                                                    {"urgency desc", ReferralOrder::kMostUrgent}}};

absl::StatusOr<projections::CaseListQuery> CasesAsked(const v1::ListCasesRequest& request,
                                                      const access::Call& call) {
  RETURN_IF_ERROR(CheckPhase(request.phase()));
  projections::CaseListQuery query;
  ASSIGN_OR_RETURN(query.order, OrderOf(request.order_by(), kCaseOrders));
  query.owner_agency_id = request.owner_agency_id();
  query.owner_worker_id = request.owner_worker_id();
  RETURN_IF_ERROR(NameCaller(request.mine(), call, query.owner_agency_id, query.owner_worker_id));
  query.phase = request.phase();
  query.case_type = request.case_type();
  query.page_size = request.page_size();
  query.page_token = request.page_token();
  return query;
}

void Show(const projections::CaseRow& row, v1::CaseRow& out) {
  out.set_case_id(row.case_id.ToString());
  out.set_external_ref(row.external_ref);
  out.set_case_type(row.case_type);
  for (const std::string& concern : row.concerns) out.add_concerns(concern);
  out.set_owner_agency_id(row.owner_agency_id);
  out.set_owner_worker_id(row.owner_worker_id);
  out.set_phase(row.phase);
  out.set_risk(row.risk);
  out.set_unit_code(row.unit_code);
  *out.mutable_opened_time() = ToTimestamp(row.opened_at);
  if (row.closed_at.has_value()) *out.mutable_closed_time() = ToTimestamp(*row.closed_at);
  out.set_client_count(row.client_count);
  out.set_revision(row.revision);
}

void Show(const projections::ReferralRow& row, Micros now, v1::ReferralRow& out) {
  out.set_case_id(row.case_id.ToString());
  out.set_referral_id(row.referral_id);
  out.set_from_agency_id(row.from_agency_id);
  out.set_to_agency_id(row.to_agency_id);
  out.set_service(row.service);
  out.set_state(projections::StateAt(row, now));
  out.set_urgency(row.urgency);
  *out.mutable_sent_time() = ToTimestamp(row.sent_at);
  if (row.answered_at.has_value()) *out.mutable_answered_time() = ToTimestamp(*row.answered_at);
  if (row.completed_at.has_value()) *out.mutable_completed_time() = ToTimestamp(*row.completed_at);
  if (row.expire_at.has_value()) *out.mutable_expire_time() = ToTimestamp(*row.expire_at);
  out.set_person_id(row.person_id);
}

eventstore::StreamId CaseStream(const Uuid& id) {
  return {static_cast<uint32_t>(options::v1::RECORD_KIND_CASE_RECORD), id};
}

// In the ledger's zone, Asia/Ho_Chi_Minh.
int YearThen(Micros at) {
  const absl::Time local = absl::FromUnixMicros(at) + absl::Hours(7);
  return static_cast<int>(absl::ToCivilYear(local, absl::UTCTimeZone()).year());
}

std::string AgeGroup(int years) {
  if (years < 0) return "";
  if (years < 6) return "0-5";
  if (years < 13) return "6-12";
  if (years < 16) return "13-15";
  if (years < 18) return "16-17";
  return years < 60 ? "18-59" : "60+";
}

// Age group and area, for those who are to decide whether they can help.
absl::Status ShowWhoInGeneral(const Reading& reading, const projections::ReferralRow& row,
                              v1::ReferralRow& out) {
  ASSIGN_OR_RETURN(const commands::OfferInGeneral general,
                   reading.ledger().read_rights.WithRecords(
                       reading.now(), [&](auto& view, commands::Aggregates& aggregates) {
                         return commands::ReadInGeneral(view, aggregates, CaseStream(row.case_id),
                                                        row.referral_id, row.sent_at);
                       }));
  out.set_unit_code(general.unit_code);
  if (general.birth_year != 0) {
    out.set_age_group(AgeGroup(YearThen(row.sent_at) - general.birth_year));
  }
  return absl::OkStatus();
}

// An offer names nobody to who is asked. Whom it is for is seen by who may see the case.
absl::Status ShowReferral(const Reading& reading, const projections::ReferralRow& row,
                          v1::ReferralRow& out) {
  Show(row, reading.now(), out);
  const bool received =
      row.to_agency_id == reading.call().agency && row.from_agency_id != reading.call().agency;
  const std::string& state = out.state();
  if (received && state != "accepted" && state != "completed") out.clear_person_id();
  return ShowWhoInGeneral(reading, row, out);
}

}  // namespace

absl::Status Queries::ListCases(Reading& reading, const v1::ListCasesRequest& request,
                                absl::Duration wait, v1::ListCasesResponse& response) const {
  ASSIGN_OR_RETURN(const Ledger* ledger, reading.Begin(request.ledger()));
  ASSIGN_OR_RETURN(projections::CaseListQuery query, CasesAsked(request, reading.call()));
  reading.AskedFor(StrCat("owner_agency=", KeyOnly(query.owner_agency_id), " phase=", query.phase,
                          " case_type=", KeyOnly(query.case_type), " page_size=", query.page_size,
                          " mine=", request.mine() ? "true" : "false",
                          " order_by=", request.order_by()));
  ASSIGN_OR_RETURN(
      const ReadModelView view,
      LookAt(*ledger, projections::kCaseListName, request.min_position(), &request.as_of(), wait));
  query.as_of_events = view.as_of_events;
  const auto read = [&](const auto& paged) {
    return projections::ListCases(*view.snapshot, paged);
  };
  const auto show = [&](const projections::CaseListPage& page) -> absl::StatusOr<size_t> {
    const int before = response.cases_size();
    for (const projections::CaseRow& row : page.cases) {
      ASSIGN_OR_RETURN(const bool shown, reading.Shows(CaseStream(row.case_id)));
      if (shown) Show(row, *response.add_cases());
    }
    return static_cast<size_t>(response.cases_size() - before);
  };
  const auto visible = [&](const projections::CaseRow& row) -> absl::StatusOr<bool> {
    ASSIGN_OR_RETURN(const commands::Verdict verdict, reading.AskToShow(CaseStream(row.case_id)));
    return verdict.allowed();
  };
  RETURN_IF_ERROR(CountTotal<projections::CaseListPage>(
      request, query, read, &projections::CaseListPage::cases, visible, response));
  return FillPage<projections::CaseListPage>(query, read, show, response);
}

absl::Status Queries::ListReferrals(Reading& reading, const v1::ListReferralsRequest& request,
                                    absl::Duration wait,
                                    v1::ListReferralsResponse& response) const {
  ASSIGN_OR_RETURN(const Ledger* ledger, reading.Begin(request.ledger()));
  projections::ReferralQuery query;
  ASSIGN_OR_RETURN(query.order, OrderOf(request.order_by(), kReferralOrders));
  reading.AskedFor(StrCat("agency=", KeyOnly(request.agency_id()),
                          " direction=", static_cast<int>(request.direction()),
                          " state=", KeyOnly(request.state()), " page_size=", request.page_size(),
                          " order_by=", request.order_by()));
  ASSIGN_OR_RETURN(const ReadModelView view, LookAt(*ledger, projections::kReferralsName,
                                                    request.min_position(), nullptr, wait));
  const bool inbox = request.direction() == v1::REFERRAL_DIRECTION_INBOX;
  query.agency_id = request.agency_id();
  query.direction = inbox ? projections::ReferralQuery::Direction::kInbox
                          : projections::ReferralQuery::Direction::kOutbox;
  query.state = request.state();
  query.page_size = request.page_size();
  query.page_token = request.page_token();
  query.now = clock_.Now();
  const auto read = [&](const auto& paged) {
    return projections::ListReferrals(*view.snapshot, paged);
  };
  const auto show = [&](const projections::ReferralPage& page) -> absl::StatusOr<size_t> {
    const int before = response.referrals_size();
    for (const projections::ReferralRow& row : page.referrals) {
      ASSIGN_OR_RETURN(const bool shown, reading.Shows(CaseStream(row.case_id)));
      if (shown) RETURN_IF_ERROR(ShowReferral(reading, row, *response.add_referrals()));
    }
    return static_cast<size_t>(response.referrals_size() - before);
  };
  const auto visible = [&](const projections::ReferralRow& row) -> absl::StatusOr<bool> {
    ASSIGN_OR_RETURN(const commands::Verdict verdict, reading.AskToShow(CaseStream(row.case_id)));
    return verdict.allowed();
  };
  RETURN_IF_ERROR(CountTotal<projections::ReferralPage>(
      request, query, read, &projections::ReferralPage::referrals, visible, response));
  return FillPage<projections::ReferralPage>(query, read, show, response);
}

absl::Status Queries::GetOccupancy(Reading& reading, const v1::GetOccupancyRequest& request,
                                   absl::Duration wait, v1::GetOccupancyResponse& response) const {
  ASSIGN_OR_RETURN(const Ledger* ledger,
                   reading.Begin(request.ledger(), options::v1::RECORD_KIND_SHELTER));
  ASSIGN_OR_RETURN(const eventstore::StreamId shelter,
                   reading.Open(options::v1::RECORD_KIND_SHELTER, request.shelter_id()));
  ASSIGN_OR_RETURN(const ReadModelView view,
                   LookAt(*ledger, projections::kShelterOccupancyName, request.min_position(),
                          &request.as_of(), wait));
  projections::OccupancyQuery query;
  query.shelter_id = shelter.id;
  query.at = clock_.Now();
  query.as_of_events = view.as_of_events;
  if (request.has_from_time() || request.has_to_time()) {
    query.nights = {FromTimestamp(request.from_time()), FromTimestamp(request.to_time())};
  }
  ASSIGN_OR_RETURN(const projections::Occupancy occupancy,
                   projections::GetOccupancy(*view.snapshot, query));
  response.set_shelter_id(shelter.id.ToString());
  response.set_beds(occupancy.beds);
  response.set_occupied(occupancy.occupied);
  response.set_residents(occupancy.residents);
  response.set_held(occupancy.held);
  response.set_bed_nights(occupancy.bed_nights);
  response.set_reflected_events(occupancy.reflected_events);
  for (const projections::Night& night : occupancy.nights) {
    v1::Night& shown = *response.add_nights();
    shown.set_date(night.date);
    shown.set_beds(night.beds);
    shown.set_occupied(night.occupied);
  }
  return absl::OkStatus();
}

absl::Status Queries::RunReport(Reading& reading, const v1::RunReportRequest& request,
                                absl::Duration wait, v1::RunReportResponse& response) const {
  ASSIGN_OR_RETURN(const Ledger* ledger, reading.Begin(request.ledger()));
  // Any figure of any period may be of one person: who may see less sees what was published.
  RETURN_IF_ERROR(reading.SeesAtLeast(access::Level::kInternal));
  reading.AskedFor(StrCat("report=", KeyOnly(request.report_id()), " from=",
                          request.from_time().seconds(), " to=", request.to_time().seconds()));
  const Micros from = FromTimestamp(request.from_time());
  const Micros to = FromTimestamp(request.to_time());
  if (to <= from) {
    return commands::InvalidRequest({commands::Violation{"to_time", "must be after from_time"}});
  }
  ASSIGN_OR_RETURN(const ReadModelView view,
                   LookAt(*ledger, projections::ReportFacts::kName, request.min_position(),
                          &request.as_of(), wait));
  // The newest definition counts, also for figures of the past: a figure as it was known then, by
  // the text of today.
  ASSIGN_OR_RETURN(const projections::LoadedDefinition loaded,
                   projections::FindDefinition(*view.snapshot, request.report_id(),
                                               view.snapshot->applied_events()));
  ASSIGN_OR_RETURN(const v1::ReportDefinition definition,
                   projections::ParseReportDefinition(loaded.text));
  ASSIGN_OR_RETURN(const projections::ReportResult result,
                   RunAsAsked(*ledger, view, definition, {from, to}));
  response.set_report_id(result.report_id);
  response.set_version(result.version);
  for (const projections::ReportFigure& figure : result.rows) {
    v1::ReportRow& row = *response.add_rows();
    row.set_row(figure.row);
    row.set_parent(figure.parent);
    row.set_value(figure.value);
    row.set_unit(figure.unit);
    row.set_label_vi(figure.label_vi);
    row.set_label_en(figure.label_en);
    row.mutable_group_fields()->Add(figure.group_fields.begin(), figure.group_fields.end());
    row.mutable_group()->Add(figure.group.begin(), figure.group.end());
    row.set_not_attributable(figure.not_attributable);
  }
  projections::ToldFigures told(/*all_groups=*/true);
  for (const projections::ReportFigure& figure : result.rows) {
    if (figure.group.empty()) {
      told.TellRow(figure.row, figure.group_fields, {figure.value}, /*groups_withheld=*/false);
    } else {
      told.TellGroup(figure.row, figure.group, {figure.value});
    }
  }
  for (v1::RatioFigure& ratio : told.Ratios(definition)) *response.add_ratios() = std::move(ratio);
  for (const std::string& broken : result.broken_identities) response.add_broken_identities(broken);
  response.set_reflected_events(result.reflected_events);
  *response.mutable_from_time() = request.from_time();
  *response.mutable_to_time() = request.to_time();
  response.set_definition_position(loaded.position);
  return absl::OkStatus();
}

}  // namespace caseledger::rpc
