// What a refused client gets: code, reason, sentences in two languages, details.
#include "services/rpc/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/cord.h"
#include "google/rpc/error_details.pb.h"
#include "services/commands/validation.h"
#include "services/domain/rejection.h"

namespace caseledger::rpc {
namespace {

struct Told {
  google::rpc::ErrorInfo info;
  std::map<std::string, std::string> sentences;  // by locale
  google::rpc::BadRequest bad_request;
  bool retry = false;
  int infos = 0;
};

Told Read(const google::rpc::Status& status) {
  Told told;
  for (const auto& detail : status.details()) {
    google::rpc::LocalizedMessage localized;
    google::rpc::RetryInfo retry;
    if (detail.UnpackTo(&told.info)) ++told.infos;
    if (detail.UnpackTo(&localized)) told.sentences[localized.locale()] = localized.message();
    if (detail.UnpackTo(&retry)) told.retry = true;
    detail.UnpackTo(&told.bad_request);
  }
  return told;
}

struct Row {
  absl::Status status;
  std::string reason;
  grpc::StatusCode code;
};
void PrintTo(const Row& row, std::ostream* out) { *out << row.reason; }

class EveryStatus : public ::testing::TestWithParam<Row> {};

TEST_P(EveryStatus, SaysReasonAndSentencesInBothLanguages) {
  const Row& row = GetParam();
  const Told told = Read(ToRpcStatus(row.status));
  EXPECT_EQ(told.infos, 1);
  EXPECT_EQ(told.info.reason(), row.reason);
  EXPECT_EQ(told.info.domain(), "caseledger");
  ASSERT_EQ(told.sentences.size(), 2u);
  EXPECT_FALSE(told.sentences.at("vi").empty());
  EXPECT_FALSE(told.sentences.at("en").empty());
  EXPECT_NE(told.sentences.at("vi"), told.sentences.at("en"));
  EXPECT_EQ(told.retry, absl::IsResourceExhausted(row.status));
  const grpc::Status status = ToGrpcStatus(row.status);
  EXPECT_EQ(status.error_code(), row.code);
  EXPECT_EQ(status.error_details(), ToRpcStatus(row.status).SerializeAsString());
  if (row.reason != "FAILED") {
    const Told other = Read(ToRpcStatus(absl::InternalError("x")));
    EXPECT_NE(told.sentences, other.sentences);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Rows, EveryStatus,
    ::testing::Values(
        Row{commands::InvalidRequest({{"fact.line", "must be set"}}), "INVALID_REQUEST",
            grpc::StatusCode::INVALID_ARGUMENT},
        Row{absl::UnauthenticatedError("CALLER_UNKNOWN: send who"), "CALLER_UNKNOWN",
            grpc::StatusCode::UNAUTHENTICATED},
        Row{absl::NotFoundError("LEDGER_UNKNOWN: none"), "LEDGER_UNKNOWN",
            grpc::StatusCode::NOT_FOUND},
        Row{absl::InvalidArgumentError("LEDGER_NEEDED: name one"), "LEDGER_NEEDED",
            grpc::StatusCode::INVALID_ARGUMENT},
        Row{absl::AbortedError("stream 3/x is at revision 4"), "REVISION_CONFLICT",
            grpc::StatusCode::ABORTED},
        Row{absl::AlreadyExistsError("REQUEST_ID_REUSED: other content"), "REQUEST_ID_REUSED",
            grpc::StatusCode::ALREADY_EXISTS},
        Row{absl::AlreadyExistsError("EXTERNAL_REF_TAKEN: another"), "EXTERNAL_REF_TAKEN",
            grpc::StatusCode::ALREADY_EXISTS},
        Row{absl::ResourceExhaustedError("too many appends waiting"), "OVERLOADED",
            grpc::StatusCode::RESOURCE_EXHAUSTED},
        Row{absl::OutOfRangeError("past"), "POSITION_PAST_END", grpc::StatusCode::OUT_OF_RANGE},
        Row{absl::UnavailableError("the log is closed"), "UNAVAILABLE",
            grpc::StatusCode::UNAVAILABLE},
        Row{absl::DeadlineExceededError("at 3"), "NOT_REACHED_IN_TIME",
            grpc::StatusCode::DEADLINE_EXCEEDED},
        Row{absl::DataLossError("damaged"), "DATA_LOSS", grpc::StatusCode::DATA_LOSS},
        Row{absl::InternalError("no word of ours"), "FAILED", grpc::StatusCode::INTERNAL},
        Row{domain::Reject(domain::Reason::kNoFreeBed, "p1"), "NO_FREE_BED",
            grpc::StatusCode::FAILED_PRECONDITION}),
    [](const auto& row) { return row.param.reason; });

TEST(Status, EveryReasonOfTheDomainSaysItsOwnSentences) {
  for (const domain::ReasonText& text : domain::AllReasons()) {
    const Told told = Read(ToRpcStatus(domain::Reject(text.reason, "item-1")));
    EXPECT_EQ(told.info.reason(), std::string(text.id));
    EXPECT_EQ(told.info.metadata().at("item"), "item-1");
    EXPECT_EQ(told.sentences.at("vi"), std::string(text.vi));
    EXPECT_EQ(told.sentences.at("en"), std::string(text.en));
  }
}

TEST(Status, ConflictTellsTheCurrentRevision) {
  absl::Status status = absl::AbortedError("stream 3/x is at revision 4");
  status.SetPayload("caseledger/current_revision", absl::Cord("4"));
  EXPECT_EQ(Read(ToRpcStatus(status)).info.metadata().at("current_revision"), "4");
}

TEST(Status, ViolationsTravelAsBadRequest) {
  const Told told = Read(ToRpcStatus(commands::InvalidRequest({{"a", "x"}, {"b", "y"}})));
  ASSERT_EQ(told.bad_request.field_violations_size(), 2);
  EXPECT_EQ(told.bad_request.field_violations(1).field(), "b");
}

TEST(Status, OkCarriesNothing) {
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus()).ok());
  EXPECT_EQ(ToRpcStatus(absl::OkStatus()).details_size(), 0);
}

}  // namespace
}  // namespace caseledger::rpc
