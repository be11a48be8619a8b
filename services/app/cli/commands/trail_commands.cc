// `caseledger access`: who saw what, who was refused, what left, and break-glass.
#include <fmt/format.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "caseledger/v1/access.grpc.pb.h"
#include "caseledger/v1/history.grpc.pb.h"
#include "eventstore/base/status_macros.h"
#include "services/app/cli/client/head.h"
#include "services/app/cli/commands/calls.h"
#include "services/app/cli/commands/commands.h"
#include "services/app/cli/commands/export.h"
#include "services/app/cli/print/json.h"
#include "services/app/cli/print/row_columns.h"
#include "services/app/cli/print/sheet.h"
#include "services/app/cli/print/text_table.h"
#include "services/app/cli/text/time_text.h"

namespace caseledger::cli {
namespace {

using Stub = v1::AccessService::Stub;

// What to wait for, so that an answer reflects every entry written before the question.
absl::StatusOr<uint64_t> NewestTrailPosition(const Connection& connection) {
  ASSIGN_OR_RETURN(const v1::GetLedgerHeadResponse ledger, GetHead(connection));
  v1::GetLedgerHeadRequest request;
  request.set_ledger(ledger.ledger() + ".access");
  ASSIGN_OR_RETURN(const v1::GetLedgerHeadResponse trail,
                   Call(connection, &v1::HistoryService::Stub::GetLedgerHead, request));
  return LastPosition(trail.event_count());
}

template <typename Request, typename Response>
using Method = grpc::Status (Stub::*)(grpc::ClientContext*, const Request&, Response*);

template <typename Request, typename Response>
absl::StatusOr<Response> Ask(const Connection& connection, Method<Request, Response> method,
                             Request request) {
  request.set_ledger(connection.options().ledger);
  return Call(connection, method, request);
}

std::string RecordText(const event::v1::TrailRecord& record) {
  constexpr std::string_view kPrefix = "RECORD_KIND_";
  std::string kind = options::v1::RecordKind_Name(record.kind()).substr(kPrefix.size());
  for (char& c : kind) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return fmt::format("{} {}", kind, record.record_id());
}

template <typename Records>
std::string RecordsText(const Records& records) {
  if (records.empty()) return "";
  const std::string first = RecordText(records.Get(0));
  return records.size() == 1 ? first : fmt::format("{} and {} more", first, records.size() - 1);
}

// What happened, how much was shown, and of what.
struct Said {
  std::string what;
  std::string level;
  std::string records;
};

Said Say(const event::v1::RecordAccessed& accessed) {
  Said said{accessed.action(), accessed.level(), RecordsText(accessed.records())};
  if (accessed.stage() == event::v1::TRAIL_STAGE_OPENED) said.what += ", begun";
  if (accessed.stage() == event::v1::TRAIL_STAGE_CONTINUED) said.what += ", going on";
  if (accessed.stage() == event::v1::TRAIL_STAGE_CLOSED) said.what += ", ended";
  if (accessed.events() > 0) said.what += fmt::format(" ({} events)", accessed.events());
  if (!accessed.break_glass_event_id().empty()) said.what += ", by break-glass";
  return said;
}

std::string FindingText(event::v1::BreakGlassFinding finding) {
  return finding == event::v1::BREAK_GLASS_FINDING_JUSTIFIED ? "justified" : "unjustified";
}

Said Say(const v1::TrailEntry& entry) {
  if (entry.has_accessed()) return Say(entry.accessed());
  if (entry.has_denied()) {
    return {fmt::format("{} refused: {}", entry.denied().action(), entry.denied().reason()), "",
            entry.denied().has_record() ? RecordText(entry.denied().record()) : ""};
  }
  if (entry.has_break_glass_used()) {
    return {"break-glass until " + ToText(entry.break_glass_used().expire_time()), "",
            RecordText(entry.break_glass_used().record())};
  }
  if (entry.has_break_glass_reviewed()) {
    return {"break-glass reviewed: " + FindingText(entry.break_glass_reviewed().finding()), "", ""};
  }
  Said said = Say(entry.disclosed().access());
  said.what += ", to " + entry.disclosed().recipient_agency_id();
  // An answer that was taken out of the system begins so.
  constexpr std::string_view kExport = "export=";
  const std::string& query = entry.disclosed().access().query();
  if (query.starts_with(kExport)) {
    said.what += ", exported as " + query.substr(kExport.size(), query.find(' ') - kExport.size());
  }
  return said;
}

std::string WhoText(const v1::TrailEntry& entry) {
  return fmt::format("{}/{}", entry.agency(), entry.actor());
}

void PrintEntries(const google::protobuf::RepeatedPtrField<v1::TrailEntry>& entries) {
  TextTable table({{"when"}, {"who"}, {"purpose"}, {"what"}, {"level"}, {"records"}});
  for (const v1::TrailEntry& entry : entries) {
    const Said said = Say(entry);
    table.AddRow({ToText(entry.recorded_time()), WhoText(entry), entry.purpose(), said.what,
                  said.level, said.records});
  }
  fmt::print("{}", table.ToString());
}

std::string BasisText(const event::v1::DisclosureMade& made) {
  if (!made.consent_id().empty()) return "consent " + made.consent_id();
  return made.legal_basis();
}

void Print(const v1::ListAccessResponse& response) { PrintEntries(response.entries()); }
void Print(const v1::ListDenialsResponse& response) { PrintEntries(response.entries()); }

void Print(const v1::ListDisclosuresResponse& response) {
  TextTable table({{"when"}, {"who"}, {"to"}, {"rests on"}, {"what"}, {"fields"}});
  for (const v1::TrailEntry& entry : response.entries()) {
    const event::v1::DisclosureMade& made = entry.disclosed();
    table.AddRow({ToText(entry.recorded_time()), WhoText(entry), made.recipient_agency_id(),
                  BasisText(made), made.access().action(),
                  absl::StrJoin(made.access().fields(), ", ")});
  }
  fmt::print("{}\nreceived something:", table.ToString());
  for (const std::string& agency : response.recipient_agency_ids()) fmt::print(" {}", agency);
  fmt::print("{}\n", response.recipient_agency_ids().empty() ? " nobody" : "");
}

void Print(const v1::ListBreakGlassResponse& response) {
  TextTable table(
      {{"use"}, {"when"}, {"who"}, {"case"}, {"owner"}, {"until"}, {"reason"}, {"review"}});
  for (const v1::BreakGlassRow& row : response.uses()) {
    const event::v1::BreakGlassUsed& used = row.use().break_glass_used();
    const std::string review =
        !row.has_review()
            ? "awaited"
            : fmt::format("{}, {}", FindingText(row.review().break_glass_reviewed().finding()),
                          WhoText(row.review()));
    table.AddRow({row.use().event_id(), ToText(row.use().recorded_time()), WhoText(row.use()),
                  used.record().record_id(), used.owner_agency_id(), ToText(used.expire_time()),
                  used.reason().text(), review});
  }
  fmt::print("{}", table.ToString());
}

SheetTime TimeCell(const google::protobuf::Timestamp& time) { return {FromTimestamp(time)}; }

// Entries of a trail, whatever they are of.
class EntryColumns : public NamedColumns {
 public:
  explicit EntryColumns(bool vietnamese)
      : NamedColumns({"event_id", "recorded_time", "agency", "actor", "purpose", "what", "level",
                      "recipient_agency_id", "legal_basis", "fields", "records"},
                     vietnamese) {}

