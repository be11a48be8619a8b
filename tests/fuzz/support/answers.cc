#include "tests/fuzz/support/answers.h"

#include <algorithm>
#include <memory>
#include <string>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "services/domain/rejection.h"
#include "services/rpc/sentences.h"
#include "services/rpc/status.h"
#include "tests/fuzz/support/check.h"

namespace caseledger::fuzz {
namespace {

// gRPC lets 8 KiB of metadata through; its own headers need some.
constexpr size_t kMostErrorBytes = 8'000;

bool IsClientsCode(absl::StatusCode code) {
  switch (static_cast<int>(code)) {
    case static_cast<int>(absl::StatusCode::kInvalidArgument):
    case static_cast<int>(absl::StatusCode::kNotFound):
    case static_cast<int>(absl::StatusCode::kFailedPrecondition):
    case static_cast<int>(absl::StatusCode::kPermissionDenied):
    case static_cast<int>(absl::StatusCode::kUnauthenticated):
    case static_cast<int>(absl::StatusCode::kAborted):
    case static_cast<int>(absl::StatusCode::kAlreadyExists):
    case static_cast<int>(absl::StatusCode::kOutOfRange):
    case static_cast<int>(absl::StatusCode::kResourceExhausted):
    case static_cast<int>(absl::StatusCode::kDeadlineExceeded):
      return true;
    default:
      return false;
  }
}

bool IsKnownReason(const std::string& reason) {
  const auto& rules = domain::AllReasons();
  return std::ranges::any_of(rules, [&](const auto& rule) { return rule.id == reason; }) ||
         rpc::SentencesOfReason(reason).en != rpc::SentencesOfReason("FAILED").en;
}

}  // namespace

void CheckRefusal(const absl::Status& status) {
  const std::string shown = status.ToString();
  Check(IsClientsCode(status.code()), "a refusal is one a client can act upon: " + shown);
  const google::rpc::Status error = rpc::ToRpcStatus(status);
  const std::string bytes = error.SerializeAsString();
  Check(google::rpc::Status().ParseFromString(bytes), "an error can be read: " + shown);
  Check(bytes.size() + error.message().size() <= kMostErrorBytes,
        "an error fits the metadata: " + std::to_string(bytes.size()) + " bytes, " + shown);
  google::rpc::ErrorInfo info;
  Check(error.details_size() > 0 && error.details(0).UnpackTo(&info), "an error has its reason");
  Check(IsKnownReason(info.reason()), "the reason is known: " + info.reason() + ", " + shown);
  for (const auto& detail : error.details()) {
    google::rpc::BadRequest violations;
    Check(!detail.Is<google::rpc::BadRequest>() || detail.UnpackTo(&violations),
          "violations can be read: " + shown);
  }
}

void CheckResponse(const google::protobuf::Message& response) {
  const std::unique_ptr<google::protobuf::Message> read(response.New());
  Check(read->ParseFromString(response.SerializeAsString()),
        "a response can be read: " + response.GetTypeName());
}

}  // namespace caseledger::fuzz
