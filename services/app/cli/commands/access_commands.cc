// `caseledger access`: rules, roles, and who decides what.
#include <fmt/format.h>

#include <memory>

#include "caseledger/v1/access.grpc.pb.h"
#include "caseledger/v1/directory.grpc.pb.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/random.h"
#include "eventstore/base/status_macros.h"
#include "services/access/rules/actions.h"
#include "services/access/rules/rules.h"
#include "services/app/bootstrap/bootstrap.h"
#include "services/app/cli/commands/calls.h"
#include "services/app/cli/commands/commands.h"
#include "services/app/cli/commands/storage_choice.h"
#include "services/app/cli/commands/wrapping_choice.h"
#include "services/app/cli/import/ids.h"
#include "services/app/cli/print/json.h"

namespace caseledger::cli {
namespace {

constexpr char kRulesRecord[] = "access-rules";

using Directory = v1::DirectoryService::Stub;

absl::StatusOr<int> Check(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadDefinition(path));
  const absl::StatusOr<access::Rules> rules = access::Rules::Parse(text, access::PublicActions());
  if (!rules.ok()) {
    fmt::print(stderr, "{}\n", std::string(rules.status().message()));
    return kExitSomeRefused;
  }
  fmt::print("version {}, roles", rules->version());
  for (const std::string& role : rules->Roles()) fmt::print(" {}", role);
  fmt::print("\n");
  return kExitGood;
}

absl::StatusOr<int> Load(const std::string& path, const ClientOptions& options) {
  ASSIGN_OR_RETURN(const std::string text, ReadDefinition(path));
  v1::LoadAccessRulesRequest request;
  request.set_definition_id(kRulesRecord);
  request.mutable_fact()->set_text(text);
  ASSIGN_OR_RETURN(const v1::CommandResult result,
                   SendCommand(request, options, &Directory::LoadAccessRules));
  fmt::print("in force from position {} on\n", result.events(0).position());
  return kExitGood;
}

struct GrantOptions {
  std::string person;
  std::string role;
  std::string grant;
  std::string until;
};

absl::StatusOr<int> Grant(const std::string& of_agency, const GrantOptions& grant,
                          const ClientOptions& options) {
  v1::GrantRoleRequest request;
  request.set_agency_id(of_agency);
  auto& fact = *request.mutable_fact();
  fact.set_grant_id(grant.grant.empty() ? fmt::format("{}/{}", grant.person, grant.role)
                                        : grant.grant);
  fact.set_person_name(grant.person);
  fact.set_role(grant.role);
  if (!grant.until.empty()) {
    ASSIGN_OR_RETURN(*fact.mutable_expire_time(), ToTime(grant.until, "--until"));
  }
  RETURN_IF_ERROR(SendCommand(request, options, &Directory::GrantRole).status());
  fmt::print("{} of {} is {} now; grant {}\n", grant.person, of_agency, grant.role,
             fact.grant_id());
  return kExitGood;
}

absl::StatusOr<int> End(const std::string& of_agency, const std::string& grant,
                        const ClientOptions& options) {
  v1::EndRoleRequest request;
  request.set_agency_id(of_agency);
  request.mutable_fact()->set_grant_id(grant);
  RETURN_IF_ERROR(SendCommand(request, options, &Directory::EndRole).status());
  fmt::print("grant {} of {} has ended\n", grant, of_agency);
  return kExitGood;
}

void Print(const v1::ExplainAccessResponse& answer) {
  const auto join = [](const auto& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text.empty() ? std::string("none") : text;
  };
  fmt::print("{}\n",
             answer.allowed() ? "allowed, sees " + answer.level() : "refused: " + answer.reason());
  if (answer.rule_line() > 0) {
    fmt::print("rule in line {}: {}\n", answer.rule_line(), answer.rule());
  } else {
    fmt::print("no rule allows it\n");
  }
  fmt::print("roles: {}\nrelations to the record: {}\nconsent or legal basis: {}\n",
             join(answer.roles()), join(answer.relations()), answer.consent() ? "yes" : "no");
  fmt::print("rules: version {}, loaded at position {}\n", answer.rules_version(),
             answer.rules_position());
}

absl::StatusOr<int> Explain(v1::ExplainAccessRequest request, const std::string& kind,
                            const ClientOptions& options) {
  ASSIGN_OR_RETURN(const std::string format, FormatOf(options, "text", {"text", "json"}));
  request.set_ledger(options.ledger);
  if (!request.record_id().empty()) {
    ASSIGN_OR_RETURN(const options::v1::RecordKind record_kind, ToKind(kind));
    request.set_record_kind(record_kind);
  }
  const Connection connection(options);
  ASSIGN_OR_RETURN(const v1::ExplainAccessResponse answer,
                   Call(connection, &v1::AccessService::Stub::ExplainAccess, request));
  if (format == "json") {
    fmt::print("{}\n", ToJson(answer));
  } else {
    Print(answer);
  }
  return answer.allowed() ? kExitGood : kExitSomeRefused;
}

absl::StatusOr<int> BootstrapLedger(app::BootstrapRequest request, const std::string& administrator,
                                    const std::string& rules_file) {
  const size_t slash = administrator.find('/');
  if (slash == 0 || slash == std::string::npos || slash + 1 == administrator.size()) {
    return absl::InvalidArgumentError(
        fmt::format("--administrator {}: write AGENCY/PERSON, such as so-qn/lan", administrator));
  }
  request.agency = administrator.substr(0, slash);
  request.person = administrator.substr(slash + 1);
  if (request.agency_name.empty()) request.agency_name = request.agency;
  ASSIGN_OR_RETURN(request.rules, ReadDefinition(rules_file));
  ASSIGN_OR_RETURN(const app::BootstrapResult result,
                   app::Bootstrap(request, SystemClock(), SystemRandom()));
  fmt::print("{} of {} is administrator of {}; rules version {} are in force; {} events\n",
             request.person, request.agency, request.ledger, result.rules_version,
             result.event_count);
  return kExitGood;
}

void AddBootstrap(CLI::App& access, Chosen& chosen) {
  auto* command = access.add_subcommand(
      "bootstrap",
      "Name the first administrator and load the first rules, on the machine of the "
      "server while it is stopped; once in the life of a ledger");
  auto request = std::make_shared<app::BootstrapRequest>();
  auto administrator = std::make_shared<std::string>();
  auto rules = std::make_shared<std::string>();
  command->add_option("--data-dir", request->data_dir, "The server's data directory")->required();
  AddStorageChoice(*command, request->storage);
  command->add_option("--vault-dir", request->vault_dir,
                      "The server's --vault-dir, when it has one");
  AddWrappingChoice(*command, request->wrapping_key_dir, request->token);
  command->add_option("--of", request->ledger, "Name of the ledger; created when new")->required();
  command->add_option("--administrator", *administrator, "AGENCY/PERSON")->required();
  command->add_option("--agency-name", request->agency_name,
                      "Vietnamese name of the agency, when it is new");
  command->add_option("--rules", *rules, "File of the rules, such as deploy/access/rules.txt")
      ->required();
  command->callback([=, &chosen] {
    chosen.action = [=](const ClientOptions&) {
      return BootstrapLedger(*request, *administrator, *rules);
    };
  });
}

void AddGrants(CLI::App& access, Chosen& chosen) {
  auto* grant = access.add_subcommand("grant", "Grant somebody a role; for administrators");
  auto options = std::make_shared<GrantOptions>();
  auto agency = std::make_shared<std::string>();
  grant->add_option("person", options->person, "By the agency's own name")->required();
  grant->add_option("role", options->role, "Such as case_worker")->required();
  grant->add_option("--of", *agency, "The agency")->required();
  grant->add_option("--until", options->until, "When it ends; else until it is ended");
  grant->add_option("--key", options->grant, "Key of the grant; PERSON/ROLE when not given");
  grant->callback([=, &chosen] {
    chosen.action = [=](const ClientOptions& client) { return Grant(*agency, *options, client); };
  });
  auto* end = access.add_subcommand("end", "End a grant; for administrators");
  auto key = std::make_shared<std::string>();
  end->add_option("grant", *key, "Key of the grant, such as lan/case_worker")->required();
  end->add_option("--of", *agency, "The agency")->required();
  end->callback([=, &chosen] {
    chosen.action = [=](const ClientOptions& client) { return End(*agency, *key, client); };
  });
}

void AddExplain(CLI::App& access, Chosen& chosen) {
  auto* explain =
      access.add_subcommand("explain", "Say whether somebody may, and which rule decides");
  auto request = std::make_shared<v1::ExplainAccessRequest>();
  auto kind = std::make_shared<std::string>("case");
  const auto text = [&](const char* name, void (v1::ExplainAccessRequest::*set)(const std::string&),
                        const char* help) {
    return explain->add_option_function<std::string>(
        name, [request, set](const std::string& value) { ((*request).*set)(value); }, help);
  };
  text("--as", &v1::ExplainAccessRequest::set_person_name<const std::string&>,
       "Staff member; else yourself");
  text("--of", &v1::ExplainAccessRequest::set_agency_id<const std::string&>,
       "Their agency; else yours");
  text("--action", &v1::ExplainAccessRequest::set_action<const std::string&>,
       "Method, such as GetCase")
      ->required();
  text("--case,--id", &v1::ExplainAccessRequest::set_record_id<const std::string&>,
       "The record: UUID or external reference");
  explain->add_option("--kind", *kind, kKinds)->capture_default_str();
  text("--with-purpose", &v1::ExplainAccessRequest::set_purpose<const std::string&>,
       "Suppose this purpose");
  text("--with-warrant", &v1::ExplainAccessRequest::set_warrant<const std::string&>,
       "Suppose this warrant");
  explain->callback([=, &chosen] {
    chosen.action = [=](const ClientOptions& client) { return Explain(*request, *kind, client); };
  });
}

}  // namespace

void AddAccessCommands(CLI::App& app, Chosen& chosen) {
  auto* access =
      app.add_subcommand("access", "Who may do what, and who did: rules, roles, the trail");
  access->require_subcommand(1);
  auto path = std::make_shared<std::string>();
  auto* check = access->add_subcommand("check", "Read a file of rules and tell what is wrong");
  check->add_option("file", *path, "The rules")->required();
  check->callback(
      [=, &chosen] { chosen.action = [=](const ClientOptions&) { return Check(*path); }; });
  auto* load = access->add_subcommand("load", "Put rules in force; for administrators");
  load->add_option("file", *path, "The rules")->required();
  load->callback([=, &chosen] {
    chosen.action = [=](const ClientOptions& client) { return Load(*path, client); };
  });
  AddGrants(*access, chosen);
  AddExplain(*access, chosen);
  AddBootstrap(*access, chosen);
  AddTrailCommands(*access, chosen);
}

}  // namespace caseledger::cli
