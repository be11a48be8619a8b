// What commands that ask a server have in common: one unary call, and lists by pages.
#pragma once

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "caseledger/v1/common.pb.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/random.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/uuid.h"
#include "services/app/cli/client/connection.h"
#include "services/app/cli/client/head.h"
#include "services/app/cli/commands/commands.h"
#include "services/app/cli/print/json.h"

namespace caseledger::cli {

// Such as Call(connection, &v1::AdminService::Stub::ListLedgers, request).
template <typename Stub, typename Request, typename Response>
absl::StatusOr<Response> Call(const Connection& connection,
                              grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                           Response*),
                              const Request& request) {
  Stub stub(connection.channel());
  Response response;
  grpc::ClientContext context;
  connection.PrepareCall(context);
  RETURN_IF_ERROR(CallStatus((stub.*method)(&context, request, &response), connection.options()));
  return response;
}

// An id that was never used, such as of a request.
inline std::string FreshId() { return Uuid::Generate(SystemClock(), SystemRandom()).ToString(); }

// Sends a command; its header names the ledger and, unless one is there, a fresh request id.
template <typename Stub, typename Request>
absl::StatusOr<v1::CommandResult> SendCommand(Request request, const ClientOptions& options,
                                              grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                                           const Request&,
                                                                           v1::CommandResult*)) {
  v1::CommandHeader& header = *request.mutable_header();
  header.set_ledger(options.ledger);
  if (header.request_id().empty()) header.set_request_id(FreshId());
  const Connection connection(options);
  return Call(connection, method, request);
}

// The same, and tells the result for machines, or in words that it is done.
template <typename Stub, typename Request>
absl::StatusOr<int> SendAndTell(Request request, const ClientOptions& options,
                                grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             v1::CommandResult*),
                                const std::string& done) {
  ASSIGN_OR_RETURN(const std::string format, FormatOf(options, "text", {"text", "json"}));
  ASSIGN_OR_RETURN(const v1::CommandResult result,
                   SendCommand(std::move(request), options, method));
  fmt::print("{}", format == "json" ? ToDocument(ToJson(result)) : done + "\n");
  return kExitGood;
}

// The answer is to reflect what was recorded before it was asked for.
template <typename Request>
absl::Status AskForNewest(const Connection& connection, Request& request) {
  ASSIGN_OR_RETURN(const uint64_t events, EventCount(connection));
  request.set_min_position(LastPosition(events));
  return absl::OkStatus();
}

struct Paging {
  // Words for `order_by` of the request, the usual one first.
  using Orders = std::vector<std::pair<std::string, std::string>>;

  int64_t page_size = 50;
  std::string page_token;
  bool count = false;
  Orders orders{};  // empty: the list has but one
  std::string sort{};

  template <typename Request>
  void Set(Request& request) const {
    request.set_page_size(page_size);
    request.set_page_token(page_token);
    if constexpr (requires { request.set_count_total(true); }) request.set_count_total(count);
    if constexpr (requires { request.set_order_by(""); }) {
      for (const auto& [word, order_by] : orders) {
        if (word == sort) request.set_order_by(order_by);
      }
    }
  }
};

// --sort. `help` says what the words mean.
inline void AddSort(CLI::App& command, Paging& paging, Paging::Orders orders,
                    const std::string& help, bool bounded = true) {
  std::vector<std::string> words;
  for (const auto& order : orders) words.push_back(order.first);
  paging.sort = words.front();
  paging.orders = std::move(orders);
  const std::string bound = "; all but " + words.front() + " sort at most 5000 rows";
  command.add_option("--sort", paging.sort, bounded ? help + bound : help)
      ->check(CLI::IsMember(words))
      ->capture_default_str();
}

// --count, of lists that can tell how many rows there are in all.
inline void AddCount(CLI::App& command, Paging& paging) {
  command.add_flag("--count", paging.count,
                   "Also say how many rows there are in all, counted up to 1000");
}

// --page-size and --page-token. `most`: what the server takes.
inline void AddPaging(CLI::App& command, Paging& paging, int64_t most = 1000) {
  command.add_option("--page-size", paging.page_size, "Most rows of a page")
      ->check(CLI::Range(int64_t{1}, most))
      ->capture_default_str();
  command.add_option("--page-token", paging.page_token, "Where to go on");
}

// On standard error, so that tables stay tables.
template <typename Response>
void PrintMore(const Response& response) {
  if constexpr (requires { response.total_size(); }) {
    if constexpr (requires { response.more_candidates(); }) {
      if (response.total_size() > 0) {
        fmt::print(stderr, "{}{} in all\n", response.total_is_partial() ? "at least " : "",
                   response.total_size());
      }
    } else if (response.total_is_partial()) {
      fmt::print(stderr, "of the first 1000 rows {} are for you; there are more\n",
                 response.total_size());
    } else if (response.total_size() > 0) {
      fmt::print(stderr, "{} in all\n", response.total_size());
    }
  }
  if (!response.next_page_token().empty()) {
    fmt::print(stderr, "more: --page-token {}\n", response.next_page_token());
  }
}

// A page of a list: for machines, else as `print` writes it, with where it goes on.
template <typename Response, typename Print>
int TellPage(const Response& response, const std::string& format, const Print& print) {
  if (format == "json") {
    fmt::print("{}", ToDocument(ToJson(response)));
  } else {
    print(response);
    PrintMore(response);
  }
  return kExitGood;
}

}  // namespace caseledger::cli
