// Work lists: what is to be done by when.
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "projections/work_items/work_items.h"
#include "services/commands/times.h"
#include "services/rpc/fill_page.h"
#include "services/rpc/queries.h"
#include "services/rpc/read_model_view.h"
#include "services/rpc/requests.h"

namespace caseledger::rpc {
namespace {

using commands::ToTimestamp;
using projections::WorkItem;
using projections::WorkItemOrder;

constexpr Orders<WorkItemOrder, 7> kWorkOrders{{{"", WorkItemOrder::kAsListed},
                                                {"due_time", WorkItemOrder::kFirstDue},
                                                {"due_time desc", WorkItemOrder::kLastDue},
                                                {"started_time", WorkItemOrder::kFirstStarted},
                                                {"started_time desc", WorkItemOrder::kLastStarted},
                                                {"ended_time", WorkItemOrder::kFirstEnded},
                                                {"ended_time desc", WorkItemOrder::kLastEnded}}};

void Show(const WorkItem& item, Micros now, v1::WorkItemRow& out) {
  out.set_record_kind(static_cast<options::v1::RecordKind>(item.record_kind));
  out.set_record_id(item.record_id.ToString());
  out.set_deadline_id(item.deadline_id);
  out.set_label_vi(item.label_vi);
  out.set_label_en(item.label_en);
  out.set_basis(item.basis);
  out.set_case_type(item.case_type);
  out.set_agency_id(item.agency_id);
  out.set_worker_id(item.worker_id);
  out.set_state(std::string(StateOf(item, now)));
  *out.mutable_started_time() = ToTimestamp(item.started_at);
  *out.mutable_due_time() = ToTimestamp(item.due_at);
  if (item.ended_at.has_value()) *out.mutable_ended_time() = ToTimestamp(*item.ended_at);
}

absl::StatusOr<projections::WorkItemQuery> ToQuery(const v1::ListWorkItemsRequest& request,
                                                   const access::Call& call, Micros now) {
  projections::WorkItemQuery query;
  ASSIGN_OR_RETURN(query.order, OrderOf(request.order_by(), kWorkOrders));
  query.now = now;
  query.state = request.state();
  query.agency_id = request.agency_id();
  query.worker_id = request.worker_id();
  RETURN_IF_ERROR(NameCaller(request.mine(), call, query.agency_id, query.worker_id));
  query.deadline_id = request.deadline_id();
  query.page_size = request.page_size();
  query.page_token = request.page_token();
  return query;
}

}  // namespace

absl::Status Queries::ListWorkItems(Reading& reading, const v1::ListWorkItemsRequest& request,
                                    absl::Duration wait,
                                    v1::ListWorkItemsResponse& response) const {
  ASSIGN_OR_RETURN(const commands::Ledger* ledger, reading.Begin(request.ledger()));
  const Micros now = clock_.Now();
  ASSIGN_OR_RETURN(const projections::WorkItemQuery query, ToQuery(request, reading.call(), now));
  reading.AskedFor(StrCat("state=", KeyOnly(request.state()), " agency=", KeyOnly(query.agency_id),
                          " mine=", request.mine() ? "true" : "false",
                          " deadline=", KeyOnly(request.deadline_id()),
                          " page_size=", request.page_size(), " order_by=", request.order_by()));
  ASSIGN_OR_RETURN(const ReadModelView view, LookAt(*ledger, projections::kWorkItemsName,
                                                    request.min_position(), nullptr, wait));
  const auto read = [&](const auto& paged) {
    return projections::ListWorkItems(*view.snapshot, paged);
  };
  // Whom a referral alone lets see something of a case does not work to its deadlines.
  const auto visible = [&](const WorkItem& item) -> absl::StatusOr<bool> {
    ASSIGN_OR_RETURN(const commands::Verdict verdict,
                     reading.AskToShow({item.record_kind, item.record_id}));
    return verdict.allowed() && !ShownBy(verdict).only_shared();
  };
  const auto show = [&](const projections::WorkItemPage& page) -> absl::StatusOr<size_t> {
    const int before = response.items_size();
    for (const WorkItem& item : page.items) {
      ASSIGN_OR_RETURN(const bool seen, visible(item));
      if (!seen) continue;
      ASSIGN_OR_RETURN(const bool shown, reading.Shows({item.record_kind, item.record_id}));
      if (shown) Show(item, now, *response.add_items());
    }
    return static_cast<size_t>(response.items_size() - before);
  };
  RETURN_IF_ERROR(CountTotal<projections::WorkItemPage>(
      request, query, read, &projections::WorkItemPage::items, visible, response));
  return FillPage<projections::WorkItemPage>(query, read, show, response);
}

}  // namespace caseledger::rpc
