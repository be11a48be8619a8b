#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <thread>

#include "eventstore/base/status_macros.h"
#include "services/app/cli/client/errors.h"
#include "services/app/cli/client/head.h"
#include "services/app/cli/commands/commands.h"
#include "services/app/cli/text/time_text.h"

namespace caseledger::cli {

unsigned CheckHelpers() { return std::clamp(std::thread::hardware_concurrency(), 2u, 8u) - 1; }

absl::StatusOr<options::v1::RecordKind> ToKind(std::string name) {
  for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (name == "CASE") name = "CASE_RECORD";
  options::v1::RecordKind kind{};
  if (options::v1::RecordKind_Parse("RECORD_KIND_" + name, &kind) &&
      kind != options::v1::RECORD_KIND_UNSPECIFIED) {
    return kind;
  }
  return absl::InvalidArgumentError(fmt::format("no such kind of record; there are {}", kKinds));
}

absl::StatusOr<google::protobuf::Timestamp> ToTime(const std::string& text,
                                                   const std::string& option) {
  const auto time = ParseTime(text);
  if (time) return ToTimestamp(time->micros);
  return absl::InvalidArgumentError(fmt::format(
      "{} {}: not a time; write 2024-01-31 or 2024-01-31T09:24:39+07:00", option, text));
}

absl::StatusOr<v1::AsOf> ToAsOf(const std::string& text) {
  v1::AsOf as_of;
  if (text.empty()) return as_of;
  uint64_t position = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, position);
  if (error == std::errc() && rest == end) {
    as_of.set_position(position);
    return as_of;
  }
  ASSIGN_OR_RETURN(*as_of.mutable_recorded_time(), ToTime(text, "--as-of"));
  return as_of;
}

absl::StatusOr<std::string> FormatOf(const ClientOptions& options, const std::string& standard,
                                     std::initializer_list<const char*> allowed) {
  if (options.format.empty()) return standard;
  std::string names;
  for (const char* name : allowed) {
    if (options.format == name) return options.format;
    names += (names.empty() ? "" : ", ") + std::string(name);
  }
  return absl::InvalidArgumentError(
      fmt::format("--format {}: this command has {}", options.format, names));
}

absl::Status CallStatus(const grpc::Status& status, const ClientOptions& options) {
  return ToAbslStatus(status, options.server, options.vietnamese);
}

absl::StatusOr<uint64_t> EventCount(const Connection& connection) {
  ASSIGN_OR_RETURN(const v1::GetLedgerHeadResponse head, GetHead(connection));
  return head.event_count();
}

std::string ToText(const google::protobuf::Timestamp& time) {
  const bool set = time.seconds() != 0 || time.nanos() != 0;
  return set ? FormatLocal(FromTimestamp(time)) : "";
}

}  // namespace caseledger::cli
