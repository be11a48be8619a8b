#include "services/app/cli/client/backoff.h"

#include <algorithm>
#include <cstdint>

#include "google/rpc/error_details.pb.h"

namespace caseledger::cli {

using std::chrono::milliseconds;

bool MayTryAgain(int grpc_code) {
  return grpc_code == grpc::StatusCode::RESOURCE_EXHAUSTED ||
         grpc_code == grpc::StatusCode::UNAVAILABLE;
}

milliseconds RetryDelay(const google::rpc::Status& error) {
  google::rpc::RetryInfo info;
  for (const google::protobuf::Any& detail : error.details()) {
    if (detail.UnpackTo(&info)) {
      return milliseconds(info.retry_delay().seconds() * 1000 +
                          info.retry_delay().nanos() / 1'000'000);
    }
  }
  return milliseconds(0);
}

std::optional<milliseconds> Backoff::Next(milliseconds at_least) {
  if (pauses_ == kMostPauses) return std::nullopt;
  // Doubled so often that it is past the longest, shifting further could only overflow.
  const int doublings = std::min(pauses_++, 10);
  const milliseconds span = std::min(kShortest * (1 << doublings), kLongest);
  uint32_t random = 0;
  random_.Fill(reinterpret_cast<uint8_t*>(&random), sizeof(random));
  const int64_t half = span.count() / 2;
  const milliseconds pause(half + random % (half + 1));
  return std::max(pause, std::min(at_least, kLongest));
}

}  // namespace caseledger::cli
