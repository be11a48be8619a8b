#include "services/app/cli/client/errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "google/rpc/error_details.pb.h"

namespace caseledger::cli {
namespace {

google::rpc::Status Refusal() {
  google::rpc::Status status;
  status.set_code(grpc::StatusCode::FAILED_PRECONDITION);
  status.set_message("for developers");
  google::rpc::ErrorInfo info;
  info.set_reason("CASE_ALREADY_CLOSED");
  info.set_domain("caseledger");
  status.add_details()->PackFrom(info);
  for (const auto& [locale, text] : {std::pair("vi", "Ca đã đóng."), std::pair("en", "Closed.")}) {
    google::rpc::LocalizedMessage message;
    message.set_locale(locale);
    message.set_message(text);
    status.add_details()->PackFrom(message);
  }
  return status;
}

TEST(Errors, SayTheSentenceInTheLanguageAskedForAndTheReason) {
  EXPECT_EQ(Explain(Refusal(), false).ToLine(), "Closed. [CASE_ALREADY_CLOSED]");
  EXPECT_EQ(Explain(Refusal(), true).ToLine(), "Ca đã đóng. [CASE_ALREADY_CLOSED]");
}

TEST(Errors, TheReasonIsToldOnce) {
  google::rpc::Status status = Refusal();
  status.mutable_details()->DeleteSubrange(1, 2);
  status.set_message("CASE_ALREADY_CLOSED: it is closed");
  EXPECT_EQ(Explain(status, false).ToLine(), "it is closed [CASE_ALREADY_CLOSED]");
}

TEST(Errors, OfTheServersDoorHaveNoDetailsAndAreUnderstood) {
  google::rpc::Status status;
  status.set_message("TOKEN_EXPIRED: the token has expired; sign in again | Hãy đăng nhập lại.");
  EXPECT_EQ(Explain(status, false).ToLine(),
            "the token has expired; sign in again [TOKEN_EXPIRED]");
  EXPECT_EQ(Explain(status, true).ToLine(), "Hãy đăng nhập lại. [TOKEN_EXPIRED]");
  for (const char* other : {"plain", "Reason: a | b", "a | REASON: b", "REASON: a"}) {
    status.set_message(other);
    EXPECT_EQ(Explain(status, false).ToLine(), other);
  }
}

TEST(Errors, NameEveryWrongField) {
  google::rpc::Status status;
  status.set_message("wrong request");
  google::rpc::BadRequest request;
  for (const char* field : {"a", "b"}) {
    auto& violation = *request.add_field_violations();
    violation.set_field(field);
    violation.set_description("must be set");
  }
  status.add_details()->PackFrom(request);
  EXPECT_EQ(Explain(status, false).ToLine(), "wrong request (a: must be set; b: must be set)");
}

TEST(Errors, DetailsComeFromTheTrailer) {
  const grpc::Status status(grpc::StatusCode::FAILED_PRECONDITION, "for developers",
                            Refusal().SerializeAsString());
  EXPECT_EQ(ToAbslStatus(status, "x:1", false).message(), "Closed. [CASE_ALREADY_CLOSED]");
}

TEST(Errors, AServerThatIsNotThereIsSaidWithWhatToDo) {
  const grpc::Status status(grpc::StatusCode::UNAVAILABLE, "connection\nrefused");
  const absl::Status line = ToAbslStatus(status, "127.0.0.1:7400", false);
  EXPECT_EQ(line.message(),
            "connection refused: start caseledgerd, or name another server with --server (now "
            "127.0.0.1:7400); one with TLS wants a --profile, or --ca, --cert and --key");
}

TEST(Errors, AServerThatGivesAReasonIsThere) {
  google::rpc::Status details;
  details.set_message("It waits for witnesses.");
  google::rpc::ErrorInfo info;
  info.set_reason("NOT_PUBLISHED");
  details.add_details()->PackFrom(info);
  const grpc::Status status(grpc::StatusCode::UNAVAILABLE, "", details.SerializeAsString());
  EXPECT_EQ(ToAbslStatus(status, "127.0.0.1:7400", false).message(),
            "It waits for witnesses. [NOT_PUBLISHED]");
}

}  // namespace
}  // namespace caseledger::cli
