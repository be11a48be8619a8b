// `caseledger person duplicates|merge|part`: records of one human.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "caseledger/v1/person.grpc.pb.h"
#include "eventstore/base/status_macros.h"
#include "services/app/cli/commands/calls.h"
#include "services/app/cli/commands/commands.h"
#include "services/app/cli/commands/export.h"
#include "services/app/cli/print/json.h"
#include "services/app/cli/print/row_columns.h"
#include "services/app/cli/print/sheet.h"
#include "services/app/cli/print/text_table.h"

namespace caseledger::cli {
namespace {

using Persons = v1::PersonService::Stub;

constexpr int64_t kPageSize = 100;

struct DuplicateOptions {
  std::string person;
  bool include_parted = false;
  int64_t most = 500;
  std::string output;
};

std::string Label(const v1::DuplicateRecord& record) {
  std::string label = record.full_name().empty() ? "-" : record.full_name();
  if (record.birth_year() != 0) label += fmt::format(" *{}", record.birth_year());
  return label;
}

// What a merge names: the record that goes on.
const std::string& IdOf(const v1::DuplicateRecord& record) {
  return record.survivor_person_id().empty() ? record.person_id() : record.survivor_person_id();
}

void Print(const v1::ListDuplicateCandidatesResponse& all) {
  TextTable table({{"bits", Align::kRight}, {"record"}, {"other"}, {"why"}, {"id"}, {"other id"}});
  for (const v1::DuplicateCandidate& pair : all.candidates()) {
    std::string why = absl::StrJoin(pair.reasons(), ", ");
    if (pair.parted()) why += ", parted";
    table.AddRow({fmt::format("{:.1f}", pair.weight()), Label(pair.record()), Label(pair.other()),
                  why, IdOf(pair.record()), IdOf(pair.other())});
  }
  fmt::print("{}", table.ToString());
  if (all.more_candidates()) {
    fmt::print(stderr, "somebody has too many namesakes: not all were looked at\n");
  }
  if (all.candidates().empty()) {
    fmt::print(stderr, "no records that may be of one human\n");
  } else {
    fmt::print(stderr, "when two are one: caseledger person merge ID OTHER-ID\n");
  }
}

// Both records of a pair, side by side.
class PairColumns : public NamedColumns {
 public:
  explicit PairColumns(bool vietnamese)
      : NamedColumns({"weight", "reasons", "parted", "person_id", "survivor_person_id", "full_name",
                      "sex", "birth_year", "other_person_id", "other_survivor_person_id",
                      "other_full_name", "other_sex", "other_birth_year"},
                     vietnamese),
        vietnamese_(vietnamese) {}

  std::vector<SheetCell> CellsOf(const v1::DuplicateCandidate& pair) const {
    std::vector<SheetCell> cells{SheetDecimal{fmt::format("{:.1f}", pair.weight())},
                                 absl::StrJoin(pair.reasons(), ", "),
                                 YesCell(pair.parted(), vietnamese_)};
    for (const v1::DuplicateRecord* record : {&pair.record(), &pair.other()}) {
      SheetCell year;
      if (record->birth_year() != 0) year = uint64_t{record->birth_year()};
      cells.insert(cells.end(), {record->person_id(), record->survivor_person_id(),
                                 record->full_name(), record->sex(), year});
    }
    return cells;
  }

