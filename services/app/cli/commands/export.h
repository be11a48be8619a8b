// `--output FILE`: a list or a report as a file for spreadsheets, on the access trail as a
// disclosure.
#pragma once

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/base/status_macros.h"
#include "services/app/cli/commands/calls.h"
#include "services/app/cli/commands/commands.h"
#include "services/app/cli/commands/interrupts.h"
#include "services/app/cli/print/figure_sheet.h"
#include "services/app/cli/print/progress.h"
#include "services/app/cli/print/row_columns.h"
#include "services/app/cli/print/sheet.h"

namespace caseledger::cli {

inline CLI::Option* AddOutput(CLI::App& command, std::string& output) {
  return command.add_option(
      "--output", output,
      "Write all of it to this new file, .csv or .xlsx, with headings in --language; "
      "it is on the access trail as a disclosure");
}

// The same for calls whose answers go to that file.
inline absl::StatusOr<ClientOptions> Exporting(const std::string& output, ClientOptions options) {
  ASSIGN_OR_RETURN(options.exported_as, SheetFile::FormatOf(output));
  // What cannot be written is not asked for: that would be on the trail as a disclosure.
  RETURN_IF_ERROR(SheetFile::CheckFree(output));
  return options;
}

inline int TellExported(const std::string& output, size_t rows) {
  fmt::print(stderr, "{} rows in {}; on the access trail as a disclosure\n", rows, output);
  return kExitGood;
}

// Largest page that lists have.
inline constexpr int64_t kExportPage = 1000;

// Every page of a list that `ask` answers; `rows` of each go into the file, as `columns` has them.
template <typename Columns, typename Request, typename Response, typename Rows, typename Ask>
absl::StatusOr<int> ExportPages(const std::string& output, const std::string& title,
                                const Columns& columns, const Rows& (Response::*rows)() const,
                                Request request, const Ask& ask) {
  // What was written until then is removed.
  const Interrupts interrupts([] {});
  ASSIGN_OR_RETURN(const auto file, SheetFile::Create(output, title, columns.Titles()));
  size_t done = 0;
  Progress progress(title, 0);
  request.clear_page_token();
  if constexpr (requires { request.set_count_total(false); }) request.set_count_total(false);
  do {
    if (interrupts.came()) return absl::CancelledError("interrupted; nothing was kept");
    ASSIGN_OR_RETURN(const Response page, ask(request));
    for (const auto& row : (page.*rows)()) RETURN_IF_ERROR(file->Add(columns.CellsOf(row)));
    done += static_cast<size_t>((page.*rows)().size());
    request.set_page_token(page.next_page_token());
    progress.AdvanceTo(done, done);
  } while (!request.page_token().empty());
  RETURN_IF_ERROR(file->Finish());
  progress.Finish();
  return TellExported(output, done);
}

// Every page of a list. Lists that can be asked so are of one point of the ledger.
template <typename Stub, typename Request, typename Response, typename Rows>
absl::StatusOr<int> ExportList(const std::string& output, const std::string& title,
                               grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                            Response*),
                               const Rows& (Response::*rows)() const, Request request,
                               const ClientOptions& client) {
  ASSIGN_OR_RETURN(const ClientOptions options, Exporting(output, client));
  const Connection connection(options);
  request.set_ledger(options.ledger);
  request.set_page_size(kExportPage);
  RETURN_IF_ERROR(AskForNewest(connection, request));
  if constexpr (requires { request.mutable_as_of(); }) {
    if (!request.has_as_of()) request.mutable_as_of()->set_position(request.min_position());
  }
  const RowColumns columns(*Rows::value_type::descriptor(), options.vietnamese);
  return ExportPages(output, title, columns, rows, std::move(request),
                     [&](const Request& page) { return Call(connection, method, page); });
}

// Rows that are there, as cells.
template <typename Columns>
absl::StatusOr<int> ExportRows(const std::string& output, const std::string& title,
                               const Columns& columns,
                               const std::vector<std::vector<SheetCell>>& rows) {
  ASSIGN_OR_RETURN(const auto file, SheetFile::Create(output, title, columns.Titles()));
  for (const std::vector<SheetCell>& row : rows) RETURN_IF_ERROR(file->Add(row));
  RETURN_IF_ERROR(file->Finish());
  return TellExported(output, rows.size());
}

}  // namespace caseledger::cli
