#include "services/app/cli/client/errors.h"

#include <algorithm>

#include "eventstore/base/strings.h"
#include "google/rpc/error_details.pb.h"

namespace caseledger::cli {
namespace {

void Append(std::string& text, const std::string& more, const char* separator) {
  if (more.empty()) return;
  if (!text.empty()) text += separator;
  text += more;
}

void TakeInfo(const google::rpc::ErrorInfo& info, ErrorText& text) {
  text.reason = info.reason();
  for (const auto& [name, value] : info.metadata()) {
    Append(text.extra, StrCat(name, " ", value), ", ");
  }
}

void TakeFields(const google::rpc::BadRequest& request, ErrorText& text) {
  for (const auto& violation : request.field_violations()) {
    Append(text.extra, StrCat(violation.field(), ": ", violation.description()), "; ");
  }
}

// What to do about errors that are not about the content of a request.
std::string Advice(const grpc::Status& status, const std::string& reason,
                   const std::string& server) {
  const auto code = static_cast<int>(status.error_code());
  // A server that gives a reason of its own is running.
  if (code == grpc::StatusCode::UNAVAILABLE && !reason.empty() && reason != "UNAVAILABLE") {
    return "";
  }
  if (code == grpc::StatusCode::UNAVAILABLE) {
    return "start caseledgerd, or name another server with --server (now " + server +
           "); one with TLS wants a --profile, or --ca, --cert and --key";
  }
  if (code == grpc::StatusCode::DEADLINE_EXCEEDED) {
    return "the server took too long; see `caseledger projection status`, then try again";
  }
  if (code == grpc::StatusCode::UNAUTHENTICATED) {
    return "see who you are to the server: --cert, --key and --token-file, or a --profile";
  }
  if (code == grpc::StatusCode::NOT_FOUND) return "check the name; `caseledger --help` says more";
  if (code == grpc::StatusCode::RESOURCE_EXHAUSTED) return "the server is busy; try again";
  // gRPC 1.51 answers so, too, when it cannot parse a request.
  if (code == grpc::StatusCode::UNIMPLEMENTED) {
    return "the server does not know this call, or could not read it: update it, and write text in "
           "UTF-8";
  }
  return "";
}

// Who is refused at the server's door gets no details but `REASON: sentence | câu`.
ErrorText AtTheDoor(const std::string& message, bool vietnamese) {
  ErrorText text;
  text.sentence = message;
  const size_t colon = message.find(": ");
  const size_t bar = message.find(" | ");
  if (colon == std::string::npos || bar == std::string::npos || bar < colon) return text;
  const std::string reason = message.substr(0, colon);
  if (!std::ranges::all_of(reason, [](char c) { return (c >= 'A' && c <= 'Z') || c == '_'; })) {
    return text;
  }
  text.reason = reason;
  text.sentence = vietnamese ? message.substr(bar + 3) : message.substr(colon + 2, bar - colon - 2);
  return text;
}

}  // namespace

std::string ErrorText::ToLine() const {
  std::string line = sentence;
  if (!extra.empty()) line += " (" + extra + ")";
  if (!reason.empty()) line += " [" + reason + "]";
  std::ranges::replace(line, '\n', ' ');
  return line;
}

ErrorText Explain(const google::rpc::Status& status, bool vietnamese) {
  if (status.details().empty()) return AtTheDoor(status.message(), vietnamese);
  ErrorText text;
  text.sentence = status.message();
  for (const google::protobuf::Any& detail : status.details()) {
    google::rpc::ErrorInfo info;
    google::rpc::LocalizedMessage message;
    google::rpc::BadRequest request;
    if (detail.UnpackTo(&info)) {
      TakeInfo(info, text);
    } else if (detail.UnpackTo(&request)) {
      TakeFields(request, text);
    } else if (detail.UnpackTo(&message)) {
      const bool wanted = message.locale().starts_with(vietnamese ? "vi" : "en");
      if (wanted) text.sentence = message.message();
    }
  }
  // Texts for developers begin with the reason, which is told at the end anyway.
  const std::string prefix = text.reason + ": ";
  if (!text.reason.empty() && text.sentence.starts_with(prefix))
    text.sentence.erase(0, prefix.size());
  return text;
}

google::rpc::Status DetailsOf(const grpc::Status& status) {
  google::rpc::Status details;
  if (!status.error_details().empty()) details.ParseFromString(status.error_details());
  details.set_code(static_cast<int32_t>(status.error_code()));
  if (details.message().empty()) details.set_message(status.error_message());
  return details;
}

absl::Status ToAbslStatus(const grpc::Status& status, const std::string& server, bool vietnamese) {
  if (status.ok()) return absl::OkStatus();
  const ErrorText text = Explain(DetailsOf(status), vietnamese);
  std::string line = text.ToLine();
  const std::string advice = Advice(status, text.reason, server);
  if (!advice.empty()) line += ": " + advice;
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), line);
}

}  // namespace caseledger::cli
