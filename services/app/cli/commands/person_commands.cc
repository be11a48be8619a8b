#include <fmt/format.h>

#include <iostream>
#include <memory>
#include <utility>

#include "caseledger/v1/person.grpc.pb.h"
#include "eventstore/base/status_macros.h"
#include "services/app/cli/commands/calls.h"
#include "services/app/cli/commands/commands.h"
#include "services/app/cli/commands/export.h"
#include "services/app/cli/print/json.h"
#include "services/app/cli/print/text_table.h"

namespace caseledger::cli {
namespace {

// Whatever the server takes is shorter.
constexpr size_t kMostLineBytes = 4096;
constexpr int64_t kMostPersons = 100;  // of a page

struct SearchOptions {
  std::string name;
  bool unfinished = false;
  std::string phone;
  std::string identity_number;
  bool wider = false;
  Paging paging{.page_size = 20, .page_token = {}};
  std::string output;
};

// `-` stands for the next line of standard input, so that what is asked stays out of the list of
// processes and the shell's history.
absl::Status ReadDash(std::string& text, const std::string& option) {
  if (text != "-") return absl::OkStatus();
  if (std::getline(std::cin, text) && text.size() <= kMostLineBytes) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format(
      "{} -: standard input has no line of at most {} bytes to search by", option, kMostLineBytes));
}

absl::StatusOr<v1::SearchPersonsRequest> ToRequest(SearchOptions search,
                                                   const Connection& connection) {
  RETURN_IF_ERROR(ReadDash(search.name, "--name"));
  RETURN_IF_ERROR(ReadDash(search.phone, "--phone"));
  RETURN_IF_ERROR(ReadDash(search.identity_number, "--identity-number"));
  v1::SearchPersonsRequest request;
  request.set_ledger(connection.options().ledger);
  request.set_name(search.name);
  request.set_last_word_unfinished(search.unfinished);
  request.set_phone(search.phone);
  request.set_identity_number(search.identity_number);
  request.set_wider(search.wider);
  search.paging.Set(request);
  RETURN_IF_ERROR(AskForNewest(connection, request));
  return request;
}

void PrintTable(const v1::SearchPersonsResponse& response) {
  TextTable table({{"person"},
                   {"name"},
                   {"also called"},
                   {"sex"},
                   {"born", Align::kRight},
                   {"score", Align::kRight},
                   {"fit"},
                   {"goes on as"}});
  for (const v1::PersonMatch& match : response.persons()) {
    table.AddRow({match.person_id(), match.full_name(), match.matched_alias(), match.sex(),
                  match.birth_year() == 0 ? "" : fmt::format("{}", match.birth_year()),
                  fmt::format("{:.2f}", match.score()), match.fit(), match.survivor_person_id()});
  }
  fmt::print("{}", table.ToString());
}

// What the reader must know to take silence for what it is.
void PrintRemarks(const v1::SearchPersonsResponse& response, const SearchOptions& search) {
  if (response.common_words_only()) {
    fmt::print(stderr,
               "only words that most people have: not everybody with them is found; give more of "
               "the name\n");
  }
  if (response.more_candidates()) {
    fmt::print(stderr, "too many have something of it: not all were looked at; ask for more\n");
  }
  if (response.persons().empty() && !search.wider) {
    fmt::print(stderr, "nobody; --wider also finds who is only similar\n");
  }
  PrintMore(response);
}

absl::StatusOr<int> Search(const SearchOptions& search, ClientOptions options) {
  ASSIGN_OR_RETURN(const std::string format, FormatOf(options, "table", {"table", "json"}));
  const bool to_file = !search.output.empty();
  if (to_file) {
    ASSIGN_OR_RETURN(options, Exporting(search.output, std::move(options)));
  }
  const Connection connection(options);
  ASSIGN_OR_RETURN(v1::SearchPersonsRequest request, ToRequest(search, connection));
  if (to_file) {
    request.set_page_size(kMostPersons);
    const RowColumns columns(*v1::PersonMatch::descriptor(), options.vietnamese);
    return ExportPages(search.output, "persons", columns, &v1::SearchPersonsResponse::persons,
                       std::move(request), [&](const v1::SearchPersonsRequest& page) {
                         return Call(connection, &v1::PersonService::Stub::SearchPersons, page);
                       });
  }
  ASSIGN_OR_RETURN(const v1::SearchPersonsResponse response,
                   Call(connection, &v1::PersonService::Stub::SearchPersons, request));
  if (format == "json") {
    fmt::print("{}", ToDocument(ToJson(response)));
    return kExitGood;
  }
  PrintTable(response);
  PrintRemarks(response, search);
  return kExitGood;
}

}  // namespace

void AddPersonCommands(CLI::App& app, Chosen& chosen) {
  CLI::App* group =
      app.add_subcommand("person", "Persons: searching for them, and records of one human.");
  group->require_subcommand(1);
  CLI::App* command = group->add_subcommand(
      "search", "Find persons by name, phone or document number, the best fit first.");
  command->footer(
      "What is given as - is read from standard input, a line each, and leaves no trace in the\n"
      "shell's history. Examples:\n"
      "  caseledger person search --name 'nguyen thi hoa'\n"
      "  caseledger person search --phone - < number.txt\n"
      "  caseledger person search --name 'tran thi mai' --wider --format json");
  auto search = std::make_shared<SearchOptions>();
  command->add_option("--name", search->name,
                      "A name or part of one, in any order, with or without tone marks");
  command->add_flag("--unfinished", search->unfinished,
                    "The last word of the name may be only begun");
  command->add_option("--phone", search->phone, "A phone number, or its last seven digits");
  command->add_option("--identity-number", search->identity_number,
                      "The number of a document, whole");
  command->add_flag("--wider", search->wider, "Also who is only similar");
  AddSort(*command, search->paging,
          {{"best", ""}, {"youngest", "birth_year desc"}, {"eldest", "birth_year"}},
          "best fit, youngest or eldest first", /*bounded=*/false);
  AddPaging(*command, search->paging, kMostPersons);
  AddCount(*command, search->paging);
  AddOutput(*command, search->output);
  command->callback([search, &chosen] {
    chosen.action = [search](const ClientOptions& client) { return Search(*search, client); };
  });
  AddDuplicateCommands(*group, chosen);
}

}  // namespace caseledger::cli
