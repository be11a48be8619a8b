// `--follow`: a question whose answer is printed again whenever it changes.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "caseledger/v1/dashboard.pb.h"
#include "services/app/cli/client/connection.h"
#include "services/app/cli/client/followed_panel.h"

namespace caseledger::cli {

// `--follow`, not together with what makes no sense then.
CLI::Option* AddFollow(CLI::App& command, bool& follow);

// Watches until Ctrl-C, SIGTERM or an error, and begins again when the server ends the stream or
// cannot be reached for a while. Format `json`: each message of the server as a line. Else `print`
// writes the whole answer to standard output; on a terminal it takes the place of the one before.
absl::StatusOr<int> Follow(const v1::DashboardPanel& panel, const std::string& format,
                           const ClientOptions& options,
                           const std::function<void(const FollowedPanel& panel)>& print);

// The rows of a panel as the list that asks the same once has them.
template <typename Rows, typename Row>
void CopyRows(const FollowedPanel& panel, const Row& (v1::PanelRow::*row_of)() const, Rows& rows) {
  for (const v1::PanelRow& row : panel.rows()) *rows.Add() = (row.*row_of)();
}

}  // namespace caseledger::cli
