#include <fmt/format.h>

#include <memory>

#include "caseledger/v1/referral.grpc.pb.h"
#include "eventstore/base/status_macros.h"
#include "services/app/cli/commands/commands.h"
#include "services/app/cli/print/json.h"
#include "services/app/cli/print/text_table.h"

namespace caseledger::cli {
namespace {

struct ListOptions {
  std::string agency;
  bool outbox = false;
  std::string state;
  int64_t page_size = 50;
  std::string page_token;
};

absl::StatusOr<v1::ListReferralsRequest> ToRequest(const ListOptions& list,
                                                   const Connection& connection) {
  const ClientOptions& options = connection.options();
  v1::ListReferralsRequest request;
  request.set_ledger(options.ledger);
  request.set_agency_id(list.agency);
  request.set_direction(list.outbox ? v1::REFERRAL_DIRECTION_OUTBOX : v1::REFERRAL_DIRECTION_INBOX);
  request.set_state(list.state);
  request.set_page_size(list.page_size);
  request.set_page_token(list.page_token);
  ASSIGN_OR_RETURN(const uint64_t events, EventCount(connection));
  request.set_min_position(LastPosition(events));
  return request;
}

absl::StatusOr<int> List(const ListOptions& list, const ClientOptions& options) {
  ASSIGN_OR_RETURN(const std::string format, FormatOf(options, "table", {"table", "json"}));
  const Connection connection(options);
  ASSIGN_OR_RETURN(const v1::ListReferralsRequest request, ToRequest(list, connection));
  v1::ListReferralsResponse response;
  grpc::ClientContext context;
  connection.PrepareCall(context);
  const auto stub = v1::ReferralService::NewStub(connection.channel());
  RETURN_IF_ERROR(CallStatus(stub->ListReferrals(&context, request, &response), options));
  if (format == "json") {
    fmt::print("{}", ToDocument(ToJson(response)));
    return kExitGood;
  }
  TextTable table({{"referral"},
                   {"from"},
                   {"to"},
                   {"service"},
                   {"urgency"},
                   {"state"},
                   {"sent"},
                   {"answered"},
                   {"completed"}});
  for (const v1::ReferralRow& row : response.referrals()) {
    table.AddRow({row.referral_id(), row.from_agency_id(), row.to_agency_id(), row.service(),
                  row.urgency(), row.state(), ToText(row.sent_time()), ToText(row.answered_time()),
                  ToText(row.completed_time())});
  }
  fmt::print("{}", table.ToString());
  if (!response.next_page_token().empty()) {
    fmt::print(stderr, "more: --page-token {}\n", response.next_page_token());
  }
  return kExitGood;
}

}  // namespace

void AddReferralCommands(CLI::App& app, Chosen& chosen) {
  CLI::App* group = app.add_subcommand("referral", "Referrals between agencies.");
  group->require_subcommand(1);
  CLI::App* command =
      group->add_subcommand("list", "List the referrals an agency got or sent, newest first.");
  command->footer(
      "Examples:\n"
      "  caseledger referral list --of bv-tinh\n"
      "  caseledger referral list --of ctxh-qn --outbox --state pending");
  auto list = std::make_shared<ListOptions>();
  command->add_option("--of", list->agency, "The agency whose referrals are listed")->required();
  command->add_flag("--outbox", list->outbox, "Those it sent; else those it got");
  command->add_option("--state", list->state, "Only those in this state, such as pending");
  command->add_option("--page-size", list->page_size, "Most rows of a page")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command->add_option("--page-token", list->page_token, "Where to go on");
  command->callback([list, &chosen] {
    chosen.action = [list](const ClientOptions& client) { return List(*list, client); };
  });
}

}  // namespace caseledger::cli
