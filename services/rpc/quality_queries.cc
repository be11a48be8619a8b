// The list of facts that need a second look.
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "projections/data_quality/data_quality.h"
#include "services/commands/fact_schema.h"
#include "services/commands/times.h"
#include "services/rpc/fill_page.h"
#include "services/rpc/queries.h"
#include "services/rpc/read_model_view.h"
#include "services/rpc/recorded_event.h"
#include "services/rpc/requests.h"

namespace caseledger::rpc {
namespace {

using projections::Finding;

// Whether the oldest comes first.
constexpr Orders<bool, 2> kFindingOrders{{{"recorded_time desc", false}, {"recorded_time", true}}};

void Show(const Finding& finding, v1::DataQualityRow& out) {
  out.set_record_kind(static_cast<options::v1::RecordKind>(finding.record_kind));
  out.set_record_id(finding.record_id.ToString());
  out.set_event_id(finding.event_id.ToString());
  out.set_fact_name(std::string(commands::FactName(finding.fact_type)));
  for (const std::string& flag : finding.flags) out.add_flags(flag);
  out.set_agency_id(finding.agency);
  out.set_worker_id(finding.actor);
  *out.mutable_recorded_time() = commands::ToTimestamp(finding.recorded_at);
  out.set_source_file(finding.source_file);
  out.set_source_row(finding.source_row);
  out.set_position(finding.position);
}

}  // namespace

absl::Status Queries::ListDataQuality(Reading& reading, const v1::ListDataQualityRequest& request,
                                      absl::Duration wait,
                                      v1::ListDataQualityResponse& response) const {
  ASSIGN_OR_RETURN(const commands::Ledger* ledger, reading.Begin(request.ledger()));
  projections::FindingQuery query;
  ASSIGN_OR_RETURN(query.oldest_first, OrderOf(request.order_by(), kFindingOrders));
  reading.AskedFor(StrCat("agency=", KeyOnly(request.agency_id()),
                          " flag=", KeyOnly(request.flag()), " page_size=", request.page_size(),
                          " order_by=", request.order_by()));
  ASSIGN_OR_RETURN(const ReadModelView view, LookAt(*ledger, projections::kDataQualityName,
                                                    request.min_position(), nullptr, wait));
  query.agency = request.agency_id();
  query.flag = request.flag();
  query.page_size = request.page_size();
  query.page_token = request.page_token();
  const auto read = [&](const auto& paged) {
    return projections::ListFindings(*view.snapshot, paged);
  };
  // Whom a referral alone lets see something of a record does not correct what others wrote.
  const auto visible = [&](const Finding& finding) -> absl::StatusOr<bool> {
    ASSIGN_OR_RETURN(const commands::Verdict verdict,
                     reading.AskToShow({finding.record_kind, finding.record_id}));
    return verdict.allowed() && !ShownBy(verdict).only_shared();
  };
  const auto show = [&](const projections::FindingPage& page) -> absl::StatusOr<size_t> {
    const int before = response.rows_size();
    for (const Finding& finding : page.findings) {
      ASSIGN_OR_RETURN(const bool seen, visible(finding));
      if (!seen) continue;
      ASSIGN_OR_RETURN(const bool shown, reading.Shows({finding.record_kind, finding.record_id}));
      if (shown) Show(finding, *response.add_rows());
    }
    return static_cast<size_t>(response.rows_size() - before);
  };
  RETURN_IF_ERROR(CountTotal<projections::FindingPage>(
      request, query, read, &projections::FindingPage::findings, visible, response));
  return FillPage<projections::FindingPage>(query, read, show, response);
}

}  // namespace caseledger::rpc