  static std::vector<SheetCell> CellsOf(const v1::TrailEntry& entry) {
    const event::v1::RecordAccessed& accessed =
        entry.has_disclosed() ? entry.disclosed().access() : entry.accessed();
    const Said said = Say(entry);
    std::string records = said.records;
    if (accessed.records_size() > 1) {
      records.clear();
      for (const event::v1::TrailRecord& record : accessed.records()) {
        records += (records.empty() ? "" : ", ") + RecordText(record);
      }
    }
    return {entry.event_id(),
            TimeCell(entry.recorded_time()),
            entry.agency(),
            entry.actor(),
            entry.purpose(),
            said.what,
            said.level,
            entry.disclosed().recipient_agency_id(),
            BasisText(entry.disclosed()),
            absl::StrJoin(accessed.fields(), ", "),
            records};
  }
};

// Uses of break-glass with their reviews.
class UseColumns : public NamedColumns {
 public:
  explicit UseColumns(bool vietnamese)
      : NamedColumns({"break_glass_event_id", "recorded_time", "agency", "actor", "case_id",
                      "owner_agency_id", "expire_time", "reason", "reviewed_time", "reviewer",
                      "finding", "note"},
                     vietnamese) {}

  static std::vector<SheetCell> CellsOf(const v1::BreakGlassRow& row) {
    const event::v1::BreakGlassUsed& used = row.use().break_glass_used();
    std::vector<SheetCell> cells{row.use().event_id(),         TimeCell(row.use().recorded_time()),
                                 row.use().agency(),           row.use().actor(),
                                 used.record().record_id(),    used.owner_agency_id(),
                                 TimeCell(used.expire_time()), used.reason().text()};
    if (!row.has_review()) {
      cells.resize(cells.size() + 4);
      return cells;
    }
    const event::v1::BreakGlassReviewed& reviewed = row.review().break_glass_reviewed();
    cells.insert(cells.end(), {TimeCell(row.review().recorded_time()), WhoText(row.review()),
                               FindingText(reviewed.finding()), reviewed.note().text()});
    return cells;
  }
};

template <typename Response>
EntryColumns ColumnsOf(const google::protobuf::RepeatedPtrField<v1::TrailEntry>& (Response::*)()
                           const,
                       bool vietnamese) {
  return EntryColumns(vietnamese);
}
template <typename Response>
UseColumns ColumnsOf(const google::protobuf::RepeatedPtrField<v1::BreakGlassRow>& (Response::*)()
                         const,
                     bool vietnamese) {
  return UseColumns(vietnamese);
}

// Which page of a list, or the file into which all of it goes.
struct Asked {
  Paging paging;
  std::string output;
};

// Options of all lists.
std::shared_ptr<Asked> AddAsked(CLI::App& command) {
  auto asked = std::make_shared<Asked>();
  AddSort(command, asked->paging, {{"newest", ""}, {"oldest", "recorded_time"}},
          "newest or oldest first");
  AddPaging(command, asked->paging);
  AddCount(command, asked->paging);
  AddOutput(command, asked->output);
  return asked;
}

template <typename Request, typename Response, typename Rows>
absl::StatusOr<int> List(Method<Request, Response> method, const Rows& (Response::*rows)() const,
                         Request request, const Asked& asked, ClientOptions options) {
  ASSIGN_OR_RETURN(const std::string format, FormatOf(options, "table", {"table", "json"}));
  const bool to_file = !asked.output.empty();
  if (to_file) {
    ASSIGN_OR_RETURN(options, Exporting(asked.output, std::move(options)));
  }
  const Connection connection(options);
  asked.paging.Set(request);
  ASSIGN_OR_RETURN(const uint64_t newest, NewestTrailPosition(connection));
  request.set_min_position(newest);
  if (to_file) {
    request.set_page_size(kExportPage);
    return ExportPages(asked.output, "access trail", ColumnsOf(rows, options.vietnamese), rows,
                       std::move(request),
                       [&](const Request& page) { return Ask(connection, method, page); });
  }
  ASSIGN_OR_RETURN(const Response response, Ask(connection, method, std::move(request)));
  return TellPage(response, format, [](const Response& page) { Print(page); });
}

// Answers of commands that write one entry.
template <typename Response>
absl::StatusOr<int> Tell(const absl::StatusOr<Response>& response, const ClientOptions& options,
                         const std::function<std::string(const Response&)>& sentence) {
  RETURN_IF_ERROR(response.status());
  ASSIGN_OR_RETURN(const std::string format, FormatOf(options, "text", {"text", "json"}));
  fmt::print("{}", format == "json" ? ToDocument(ToJson(*response)) : sentence(*response) + "\n");
  return kExitGood;
}

void AddWhoSaw(CLI::App& access, Chosen& chosen) {
  auto* command = access.add_subcommand(
      "who-saw", "Who saw a record or was refused, newest first unless sorted");
  command->footer("Example:\n  caseledger access who-saw CASE-2024-0001");
  auto request = std::make_shared<v1::ListAccessRequest>();
  auto kind = std::make_shared<std::string>("case");
  auto record = std::make_shared<std::string>();
  command->add_option("RECORD", *record, "UUID or external reference")->required();
  command->add_option("--kind", *kind, kKinds)->capture_default_str();
  const auto asked = AddAsked(*command);
  command->callback([=, &chosen] {
    chosen.action = [=](const ClientOptions& client) -> absl::StatusOr<int> {
      ASSIGN_OR_RETURN(const options::v1::RecordKind record_kind, ToKind(*kind));
      request->set_record_kind(record_kind);
      request->set_record_id(*record);
      return List(&Stub::ListAccess, &v1::ListAccessResponse::entries, *request, *asked, client);
    };
  });
}

void AddSeenBy(CLI::App& access, Chosen& chosen) {
  auto* command = access.add_subcommand("seen-by", "What somebody saw, newest first unless sorted");
  command->footer("Example:\n  caseledger access seen-by lan --of ctxh-qn");
  auto person = std::make_shared<std::string>();
  auto agency = std::make_shared<std::string>();
  command->add_option("PERSON", *person, "Staff member, by the agency's own name")->required();
  command->add_option("--of", *agency, "Their agency; else yours");
  const auto asked = AddAsked(*command);
  command->callback([=, &chosen] {
    chosen.action = [=](const ClientOptions& client) {
      v1::ListAccessRequest request;
      request.set_actor(*person);
      request.set_agency_id(*agency);
      return List(&Stub::ListAccess, &v1::ListAccessResponse::entries, std::move(request), *asked,
                  client);
    };
  });
}

void AddDenials(CLI::App& access, Chosen& chosen) {
  auto* command =
      access.add_subcommand("denials", "Who was refused what, newest first unless sorted");
  auto agency = std::make_shared<std::string>();
  command->add_option("--of", *agency, "Only to staff of this agency");
  const auto asked = AddAsked(*command);
  command->callback([=, &chosen] {
    chosen.action = [=](const ClientOptions& client) {
      v1::ListDenialsRequest request;
      request.set_agency_id(*agency);
      return List(&Stub::ListDenials, &v1::ListDenialsResponse::entries, std::move(request), *asked,
                  client);
    };
  });
}

void AddDisclosures(CLI::App& access, Chosen& chosen) {
  auto* command = access.add_subcommand(
      "disclosures", "What left the centre about a person, newest first unless sorted");
  auto person = std::make_shared<std::string>();
  auto consent = std::make_shared<std::string>();
  command->add_option("PERSON", *person, "UUID or external reference")->required();
  command->add_option("--consent", *consent, "Only what rests on this consent");
  const auto asked = AddAsked(*command);
  command->callback([=, &chosen] {
    chosen.action = [=](const ClientOptions& client) {
      v1::ListDisclosuresRequest request;
      request.set_person_id(*person);
      request.set_consent_id(*consent);
      return List(&Stub::ListDisclosures, &v1::ListDisclosuresResponse::entries, std::move(request),
                  *asked, client);
    };
  });
}

void AddDisclose(CLI::App& access, Chosen& chosen) {
  auto* command = access.add_subcommand(
      "disclose", "Record that something left another way, such as on paper or by telephone");
  command->footer(
      "Example:\n  caseledger access disclose CASE-2024-0001 P-17 --to bv-tinh --field full_name");
  auto request = std::make_shared<v1::RecordDisclosureRequest>();
  auto fields = std::make_shared<std::vector<std::string>>();
  command->add_option("CASE", *request->mutable_case_id(), "UUID or external reference")
      ->required();
  command->add_option("PERSON", *request->mutable_person_id(), "Whom it was about, a participant")
      ->required();
  command->add_option("--to", *request->mutable_recipient_agency_id(), "Who received it")
      ->required();
  command->add_option("--field", *fields, "What it was, by field names such as full_name");
  command->add_option("--legal-basis", *request->mutable_legal_basis(),
                      "What it rests on when no consent covers it");
  command->callback([=, &chosen] {
    chosen.action = [=](const ClientOptions& client) {
      for (const std::string& field : *fields) request->add_fields(field);
      request->set_request_id(FreshId());
      return Tell<v1::RecordDisclosureResponse>(
          Ask(Connection(client), &Stub::RecordDisclosure, *request), client,
          [](const v1::RecordDisclosureResponse& answer) {
            const std::string& consent = answer.consent_id();
            return fmt::format("recorded as {}; it rests on {}", answer.event_id(),
                               consent.empty() ? "the legal basis" : "consent " + consent);
          });
    };
  });
}

void AddUse(CLI::App& group, Chosen& chosen) {
  auto* command = group.add_subcommand("use", "Open a case to yourself, to read, for a short time");
  command->footer("Example:\n  caseledger access break-glass use CASE-2024-0001 --reason '...'");
  auto request = std::make_shared<v1::UseBreakGlassRequest>();
  auto minutes = std::make_shared<int64_t>(60);
  command->add_option("CASE", *request->mutable_case_id(), "UUID or external reference")
      ->required();
  command->add_option("--reason", *request->mutable_reason(), "Why it cannot wait")->required();
  command->add_option("--minutes", *minutes, "For how long")
      ->check(CLI::Range(1, 240))
      ->capture_default_str();
  command->callback([=, &chosen] {
    chosen.action = [=](const ClientOptions& client) {
      request->set_minutes(*minutes);
      request->set_request_id(FreshId());
      return Tell<v1::UseBreakGlassResponse>(
          Ask(Connection(client), &Stub::UseBreakGlass, *request), client,
          [](const v1::UseBreakGlassResponse& answer) {
            return fmt::format("open until {}; use {} will be reviewed",
                               ToText(answer.expire_time()), answer.break_glass_event_id());
          });
    };
  });
}

void AddReview(CLI::App& group, Chosen& chosen) {
  auto* command = group.add_subcommand("review", "Say whether a use was right");
  auto request = std::make_shared<v1::ReviewBreakGlassRequest>();
  auto finding = std::make_shared<std::string>();
  command
      ->add_option("USE", *request->mutable_break_glass_event_id(),
                   "Id of the use, as `break-glass list` shows it")
      ->required();
  command->add_option("--finding", *finding, "justified or unjustified")
      ->required()
      ->check(CLI::IsMember({"justified", "unjustified"}));
  command->add_option("--note", *request->mutable_note(), "Remarks");
  command->callback([=, &chosen] {
    chosen.action = [=](const ClientOptions& client) {
      request->set_finding(*finding == "justified" ? event::v1::BREAK_GLASS_FINDING_JUSTIFIED
                                                   : event::v1::BREAK_GLASS_FINDING_UNJUSTIFIED);
      request->set_request_id(FreshId());
      return Tell<v1::ReviewBreakGlassResponse>(
          Ask(Connection(client), &Stub::ReviewBreakGlass, *request), client,
          [](const v1::ReviewBreakGlassResponse& answer) {
            return fmt::format("reviewed; recorded as {}", answer.event_id());
          });
    };
  });
}

void AddUses(CLI::App& group, Chosen& chosen) {
  auto* command =
      group.add_subcommand("list", "Uses that await a review, newest first unless sorted");
  auto all = std::make_shared<bool>(false);
  auto owner = std::make_shared<std::string>();
  command->add_flag("--all", *all, "Those that were reviewed, too");
  command->add_option("--of", *owner, "Only of cases that this agency owns");
  const auto asked = AddAsked(*command);
  command->callback([=, &chosen] {
    chosen.action = [=](const ClientOptions& client) {
      v1::ListBreakGlassRequest request;
      request.set_reviewed(*all);
      request.set_owner_agency_id(*owner);
      return List(&Stub::ListBreakGlass, &v1::ListBreakGlassResponse::uses, std::move(request),
                  *asked, client);
    };
  });
}

}  // namespace

void AddTrailCommands(CLI::App& access, Chosen& chosen) {
  AddWhoSaw(access, chosen);
  AddSeenBy(access, chosen);
  AddDenials(access, chosen);
  AddDisclosures(access, chosen);
  AddDisclose(access, chosen);
  auto* group = access.add_subcommand("break-glass", "Cases opened in an emergency");
  group->require_subcommand(1);
  AddUse(*group, chosen);
  AddReview(*group, chosen);
  AddUses(*group, chosen);
}

}  // namespace caseledger::cli
