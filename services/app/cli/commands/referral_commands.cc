#include <fmt/format.h>

#include <memory>

#include "caseledger/v1/referral.grpc.pb.h"
#include "eventstore/base/status_macros.h"
#include "services/app/cli/commands/calls.h"
#include "services/app/cli/commands/commands.h"
#include "services/app/cli/commands/export.h"
#include "services/app/cli/commands/follow.h"
#include "services/app/cli/print/json.h"
#include "services/app/cli/print/text_table.h"

namespace caseledger::cli {
namespace {

struct ListOptions {
  std::string agency;
  bool outbox = false;
  std::string state;
  Paging paging;
  bool follow = false;
  std::string output;
};

v1::ListReferralsRequest ToRequest(const ListOptions& list) {
  v1::ListReferralsRequest request;
  request.set_agency_id(list.agency);
  request.set_direction(list.outbox ? v1::REFERRAL_DIRECTION_OUTBOX : v1::REFERRAL_DIRECTION_INBOX);
  request.set_state(list.state);
  list.paging.Set(request);
  return request;
}

void Print(const v1::ListReferralsResponse& response) {
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
}

absl::StatusOr<int> FollowReferrals(const ListOptions& list, const std::string& format,
                                    const ClientOptions& options) {
  v1::DashboardPanel panel;
  *panel.mutable_referrals() = ToRequest(list);
  return Follow(panel, format, options, [](const FollowedPanel& followed) {
    v1::ListReferralsResponse response;
    CopyRows(followed, &v1::PanelRow::referral, *response.mutable_referrals());
    Print(response);
  });
}

absl::StatusOr<int> List(const ListOptions& list, const ClientOptions& options) {
  ASSIGN_OR_RETURN(const std::string format, FormatOf(options, "table", {"table", "json"}));
  if (list.follow) return FollowReferrals(list, format, options);
  if (!list.output.empty()) {
    return ExportList(list.output, "referrals", &v1::ReferralService::Stub::ListReferrals,
                      &v1::ListReferralsResponse::referrals, ToRequest(list), options);
  }
  const Connection connection(options);
  v1::ListReferralsRequest request = ToRequest(list);
  request.set_ledger(options.ledger);
  RETURN_IF_ERROR(AskForNewest(connection, request));
  ASSIGN_OR_RETURN(const v1::ListReferralsResponse response,
                   Call(connection, &v1::ReferralService::Stub::ListReferrals, request));
  return TellPage(response, format, Print);
}

}  // namespace

void AddReferralCommands(CLI::App& app, Chosen& chosen) {
  CLI::App* group = app.add_subcommand("referral", "Referrals between agencies.");
  group->require_subcommand(1);
  CLI::App* command = group->add_subcommand(
      "list", "List the referrals an agency got or sent, newest first unless sorted.");
  command->footer(
      "Examples:\n"
      "  caseledger referral list --of bv-tinh\n"
      "  caseledger referral list --of ctxh-qn --outbox --state pending\n"
      "  caseledger referral list --of bv-tinh --follow");
  auto list = std::make_shared<ListOptions>();
  command->add_option("--of", list->agency, "The agency whose referrals are listed")->required();
  command->add_flag("--outbox", list->outbox, "Those it sent; else those it got");
  command->add_option("--state", list->state, "Only those in this state, such as pending");
  AddSort(*command, list->paging,
          {{"newest", ""},
           {"oldest", "sent_time"},
           {"expiring", "expire_time"},
           {"urgency", "urgency desc"}},
          "newest or oldest sent, first to expire, most urgent first");
  AddPaging(*command, list->paging);
  AddCount(*command, list->paging);
  AddFollow(*command, list->follow)->excludes(AddOutput(*command, list->output));
  command->callback([list, &chosen] {
    chosen.action = [list](const ClientOptions& client) { return List(*list, client); };
  });
}

}  // namespace caseledger::cli
