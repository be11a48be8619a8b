#include <fmt/format.h>

#include <map>
#include <memory>
#include <string>

#include "caseledger/v1/privacy.grpc.pb.h"
#include "eventstore/base/status_macros.h"
#include "services/app/cli/commands/calls.h"
#include "services/app/cli/commands/commands.h"
#include "services/app/cli/commands/export.h"
#include "services/app/cli/commands/privacy.h"
#include "services/app/cli/print/json.h"
#include "services/app/cli/print/text_table.h"

namespace caseledger::cli {
namespace {

struct RetentionOptions {
  std::string case_type;
  bool only_free = false;
  Paging paging;
  std::string output;
};

struct DueOptions {
  std::string state;
  std::string kind;
  Paging paging;
  std::string output;
};

// `answer met, erasure 2026-03-25 23:59`, what is overdue marked.
std::string DeadlinesText(const v1::DueRequestRow& row) {
  std::string text;
  for (const v1::RequestDeadline& deadline : row.deadlines()) {
    if (!text.empty()) text += ", ";
    text += deadline.deadline_id();
    if (!deadline.has_met_time()) text += " " + ToText(deadline.due_time());
    if (deadline.has_met_time()) text += deadline.overdue() ? " met late" : " met";
  }
  return text;
}

void PrintDue(const v1::ListDueRequestsResponse& response) {
  TextTable table({{"due"},
                   {"overdue"},
                   {"kind"},
                   {"state"},
                   {"person"},
                   {"request"},
                   {"received"},
                   {"agency"},
                   {"deadlines"}});
  for (const v1::DueRequestRow& row : response.requests()) {
    table.AddRow(
        {ToText(row.state() == "executed" ? row.executed_time() : row.due_time()),
         row.overdue() ? "overdue" : "", row.request_kind(), row.state(), row.person_id(),
         row.request_id(), ToText(row.received_time()), row.agency_id(),
         row.retention_rule().empty() ? DeadlinesText(row) : "rule " + row.retention_rule()});
  }
  fmt::print("{}", table.ToString());
}

absl::StatusOr<int> Due(const DueOptions& due, const ClientOptions& options) {
  ASSIGN_OR_RETURN(const std::string format, FormatOf(options, "table", {"table", "json"}));
  const Connection connection(options);
  v1::ListDueRequestsRequest request;
  request.set_state(due.state);
  request.set_request_kind(due.kind);
  request.set_ledger(options.ledger);
  due.paging.Set(request);
  RETURN_IF_ERROR(AskForNewest(connection, request));
  if (!due.output.empty()) {
    return ExportList(due.output, "requests", &v1::PrivacyService::Stub::ListDueRequests,
                      &v1::ListDueRequestsResponse::requests, request, options);
  }
  ASSIGN_OR_RETURN(const v1::ListDueRequestsResponse response,
                   Call(connection, &v1::PrivacyService::Stub::ListDueRequests, request));
  return TellPage(response, format, PrintDue);
}

// `free`, or what keeps somebody of it.
std::string KeptByText(const v1::RetentionRow& row) {
  std::string text;
  for (const std::string& hold : row.hold_ids()) text += (text.empty() ? "held by " : ", ") + hold;
  if (!text.empty()) return text;
  for (const v1::RetentionPerson& person : row.persons()) {
    if (person.kept_by().empty() || text.find(person.kept_by()) != std::string::npos) continue;
    text += (text.empty() ? "" : ", ") + person.kept_by();
  }
  return text.empty() ? "free" : text;
}

void PrintRetention(const v1::ListRetentionDueResponse& response) {
  TextTable table(
      {{"due"}, {"case"}, {"type"}, {"owner"}, {"rule"}, {"closed"}, {"persons"}, {"kept by"}});
  for (const v1::RetentionRow& row : response.cases()) {
    table.AddRow({ToText(row.due_time()), row.case_id(), row.case_type(), row.owner_agency_id(),
                  row.rule_id(), ToText(row.closed_time()), std::to_string(row.persons_size()),
                  KeptByText(row)});
  }
  fmt::print("{}", table.ToString());
}

absl::StatusOr<int> RetentionDue(const RetentionOptions& due, const ClientOptions& options) {
  ASSIGN_OR_RETURN(const std::string format, FormatOf(options, "table", {"table", "json"}));
  const Connection connection(options);
  v1::ListRetentionDueRequest request;
  request.set_case_type(due.case_type);
  request.set_only_free(due.only_free);
  request.set_ledger(options.ledger);
  due.paging.Set(request);
  RETURN_IF_ERROR(AskForNewest(connection, request));
  if (!due.output.empty()) {
    return ExportList(due.output, "retention", &v1::PrivacyService::Stub::ListRetentionDue,
                      &v1::ListRetentionDueResponse::cases, request, options);
  }
  ASSIGN_OR_RETURN(const v1::ListRetentionDueResponse response,
                   Call(connection, &v1::PrivacyService::Stub::ListRetentionDue, request));
  return TellPage(response, format, PrintRetention);
}

std::string StageText(v1::ErasureStage stage) {
  static const auto& texts = *new std::map<v1::ErasureStage, std::string>{
      {v1::ERASURE_STAGE_NONE, "nobody decided one"},
      {v1::ERASURE_STAGE_DECIDED, "decided, and waits for the approval of a second person"},
      {v1::ERASURE_STAGE_APPROVED, "approved, and waits to be carried out"},
      {v1::ERASURE_STAGE_DESTROYING_KEYS, "recorded; keys are still being destroyed"},
      {v1::ERASURE_STAGE_KEYS_DESTROYED,
       "the keys are destroyed; copies of the vault from before hold them until the wrapping key "
       "is changed"},
      {v1::ERASURE_STAGE_COMPLETE, "complete"}};
  const auto text = texts.find(stage);
  return text == texts.end() ? "unknown to this program: use a newer one" : text->second;
}

absl::StatusOr<int> ShowErasure(const std::string& person, const ClientOptions& options) {
  ASSIGN_OR_RETURN(const std::string format, FormatOf(options, "table", {"table", "json"}));
  const Connection connection(options);
  v1::GetErasureRequest request;
  request.set_ledger(options.ledger);
  request.set_person_id(person);
  ASSIGN_OR_RETURN(const v1::GetErasureResponse response,
                   Call(connection, &v1::PrivacyService::Stub::GetErasure, request));
  if (format == "json") {
    fmt::print("{}", ToDocument(ToJson(response)));
    return kExitGood;
  }
  TextTable table({{"erasure"}, {response.person_id()}});
  table.AddRow({"stage", StageText(response.stage())});
  if (response.has_erased_time()) table.AddRow({"erased", ToText(response.erased_time())});
  table.AddRow({"keys destroyed", std::to_string(response.destroyed_keys())});
  table.AddRow({"keys left", std::to_string(response.remaining_keys())});
  if (response.has_completes_by_time()) {
    table.AddRow({"complete by", ToText(response.completes_by_time())});
  } else if (response.stage() == v1::ERASURE_STAGE_KEYS_DESTROYED) {
    table.AddRow({"complete by", "only after `caseledger vault rotate`"});
  }
  fmt::print("{}", table.ToString());
  return kExitGood;
}

void AddErasureCommand(CLI::App& group, Chosen& chosen) {
  CLI::App* command = group.add_subcommand(
      "erasure", "Show how far the erasure of a person is, to the destruction of the last key.");
  command->footer("Example:\n  caseledger privacy erasure PERSON --purpose data_protection");
  auto person = std::make_shared<std::string>();
  command->add_option("PERSON", *person, "UUID or external reference")->required();
  command->callback([person, &chosen] {
    chosen.action = [person](const ClientOptions& client) { return ShowErasure(*person, client); };
  });
}

void AddDueCommand(CLI::App& group, Chosen& chosen) {
  CLI::App* command = group.add_subcommand(
      "due", "List requests of data subjects and erasures, what is due first first unless sorted.");
  command->footer(
      "Examples:\n"
      "  caseledger privacy due --purpose data_protection\n"
      "  caseledger privacy due --state approved --purpose data_protection");
  auto due = std::make_shared<DueOptions>();
  command->add_option("--state", due->state,
                      "Only received, accepted, decided, approved, or executed ones (the time of "
                      "the erasure is shown first); else all that are not at an end");
  command->add_option("--kind", due->kind, "Only access, correction, restriction or erasure");
  AddSort(*command, due->paging,
          {{"usual", ""},
           {"due", "due_time"},
           {"oldest", "received_time"},
           {"newest", "received_time desc"}},
          "what is open by due time and what was executed the newest first; first due, oldest or "
          "newest received first");
  AddPaging(*command, due->paging);
  AddCount(*command, due->paging);
  AddOutput(*command, due->output);
  command->callback([due, &chosen] {
    chosen.action = [due](const ClientOptions& client) { return Due(*due, client); };
  });
}

void AddRetentionCommand(CLI::App& group, Chosen& chosen) {
  CLI::App* command = group.add_subcommand(
      "retention",
      "List closed cases that no retention rule keeps any longer. Nothing is erased by it.");
  command->footer(
      "Examples:\n"
      "  caseledger privacy retention --purpose data_protection\n"
      "  caseledger privacy retention --only-free --format json --purpose data_protection");
  auto due = std::make_shared<RetentionOptions>();
  command->add_option("--case-type", due->case_type, "Only cases of this type");
  command->add_flag("--only-free", due->only_free, "Without those that a legal hold keeps");
  AddSort(*command, due->paging,
          {{"due", ""},
           {"last-due", "due_time desc"},
           {"oldest", "closed_time"},
           {"newest", "closed_time desc"}},
          "first or last due, oldest or newest closed first");
  AddPaging(*command, due->paging);
  AddCount(*command, due->paging);
  AddOutput(*command, due->output);
  command->callback([due, &chosen] {
    chosen.action = [due](const ClientOptions& client) { return RetentionDue(*due, client); };
  });
}

}  // namespace

void AddPrivacyCommands(CLI::App& app, Chosen& chosen) {
  CLI::App* group = app.add_subcommand("privacy", "What the privacy officer has to do.");
  group->require_subcommand(1);
  AddDueCommand(*group, chosen);
  AddErasureCommand(*group, chosen);
  AddPersonExportCommand(*group, chosen);
  AddPrivacyActs(*group, chosen);
  AddRetentionCommand(*group, chosen);
}

}  // namespace caseledger::cli
