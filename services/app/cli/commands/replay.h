// Printing of event streams, shared by the commands that replay.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "caseledger/v1/history.grpc.pb.h"
#include "eventstore/base/status_macros.h"
#include "services/app/cli/client/connection.h"
#include "services/app/cli/commands/commands.h"

namespace caseledger::cli {

// How far a replay goes.
struct ReplayPoint {
  std::string as_of;
  std::string as_of_occurred;
};

void AddPointOptions(CLI::App& command, ReplayPoint& point);

// Sets the point on a replay request that has one.
template <typename Request>
absl::Status SetPoint(const ReplayPoint& point, Request& request) {
  ASSIGN_OR_RETURN(const v1::AsOf as_of, ToAsOf(point.as_of));
  if (!point.as_of.empty()) *request.mutable_as_of() = as_of;
  if (!point.as_of_occurred.empty()) {
    ASSIGN_OR_RETURN(*request.mutable_as_of_occurred_time(),
                     ToTime(point.as_of_occurred, "--as-of-occurred"));
  }
  return absl::OkStatus();
}

// Prints the events as they come: text, or one line of JSON each.
absl::StatusOr<int> PrintReplay(grpc::ClientReader<v1::ReplayResponse>& reader,
                                const ClientOptions& options);

// One event in the format of event streams, `text` or `json`.
std::string EventIn(const std::string& format, const v1::RecordedEvent& event);

}  // namespace caseledger::cli
