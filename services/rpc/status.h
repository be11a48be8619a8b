// From our statuses to gRPC's: google.rpc.Status with one ErrorInfo (UPPER_SNAKE reason, domain
// `caseledger`), the sentence in Vietnamese and English, field violations and a retry delay. Never
// personal data.
#pragma once

#include <grpcpp/support/status.h>

#include <map>
#include <string>

#include "absl/status/status.h"
#include "google/rpc/status.pb.h"

namespace caseledger::rpc {

// The whole error as a message, for answers inside a stream.
google::rpc::Status ToRpcStatus(const absl::Status& status);
// The error of a call, with the same details in its trailing metadata.
grpc::Status ToGrpcStatus(const absl::Status& status);

}  // namespace caseledger::rpc
