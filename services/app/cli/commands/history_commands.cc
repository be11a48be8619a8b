#include <fmt/format.h>

#include <memory>

#include "caseledger/v1/history.grpc.pb.h"
#include "eventstore/base/status_macros.h"
#include "services/app/cli/client/head.h"
#include "services/app/cli/commands/commands.h"
#include "services/app/cli/commands/interrupts.h"
#include "services/app/cli/commands/replay.h"
#include "services/app/cli/print/event_text.h"
#include "services/app/cli/print/json.h"

namespace caseledger::cli {
namespace {

absl::StatusOr<int> RecordHistory(const std::string& kind_name, const std::string& id,
                                  const ReplayPoint& point, const ClientOptions& options) {
  v1::ReplayRecordRequest request;
  ASSIGN_OR_RETURN(const options::v1::RecordKind kind, ToKind(kind_name));
  request.set_ledger(options.ledger);
  request.set_record_kind(kind);
  request.set_record_id(id);
  RETURN_IF_ERROR(SetPoint(point, request));
  const Connection connection(options);
  const auto stub = v1::HistoryService::NewStub(connection.channel());
  grpc::ClientContext context;
  connection.PrepareStream(context);
  return PrintReplay(*stub->ReplayRecord(&context, request), options);
}

absl::StatusOr<int> LogHead(const ClientOptions& options) {
  ASSIGN_OR_RETURN(const std::string format, FormatOf(options, "text", {"text", "json"}));
  const Connection connection(options);
  ASSIGN_OR_RETURN(const v1::GetLedgerHeadResponse response, GetHead(connection));
  if (format == "json") {
    fmt::print("{}", ToDocument(ToJson(response)));
    return kExitGood;
  }
  fmt::print(
      "ledger         {}\nevents         {}\nlast recorded  {}\ncreated        {}\nsealed         "
      "{}\n",
      response.ledger(), response.event_count(), ToText(response.last_recorded_time()),
      ToText(response.created_time()), response.sealed() ? "yes" : "no");
  return kExitGood;
}

absl::StatusOr<int> LogRead(uint64_t from, uint64_t most, const ReplayPoint& point,
                            const ClientOptions& options) {
  const Connection connection(options);
  v1::ReplayLedgerRequest request;
  request.set_ledger(options.ledger);
  request.set_from_position(from);
  request.set_max_events(most);
  RETURN_IF_ERROR(SetPoint(point, request));
  const auto stub = v1::HistoryService::NewStub(connection.channel());
  grpc::ClientContext context;
  connection.PrepareStream(context);
  return PrintReplay(*stub->ReplayLedger(&context, request), options);
}

struct FollowOptions {
  std::optional<uint64_t> from;
  std::vector<std::string> facts;
  std::vector<std::string> streams;
};

// States go to standard error: standard output is for events only.
void PrintState(const v1::SubscribeResponse& response) {
  if (response.state() == v1::SUBSCRIPTION_STATE_CAUGHT_UP) {
    fmt::print(stderr, "caught up; next position {}\n", response.next_position());
  } else if (response.state() == v1::SUBSCRIPTION_STATE_FELL_BEHIND) {
    fmt::print(stderr, "fell behind; reading on from position {}\n", response.next_position());
  }
}

absl::StatusOr<v1::SubscribeRequest> ToRequest(const FollowOptions& follow,
                                               const Connection& connection) {
  v1::SubscribeRequest request;
  request.set_ledger(connection.options().ledger);
  for (const std::string& fact : follow.facts) request.add_fact_names(fact);
  for (const std::string& stream : follow.streams) request.add_stream_prefixes(stream);
  if (follow.from) {
    request.set_from_position(*follow.from);
  } else {
    ASSIGN_OR_RETURN(const uint64_t events, EventCount(connection));
    request.set_from_position(events);
  }
  return request;
}

// However it ends, the last line says where to go on.
absl::StatusOr<int> LogFollow(const FollowOptions& follow, const ClientOptions& options) {
  ASSIGN_OR_RETURN(const std::string format, FormatOf(options, "text", {"text", "json"}));
  grpc::ClientContext context;
  const Interrupts interrupts([&context] { context.TryCancel(); });
  const Connection connection(options);
  ASSIGN_OR_RETURN(const v1::SubscribeRequest request, ToRequest(follow, connection));
  const auto stub = v1::HistoryService::NewStub(connection.channel());
  connection.PrepareStream(context);
  const auto reader = stub->Subscribe(&context, request);
  uint64_t next_position = request.from_position();
  v1::SubscribeResponse response;
  while (reader->Read(&response)) {
    for (const v1::RecordedEvent& event : response.events()) {
      fmt::print("{}", EventIn(format, event));
    }
    std::fflush(stdout);
    next_position = response.next_position();
    PrintState(response);
  }
  const absl::Status ended = CallStatus(reader->Finish(), options);
  fmt::print(stderr, "go on with --from {}\n", next_position);
  if (interrupts.came()) return kExitGood;
  return ended.ok() ? absl::UnavailableError("the server ended the subscription") : ended;
}

void AddRecord(CLI::App& app, Chosen& chosen) {
  CLI::App* group = app.add_subcommand("record", "Records of any kind.");
  group->require_subcommand(1);
  CLI::App* command = group->add_subcommand("history", "Replay a record of any kind.");
  command->footer(
      "Examples:\n"
      "  caseledger record history contact C-2024-00049\n"
      "  caseledger record history agency ctxh-qn --format json");
  auto kind = std::make_shared<std::string>();
  auto id = std::make_shared<std::string>();
  auto point = std::make_shared<ReplayPoint>();
  command->add_option("KIND", *kind, kKinds)->required();
  command->add_option("ID", *id, "UUID, external reference, or name of a directory record")
      ->required();
  AddPointOptions(*command, *point);
  command->callback([=, &chosen] {
    chosen.action = [=](const ClientOptions& client) {
      return RecordHistory(*kind, *id, *point, client);
    };
  });
}

void AddLogRead(CLI::App& group, Chosen& chosen) {
  CLI::App* command = group.add_subcommand("read", "Print the ledger's events from a position on.");
  command->footer("Example:\n  caseledger log read --from 100 --max 20 --format json");
  auto from = std::make_shared<uint64_t>(0);
  auto most = std::make_shared<uint64_t>(0);
  command->add_option("--from", *from, "First position")->capture_default_str();
  command->add_option("--max", *most, "Most events; 0: to the end")->capture_default_str();
  auto point = std::make_shared<ReplayPoint>();
  AddPointOptions(*command, *point);
  command->callback([=, &chosen] {
    chosen.action = [=](const ClientOptions& client) {
      return LogRead(*from, *most, *point, client);
    };
  });
}

void AddLogFollow(CLI::App& group, Chosen& chosen) {
  CLI::App* command =
      group.add_subcommand("follow", "Print events as they are recorded, until interrupted.");
  command->footer(
      "Example:\n  caseledger log follow --fact case_opened --fact case_closed\n"
      "Exit code: 0 ended by Ctrl-C or SIGTERM, 1 the server ended it or could not be asked. The\n"
      "last line on standard error says from which position to go on.");
  auto follow = std::make_shared<FollowOptions>();
  command->add_option("--from", follow->from, "First position; else only what comes");
  command->add_option("--fact", follow->facts, "Only these facts, such as case_opened");
  command->add_option("--stream", follow->streams,
                      "Only records whose kind and UUID begin so, such as case_record/");
  command->callback([follow, &chosen] {
    chosen.action = [follow](const ClientOptions& client) { return LogFollow(*follow, client); };
  });
}

}  // namespace

void AddPointOptions(CLI::App& command, ReplayPoint& point) {
  command.add_option("--as-of", point.as_of,
                     "Only what was recorded by then: a position or a time");
  command.add_option("--as-of-occurred", point.as_of_occurred, "Only what had happened by then");
}

std::string EventIn(const std::string& format, const v1::RecordedEvent& event) {
  return format == "json" ? ToJsonLine(ToJson(event)) : EventAsText(event);
}

absl::StatusOr<int> PrintReplay(grpc::ClientReader<v1::ReplayResponse>& reader,
                                const ClientOptions& options) {
  const auto format = FormatOf(options, "text", {"text", "json"});
  v1::ReplayResponse response;
  while (format.ok() && reader.Read(&response)) {
    for (const v1::RecordedEvent& event : response.events()) {
      fmt::print("{}", EventIn(*format, event));
    }
  }
  if (!format.ok()) return format.status();
  RETURN_IF_ERROR(CallStatus(reader.Finish(), options));
  return kExitGood;
}

void AddHistoryCommands(CLI::App& app, Chosen& chosen) {
  AddRecord(app, chosen);
  CLI::App* group = app.add_subcommand("log", "The ledger itself.");
  group->require_subcommand(1);
  CLI::App* head = group->add_subcommand("head", "Say how far the ledger goes.");
  head->footer("Example:\n  caseledger log head --format json");
  head->callback([&chosen] { chosen.action = LogHead; });
  AddLogRead(*group, chosen);
  AddLogFollow(*group, chosen);
  AddProofCommands(*group, chosen);
  AddVerifyCommand(*group, chosen);
}

}  // namespace caseledger::cli
