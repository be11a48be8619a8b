#include <fmt/format.h>

#include <memory>

#include "absl/strings/str_join.h"
#include "caseledger/v1/casework.grpc.pb.h"
#include "caseledger/v1/closure.grpc.pb.h"
#include "caseledger/v1/dashboard.grpc.pb.h"
#include "caseledger/v1/history.grpc.pb.h"
#include "eventstore/base/status_macros.h"
#include "services/app/cli/commands/calls.h"
#include "services/app/cli/commands/commands.h"
#include "services/app/cli/commands/export.h"
#include "services/app/cli/commands/follow.h"
#include "services/app/cli/commands/replay.h"
#include "services/app/cli/print/event_text.h"
#include "services/app/cli/print/json.h"
#include "services/app/cli/print/text_table.h"

namespace caseledger::cli {
namespace {

std::string CaseAsText(const v1::GetCaseResponse& found) {
  std::string text = fmt::format("{}  {}\n", found.external_ref(), found.case_id());
  const auto line = [&](const char* name, const std::string& value) {
    if (!value.empty()) text += fmt::format("  {:<12} {}\n", name, value);
  };
  line("phase", found.phase());
  line("type", found.case_type());
  line("concerns", absl::StrJoin(found.concerns(), ", "));
  line("owner", found.owner_agency_id() +
                    (found.owner_worker_id().empty() ? "" : " / " + found.owner_worker_id()));
  line("risk", found.risk());
  line("opened", ToText(found.opened_time()));
  line("closed", ToText(found.closed_time()));
  line("cycles", std::to_string(found.cycles()));
  line("open stays", std::to_string(found.open_stays()));
  line("emergencies", std::to_string(found.running_emergencies()) + " running");
  line("revision", std::to_string(found.revision()));
  for (const v1::CaseParticipant& participant : found.participants()) {
    line("participant", fmt::format("{} ({})", participant.person_id(), participant.role()));
  }
  for (const v1::CaseReferral& referral : found.referrals()) {
    line("referral", fmt::format("{} {} to {}: {}", referral.referral_id(), referral.service(),
                                 referral.to_agency_id(), referral.state()));
  }
  return text;
}

absl::StatusOr<int> Show(const std::string& id, const ClientOptions& options) {
  ASSIGN_OR_RETURN(const std::string format, FormatOf(options, "text", {"text", "json"}));
  const Connection connection(options);
  v1::GetCaseRequest request;
  request.set_ledger(options.ledger);
  request.set_case_id(id);
  ASSIGN_OR_RETURN(const v1::GetCaseResponse response,
                   Call(connection, &v1::CaseworkService::Stub::GetCase, request));
  fmt::print("{}", format == "json" ? ToDocument(ToJson(response)) : CaseAsText(response));
  return kExitGood;
}

struct ListOptions {
  std::string owner;
  std::string worker;
  bool mine = false;
  std::string phase;
  std::string type;
  std::string as_of;
  Paging paging;
  bool all = false;
  bool follow = false;
  std::string output;
};

void PrintCases(const v1::ListCasesResponse& response) {
  TextTable table({{"case"},
                   {"type"},
                   {"phase"},
                   {"risk"},
                   {"owner"},
                   {"unit"},
                   {"opened"},
                   {"closed"},
                   {"clients", Align::kRight}});
  for (const v1::CaseRow& row : response.cases()) {
    table.AddRow({row.external_ref().empty() ? row.case_id() : row.external_ref(), row.case_type(),
                  row.phase(), row.risk(), row.owner_agency_id(), row.unit_code(),
                  ToText(row.opened_time()), ToText(row.closed_time()),
                  std::to_string(row.client_count())});
  }
  fmt::print("{}", table.ToString());
}

absl::StatusOr<v1::ListCasesRequest> ToRequest(const ListOptions& list) {
  v1::ListCasesRequest request;
  request.set_owner_agency_id(list.owner);
  request.set_owner_worker_id(list.worker);
  request.set_mine(list.mine);
  request.set_phase(list.phase);
  request.set_case_type(list.type);
  list.paging.Set(request);
  ASSIGN_OR_RETURN(const v1::AsOf as_of, ToAsOf(list.as_of));
  if (!list.as_of.empty()) *request.mutable_as_of() = as_of;
  return request;
}

absl::StatusOr<int> FollowCases(const v1::ListCasesRequest& request, const std::string& format,
                                const ClientOptions& options) {
  v1::DashboardPanel panel;
  *panel.mutable_cases() = request;
  return Follow(panel, format, options, [](const FollowedPanel& followed) {
    v1::ListCasesResponse response;
    CopyRows(followed, &v1::PanelRow::case_row, *response.mutable_cases());
    PrintCases(response);
  });
}

absl::StatusOr<int> List(const ListOptions& list, const ClientOptions& options) {
  ASSIGN_OR_RETURN(const std::string format, FormatOf(options, "table", {"table", "json"}));
  ASSIGN_OR_RETURN(v1::ListCasesRequest request, ToRequest(list));
  if (list.follow) return FollowCases(request, format, options);
  if (!list.output.empty()) {
    return ExportList(list.output, "cases", &v1::DashboardService::Stub::ListCases,
                      &v1::ListCasesResponse::cases, std::move(request), options);
  }
  const Connection connection(options);
  request.set_ledger(options.ledger);
  RETURN_IF_ERROR(AskForNewest(connection, request));
  v1::ListCasesResponse all;
  do {
    ASSIGN_OR_RETURN(const v1::ListCasesResponse page,
                     Call(connection, &v1::DashboardService::Stub::ListCases, request));
    all.mutable_cases()->MergeFrom(page.cases());
    if (request.count_total()) {
      all.set_total_size(page.total_size());
      all.set_total_is_partial(page.total_is_partial());
      request.set_count_total(false);
    }
    all.set_next_page_token(page.next_page_token());
    all.set_reflected_events(page.reflected_events());
    request.set_page_token(page.next_page_token());
  } while (list.all && !all.next_page_token().empty());
  return TellPage(all, format, PrintCases);
}

absl::StatusOr<int> CheckClosure(const std::string& id, const ClientOptions& options) {
  ASSIGN_OR_RETURN(const std::string format, FormatOf(options, "text", {"text", "json"}));
  const Connection connection(options);
  v1::CheckClosureRequest request;
  request.set_ledger(options.ledger);
  request.set_case_id(id);
  ASSIGN_OR_RETURN(const v1::CheckClosureResponse response,
                   Call(connection, &v1::ClosureService::Stub::CheckClosure, request));
  if (format == "json") {
    fmt::print("{}", ToDocument(ToJson(response)));
    return kExitGood;
  }
  if (response.blockers().empty()) fmt::print("nothing stands in the way of closing\n");
  for (const v1::ClosureBlocker& blocker : response.blockers()) {
    fmt::print("{}: {}{}\n", blocker.reason(),
               options.vietnamese ? blocker.text_vi() : blocker.text_en(),
               blocker.item().empty() ? "" : " (" + blocker.item() + ")");
  }
  return kExitGood;
}

absl::StatusOr<int> History(const ReplayPoint& point, const std::string& id,
                            const ClientOptions& options) {
  const Connection connection(options);
  v1::ReplayCaseRequest request;
  request.set_ledger(options.ledger);
  request.set_case_id(id);
  RETURN_IF_ERROR(SetPoint(point, request));
  const auto stub = v1::HistoryService::NewStub(connection.channel());
  grpc::ClientContext context;
  connection.PrepareStream(context);
  return PrintReplay(*stub->ReplayCase(&context, request), options);
}

void AddList(CLI::App& group, Chosen& chosen) {
  CLI::App* command =
      group.add_subcommand("list", "List cases, newest opened first unless sorted.");
  command->footer(
      "Examples:\n"
      "  caseledger case list --phase open --owner vp-bache\n"
      "  caseledger case list --mine --phase open --sort risk --count\n"
      "  caseledger case list --all --format json\n"
      "  caseledger case list --phase open --follow\n"
      "  caseledger case list --owner vp-bache --output cases.xlsx --language vi");
  auto list = std::make_shared<ListOptions>();
  CLI::Option* owner = command->add_option("--owner", list->owner, "Only of this agency");
  CLI::Option* worker =
      command->add_option("--worker", list->worker, "Only assigned to this worker of the agency");
  worker->needs(owner);
  command->add_flag("--mine", list->mine, "Only assigned to you")->excludes(owner, worker);
  AddSort(*command, list->paging,
          {{"newest", ""},
           {"oldest", "opened_time"},
           {"risk", "risk desc"},
           {"closed", "closed_time desc"}},
          "newest or oldest opened, highest risk, newest closed first");
  command->add_option("--phase", list->phase, "Only open, closed or transferred");
  command->add_option("--type", list->type, "Only of this type, such as child_protection");
  command->add_option("--as-of", list->as_of, "What was known then: a position or a time");
  AddPaging(*command, list->paging);
  AddCount(*command, list->paging);
  CLI::Option* all = command->add_flag("--all", list->all, "All pages");
  AddFollow(*command, list->follow)->excludes(all)->excludes(AddOutput(*command, list->output));
  command->callback([list, &chosen] {
    chosen.action = [list](const ClientOptions& client) { return List(*list, client); };
  });
}

using CaseAction = absl::StatusOr<int> (*)(const std::string& id, const ClientOptions& options);

void AddOne(CLI::App& group, Chosen& chosen, const char* name, const char* help,
            const char* example, CaseAction action) {
  CLI::App* command = group.add_subcommand(name, help);
  command->footer(example);
  auto id = std::make_shared<std::string>();
  command->add_option("ID", *id, "UUID or external reference, such as CASE-2024-0001")->required();
  command->callback([id, action, &chosen] {
    chosen.action = [id, action](const ClientOptions& client) { return action(*id, client); };
  });
}

}  // namespace

void AddCaseCommands(CLI::App& app, Chosen& chosen) {
  CLI::App* group =
      app.add_subcommand("case", "Cases: where they stand and what happened in them.");
  group->require_subcommand(1);
  AddOne(*group, chosen, "show", "Show where a case stands.",
         "Example:\n  caseledger case show CASE-2024-0001", Show);
  AddOne(*group, chosen, "check-closure", "Say what stands in the way of closing a case.",
         "Example:\n  caseledger case check-closure CASE-2024-0093", CheckClosure);
  AddList(*group, chosen);
  AddWorkCommand(*group, chosen);
  CLI::App* history = group->add_subcommand(
      "history", "Replay a case: every event in order of recording, corrected ones too.");
  history->footer(
      "Examples:\n"
      "  caseledger case history CASE-2024-0001\n"
      "  caseledger case history qn-csv/CASE-2024-0001 --as-of-occurred 2024-06-25 --format json");
  auto id = std::make_shared<std::string>();
  auto point = std::make_shared<ReplayPoint>();
  history->add_option("ID", *id, "UUID or external reference")->required();
  AddPointOptions(*history, *point);
  history->callback([id, point, &chosen] {
    chosen.action = [id, point](const ClientOptions& client) {
      return History(*point, *id, client);
    };
  });
}

}  // namespace caseledger::cli
