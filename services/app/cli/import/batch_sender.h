// Sends commands over the Batch stream, in order and with a bounded number on their way.
#pragma once

#include <cstddef>
#include <functional>

#include "absl/status/status.h"
#include "caseledger/v1/batch.grpc.pb.h"
#include "services/app/cli/client/connection.h"

namespace caseledger::cli {

inline constexpr size_t kMostCommandsInMessage = 256;
inline constexpr size_t kMostMessageBytes = 1 << 20;  // below gRPC's default limit of 4 MiB

// What is sent, and who is told of the answers. Called from one thread at a time.
struct BatchWork {
  size_t count = 0;
  std::function<v1::Command(size_t index)> command;
  // The final answer to each command, exactly once, in order of index. A
  // status that is not OK ends the sending.
  std::function<absl::Status(size_t index, const v1::CommandAnswer& answer)> answered;
};

// Sends all commands. Once the server is too busy for one, it takes none of the later ones either
// (`keep_order`); they are sent again from there after a pause, fewer at a time. A broken stream is
// resumed in the same way; the request ids keep anything from being recorded twice. Gives up after
// `Backoff::kMostPauses` tries in a row that brought nothing on.
//
// UNAVAILABLE, DEADLINE_EXCEEDED  the server stayed away or gave no answer for `kStallLimit`
// RESOURCE_EXHAUSTED              it stayed too busy
// others                          it refuses the stream as a whole, or `answered` said so
absl::Status SendBatch(const Connection& connection, const BatchWork& work);

}  // namespace caseledger::cli
