// How long to wait before something is tried again: longer each time, never in step with others,
// and not for ever.
#pragma once

#include <chrono>
#include <optional>

#include "eventstore/base/random.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/support/status.h"

namespace caseledger::cli {

// Whether the same request may be sent again after this answer: the server was too busy for it or
// could not be reached. Requests carry ids, so nothing is done twice.
bool MayTryAgain(int grpc_code);

// The delay that the server asks for; 0 when it asks for none.
std::chrono::milliseconds RetryDelay(const google::rpc::Status& error);

// The pauses between tries of one thing. Not thread-safe.
class Backoff {
 public:
  static constexpr int kMostPauses = 30;  // without progress; about 40 s in all
  static constexpr std::chrono::milliseconds kShortest{100};
  static constexpr std::chrono::milliseconds kLongest{2000};

  explicit Backoff(RandomSource& random) : random_(random) {}

  // The next pause, at least `at_least`; nullopt when it is time to give up. Between half of and
  // the whole of a span that doubles each time, so that clients refused together do not come back
  // together.
  std::optional<std::chrono::milliseconds> Next(std::chrono::milliseconds at_least);
  // Something went well: start again with short pauses.
  void Progress() { pauses_ = 0; }

 private:
  RandomSource& random_;
  int pauses_ = 0;
};

}  // namespace caseledger::cli
