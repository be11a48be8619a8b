// `caseledger case work`: what is to be done by when.
#include <fmt/format.h>

#include <memory>
#include <string>

#include "caseledger/v1/dashboard.grpc.pb.h"
#include "eventstore/base/status_macros.h"
#include "services/app/cli/commands/calls.h"
#include "services/app/cli/commands/commands.h"
#include "services/app/cli/commands/export.h"
#include "services/app/cli/commands/follow.h"
#include "services/app/cli/import/ids.h"
#include "services/app/cli/print/json.h"
#include "services/app/cli/print/text_table.h"

namespace caseledger::cli {
namespace {

struct WorkOptions {
  std::string state;
  std::string agency;
  std::string worker;
  std::string deadline;
  Paging paging;
  bool mine = false;
  bool follow = false;
  std::string output;
};

void Print(const v1::ListWorkItemsResponse& response, bool vietnamese) {
  TextTable table({{"due"},
                   {"state"},
                   {"deadline"},
                   {"what"},
                   {"record"},
                   {"id"},
                   {"agency"},
                   {"worker"},
                   {"started"},
                   {"ended"}});
  for (const v1::WorkItemRow& row : response.items()) {
    table.AddRow({ToText(row.due_time()), row.state(), row.deadline_id(),
                  vietnamese ? row.label_vi() : row.label_en(), KindName(row.record_kind()),
                  row.record_id(), row.agency_id(), row.worker_id(), ToText(row.started_time()),
                  ToText(row.ended_time())});
  }
  fmt::print("{}", table.ToString());
}

v1::ListWorkItemsRequest ToRequest(const WorkOptions& work) {
  v1::ListWorkItemsRequest request;
  request.set_state(work.state);
  request.set_agency_id(work.agency);
  request.set_worker_id(work.worker);
  request.set_mine(work.mine);
  request.set_deadline_id(work.deadline);
  work.paging.Set(request);
  return request;
}

absl::StatusOr<int> FollowWork(const WorkOptions& work, const std::string& format,
                               const ClientOptions& options) {
  v1::DashboardPanel panel;
  *panel.mutable_work_items() = ToRequest(work);
  return Follow(panel, format, options, [&options](const FollowedPanel& followed) {
    v1::ListWorkItemsResponse response;
    CopyRows(followed, &v1::PanelRow::work_item, *response.mutable_items());
    Print(response, options.vietnamese);
  });
}

absl::StatusOr<int> Work(const WorkOptions& work, const ClientOptions& options) {
  ASSIGN_OR_RETURN(const std::string format, FormatOf(options, "table", {"table", "json"}));
  if (work.follow) return FollowWork(work, format, options);
  if (!work.output.empty()) {
    return ExportList(work.output, "deadlines", &v1::DashboardService::Stub::ListWorkItems,
                      &v1::ListWorkItemsResponse::items, ToRequest(work), options);
  }
  const Connection connection(options);
  v1::ListWorkItemsRequest request = ToRequest(work);
  request.set_ledger(options.ledger);
  RETURN_IF_ERROR(AskForNewest(connection, request));
  ASSIGN_OR_RETURN(const v1::ListWorkItemsResponse response,
                   Call(connection, &v1::DashboardService::Stub::ListWorkItems, request));
  return TellPage(response, format, [&options](const v1::ListWorkItemsResponse& page) {
    Print(page, options.vietnamese);
  });
}

}  // namespace

void AddWorkCommand(CLI::App& group, Chosen& chosen) {
  CLI::App* command = group.add_subcommand(
      "work", "List what is to be done by when: deadlines of cases and contacts.");
  command->footer(
      "Without --state all that run are listed, what is due first first.\n\nExamples:\n"
      "  caseledger case work --mine\n"
      "  caseledger case work --agency ctxh-qn --state overdue\n"
      "  caseledger case work --mine --follow\n"
      "  caseledger case work --state late --deadline plan_draft --format json");
  auto work = std::make_shared<WorkOptions>();
  command->add_option("--state", work->state,
                      "Only open, overdue, met, late (met after it was due) or cancelled ones");
  command->add_option("--agency", work->agency, "Only of this agency");
  CLI::Option* worker =
      command->add_option("--worker", work->worker, "Only of this worker of the agency");
  command->add_flag("--mine", work->mine, "Only your own")->excludes("--agency")->excludes(worker);
  command->add_option("--deadline", work->deadline, "Only this one, such as plan_draft");
  AddSort(*command, work->paging,
          {{"usual", ""},
           {"due", "due_time"},
           {"last-due", "due_time desc"},
           {"oldest", "started_time"},
           {"newest", "started_time desc"},
           {"ended", "ended_time desc"}},
          "what runs by due time and what has ended the newest first; first or last due, oldest or "
          "newest started, newest ended first");
  AddPaging(*command, work->paging);
  AddCount(*command, work->paging);
  AddFollow(*command, work->follow)->excludes(AddOutput(*command, work->output));
  command->callback([work, &chosen] {
    chosen.action = [work](const ClientOptions& client) { return Work(*work, client); };
  });
}

}  // namespace caseledger::cli