 private:
  const bool vietnamese_;
};

absl::StatusOr<int> Export(const std::string& output,
                           const v1::ListDuplicateCandidatesResponse& all, bool vietnamese) {
  const PairColumns columns(vietnamese);
  std::vector<std::vector<SheetCell>> rows;
  for (const v1::DuplicateCandidate& pair : all.candidates()) {
    rows.push_back(columns.CellsOf(pair));
  }
  return ExportRows(output, "duplicates", columns, rows);
}

void ShowProgress(const v1::ListDuplicateCandidatesResponse& all) {
  if (isatty(STDERR_FILENO) == 0) return;
  fmt::print(stderr, "\r{} persons looked at, {} pairs", all.looked_at_persons(),
             all.candidates_size());
}

// All pages, until there are as many pairs as asked for.
absl::StatusOr<v1::ListDuplicateCandidatesResponse> All(const DuplicateOptions& list,
                                                        const Connection& connection) {
  v1::ListDuplicateCandidatesRequest request;
  request.set_ledger(connection.options().ledger);
  request.set_person_id(list.person);
  request.set_include_parted(list.include_parted);
  RETURN_IF_ERROR(AskForNewest(connection, request));
  v1::ListDuplicateCandidatesResponse all;
  uint64_t pages = 0;
  do {
    request.set_page_size(std::min(kPageSize, list.most - all.candidates_size()));
    ASSIGN_OR_RETURN(const v1::ListDuplicateCandidatesResponse page,
                     Call(connection, &Persons::ListDuplicateCandidates, request));
    all.mutable_candidates()->MergeFrom(page.candidates());
    all.set_looked_at_persons(all.looked_at_persons() + page.looked_at_persons());
    all.set_more_candidates(all.more_candidates() || page.more_candidates());
    all.set_reflected_events(page.reflected_events());
    all.set_next_page_token(page.next_page_token());
    request.set_page_token(page.next_page_token());
    if (++pages > 1) ShowProgress(all);
  } while (!request.page_token().empty() && all.candidates_size() < list.most);
  if (pages > 1 && isatty(STDERR_FILENO) != 0) fmt::print(stderr, "\n");
  return all;
}

absl::StatusOr<int> List(const DuplicateOptions& list, const ClientOptions& client) {
  ASSIGN_OR_RETURN(const std::string format, FormatOf(client, "table", {"table", "json"}));
  ClientOptions options = client;
  if (!list.output.empty()) {
    ASSIGN_OR_RETURN(options, Exporting(list.output, client));
  }
  const Connection connection(options);
  ASSIGN_OR_RETURN(v1::ListDuplicateCandidatesResponse all, All(list, connection));
  std::stable_sort(all.mutable_candidates()->begin(), all.mutable_candidates()->end(),
                   [](const v1::DuplicateCandidate& a, const v1::DuplicateCandidate& b) {
                     return a.weight() > b.weight();
                   });
  if (!list.output.empty()) {
    ASSIGN_OR_RETURN(const int exit, Export(list.output, all, options.vietnamese));
    if (!all.next_page_token().empty()) fmt::print(stderr, "there are more: --most\n");
    return exit;
  }
  if (format == "json") {
    fmt::print("{}", ToDocument(ToJson(all)));
    return kExitGood;
  }
  Print(all);
  if (!all.next_page_token().empty()) fmt::print(stderr, "there are more: --most\n");
  return kExitGood;
}

struct MergeOptions {
  std::string survivor;
  std::string merged;
};

template <typename Request>
Request RequestOf(const MergeOptions& merge) {
  Request request;
  request.set_person_id(merge.survivor);
  request.mutable_fact()->set_merged_person_id(merge.merged);
  return request;
}

absl::StatusOr<int> Merge(const MergeOptions& merge, const ClientOptions& options) {
  return SendAndTell(RequestOf<v1::MergePersonsRequest>(merge), options, &Persons::MergePersons,
                     fmt::format("{} goes on for both; undo it with: caseledger person part {} {}",
                                 merge.survivor, merge.survivor, merge.merged));
}

absl::StatusOr<int> Part(const MergeOptions& merge, const ClientOptions& options) {
  return SendAndTell(RequestOf<v1::ReverseMergeRequest>(merge), options, &Persons::ReverseMerge,
                     fmt::format("{} is a person of its own again", merge.merged));
}

using Run = absl::StatusOr<int> (*)(const MergeOptions& merge, const ClientOptions& options);

CLI::App* AddMerge(CLI::App& group, Chosen& chosen, const std::string& name,
                   const std::string& help, Run run) {
  CLI::App* command = group.add_subcommand(name, help);
  auto merge = std::make_shared<MergeOptions>();
  command->add_option("SURVIVOR", merge->survivor, "The record that goes on: UUID or reference")
      ->required();
  command->add_option("MERGED", merge->merged, "The other one: UUID or reference")->required();
  command->callback([merge, run, &chosen] {
    chosen.action = [merge, run](const ClientOptions& client) { return run(*merge, client); };
  });
  return command;
}

}  // namespace

void AddDuplicateCommands(CLI::App& person, Chosen& chosen) {
  CLI::App* command = person.add_subcommand(
      "duplicates",
      "List records that may be of one human, the likeliest first, with what speaks for it.");
  command->footer(
      "Who is listed is decided by names, phone and document numbers, year of birth and sex, of\n"
      "whom you may see. From 14 bits on it is likely. Nothing is merged by itself. Examples:\n"
      "  caseledger person duplicates\n"
      "  caseledger person duplicates P-2024-0017\n"
      "  caseledger person merge P-2024-0017 P-2024-0093");
  auto list = std::make_shared<DuplicateOptions>();
  command->add_option("PERSON", list->person, "Only pairs with this person: UUID or reference");
  command->add_flag("--parted", list->include_parted,
                    "Also pairs that were merged once and parted again");
  command->add_option("--most", list->most, "Most pairs")
      ->check(CLI::Range(int64_t{1}, int64_t{10'000}))
      ->capture_default_str();
  AddOutput(*command, list->output);
  command->callback([list, &chosen] {
    chosen.action = [list](const ClientOptions& client) { return List(*list, client); };
  });
  AddMerge(person, chosen, "merge", "Two records are of one human: one goes on for both.", Merge)
      ->footer(
          "Both records stay, with their histories. Reports count the human once from now on;\n"
          "published ones stay as they are. `person part` undoes it.");
  AddMerge(person, chosen, "part", "A merge was a mistake: both are persons of their own.", Part);
}

}  // namespace caseledger::cli
