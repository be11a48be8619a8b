#include <fmt/format.h>

#include <memory>
#include <regex>

#include "caseledger/v1/directory.grpc.pb.h"
#include "eventstore/base/status_macros.h"
#include "services/app/cli/client/head.h"
#include "services/app/cli/commands/calls.h"
#include "services/app/cli/commands/commands.h"
#include "services/app/cli/import/ids.h"
#include "services/app/cli/print/json.h"
#include "services/app/cli/text/file_text.h"

namespace caseledger::cli {
namespace {

constexpr size_t kMostDefinitionBytes = 1 << 20;

// `report/NAME` from the text's first `id: "NAME"` outside of comments.
absl::StatusOr<std::string> IdFromText(const std::string& text, const std::string& path) {
  static const std::regex& pattern =
      *new std::regex("(?:^|\\n)[ \\t]*(?:report_id|id)[ \\t]*:[ \\t]*\"([^\"]+)\"");
  std::smatch match;
  if (std::regex_search(text, match, pattern)) return "report/" + match[1].str();
  return absl::InvalidArgumentError(path + ": no line `id: \"NAME\"`; give --id report/NAME");
}

using Stub = v1::DirectoryService::Stub;

template <typename Request>
absl::StatusOr<v1::CommandResult> Send(grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                                    const Request&,
                                                                    v1::CommandResult*),
                                       const std::string& id, const std::string& text,
                                       const std::string& ledger, const Connection& connection) {
  Request request;
  request.mutable_header()->set_ledger(ledger);
  request.mutable_header()->set_request_id(DefinitionRequestId(ledger, id, text));
  request.set_definition_id(id);
  request.mutable_fact()->set_text(text);
  return Call(connection, method, request);
}

// The id says what kind of definition it is.
absl::StatusOr<v1::CommandResult> LoadAs(const std::string& id, const std::string& text,
                                         const std::string& ledger, const Connection& connection) {
  if (id.starts_with("deadlines/")) {
    return Send(&Stub::LoadDeadlines, id, text, ledger, connection);
  }
  if (id.starts_with("retention/")) {
    return Send(&Stub::LoadRetentionRules, id, text, ledger, connection);
  }
  return Send(&Stub::LoadReportDefinition, id, text, ledger, connection);
}

absl::StatusOr<int> Load(const std::string& path, std::string id, const ClientOptions& options) {
  ASSIGN_OR_RETURN(const std::string format, FormatOf(options, "text", {"text", "json"}));
  ASSIGN_OR_RETURN(const std::string text, ReadDefinition(path));
  if (id.empty()) {
    ASSIGN_OR_RETURN(id, IdFromText(text, path));
  }
  const Connection connection(options);
  ASSIGN_OR_RETURN(const v1::GetLedgerHeadResponse head, GetHead(connection));
  const std::string& ledger = head.ledger();
  ASSIGN_OR_RETURN(const v1::CommandResult result, LoadAs(id, text, ledger, connection));
  if (format == "json") {
    fmt::print("{}", ToDocument(ToJson(result)));
  } else {
    fmt::print("{}: {}\n", id,
               result.already_recorded() ? "this text was loaded before" : "loaded");
  }
  return kExitGood;
}

}  // namespace

absl::StatusOr<std::string> ReadDefinition(const std::string& path) {
  return ReadFile(path, kMostDefinitionBytes);
}

void AddDefinitionCommands(CLI::App& app, Chosen& chosen) {
  CLI::App* group =
      app.add_subcommand("definition", "Definitions of reports, deadlines and retention rules.");
  group->require_subcommand(1);
  CLI::App* load = group->add_subcommand(
      "load", "Load a definition. Loading the same text twice does nothing twice.");
  load->footer(
      "Examples:\n"
      "  caseledger definition load deploy/reports/qn-half-year.textproto\n"
      "  caseledger definition load deploy/deadlines/default.textproto --id deadlines/default\n"
      "  caseledger definition load deploy/retention/default.textproto --id retention/default");
  auto path = std::make_shared<std::string>();
  auto id = std::make_shared<std::string>();
  load->add_option("FILE", *path,
                   "ReportDefinition, Deadlines or RetentionRules in protobuf text format")
      ->required();
  load->add_option("--id", *id,
                   "report/NAME (else taken from the text), deadlines/AGENCY, retention/AGENCY; "
                   "AGENCY may be default");
  load->callback([path, id, &chosen] {
    chosen.action = [path, id](const ClientOptions& client) { return Load(*path, *id, client); };
  });
}

}  // namespace caseledger::cli
