#include "services/rpc/status.h"

#include <cctype>
#include <optional>
#include <string_view>

#include "absl/strings/cord.h"
#include "eventstore/base/strings.h"
#include "eventstore/sequencer/checks.h"
#include "google/rpc/error_details.pb.h"
#include "services/access/limits/agency_limits.h"
#include "services/commands/validation.h"
#include "services/domain/rejection.h"
#include "services/rpc/sentences.h"

namespace caseledger::rpc {
namespace {

constexpr char kDomain[] = "caseledger";
constexpr int kRetryMilliseconds = 100;

std::string_view DefaultReason(absl::StatusCode code) {
  switch (static_cast<int>(code)) {
    case static_cast<int>(absl::StatusCode::kInvalidArgument):
      return "INVALID_REQUEST";
    case static_cast<int>(absl::StatusCode::kNotFound):
      return "RECORD_UNKNOWN";
    case static_cast<int>(absl::StatusCode::kAborted):
      return "REVISION_CONFLICT";
    case static_cast<int>(absl::StatusCode::kOutOfRange):
      return "POSITION_PAST_END";
    case static_cast<int>(absl::StatusCode::kResourceExhausted):
      return "OVERLOADED";
    case static_cast<int>(absl::StatusCode::kUnavailable):
      return "UNAVAILABLE";
    case static_cast<int>(absl::StatusCode::kDeadlineExceeded):
      return "NOT_REACHED_IN_TIME";
    case static_cast<int>(absl::StatusCode::kDataLoss):
      return "DATA_LOSS";
    default:
      return "FAILED";
  }
}

// Messages of our own begin with `REASON: `; others get the reason of their code.
std::string ReasonOf(const absl::Status& status) {
  const std::string_view message = FromAbsl(status.message());
  const size_t colon = message.find(':');
  if (colon != std::string_view::npos && colon > 2) {
    bool is_reason = true;
    for (const char c : message.substr(0, colon)) {
      is_reason = is_reason && (std::isupper(static_cast<unsigned char>(c)) != 0 || c == '_');
    }
    if (is_reason) return std::string(message.substr(0, colon));
  }
  return std::string(DefaultReason(status.code()));
}

Sentences SentencesOf(const absl::Status& status, const std::string& reason) {
  if (const std::optional<domain::Reason> rule = domain::ReasonOf(status)) {
    return {domain::TextOf(*rule).vi, domain::TextOf(*rule).en};
  }
  return SentencesOfReason(reason);
}

void AddLocalized(std::string_view locale, std::string_view text, google::rpc::Status& out) {
  google::rpc::LocalizedMessage localized;
  localized.set_locale(std::string(locale));
  localized.set_message(std::string(text));
  out.add_details()->PackFrom(localized);
}

// Whole milliseconds, rounded up: nobody comes too early.
google::rpc::RetryInfo RetryAfter(const absl::Status& status) {
  const Micros said = access::RetryDelayOf(status);
  const int64_t milliseconds = said > 0 ? (said + 999) / 1'000 : kRetryMilliseconds;
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(milliseconds / 1'000);
  retry.mutable_retry_delay()->set_nanos(static_cast<int32_t>(milliseconds % 1'000) * 1'000'000);
  return retry;
}

}  // namespace

google::rpc::Status ToRpcStatus(const absl::Status& status) {
  google::rpc::Status out;
  out.set_code(static_cast<int>(status.code()));
  out.set_message(std::string(FromAbsl(status.message())));
  if (status.ok()) return out;
  google::rpc::ErrorInfo info;
  info.set_domain(kDomain);
  info.set_reason(ReasonOf(status));
  if (const std::string item = domain::ItemOf(status); !item.empty()) {
    (*info.mutable_metadata())["item"] = item;
  }
  if (const auto revision = status.GetPayload(eventstore::kCurrentRevisionUrl);
      revision.has_value()) {
    (*info.mutable_metadata())["current_revision"] = std::string(*revision);
  }
  out.add_details()->PackFrom(info);
  const Sentences sentences = SentencesOf(status, info.reason());
  AddLocalized("vi", sentences.vi, out);
  AddLocalized("en", sentences.en, out);
  if (const auto violations = status.GetPayload(commands::kViolationsUrl); violations.has_value()) {
    google::rpc::BadRequest bad_request;
    if (bad_request.ParseFromString(std::string(*violations))) {
      out.add_details()->PackFrom(bad_request);
    }
  }
  if (absl::IsResourceExhausted(status)) out.add_details()->PackFrom(RetryAfter(status));
  return out;
}

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const google::rpc::Status details = ToRpcStatus(status);
  return {static_cast<grpc::StatusCode>(status.code()), details.message(),
          details.SerializeAsString()};
}

}  // namespace caseledger::rpc
