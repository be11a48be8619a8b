// BatchService: many commands over one stream, answered in order, and read at the agency's pace.
#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <map>
#include <mutex>

#include "caseledger/v1/batch.grpc.pb.h"
#include "services/commands/command_handler.h"
#include "services/rpc/peer.h"
#include "services/rpc/threads/stream_warden.h"

namespace caseledger::rpc {

class BatchServiceImpl final : public v1::BatchService::CallbackService {
 public:
  // Commands of one stream that may await their decision, so that one stream cannot take all the
  // room there is, and those whose answer was not sent yet, decided or not. The stream is not read
  // while it has as many.
  static constexpr size_t kMaxUndecided = 1024;
  static constexpr size_t kMaxUnanswered = 4096;

  BatchServiceImpl(commands::CommandHandler& handler, const Callers& callers, StreamWarden& warden)
      : handler_(handler), callers_(callers), warden_(warden) {}

  grpc::ServerBidiReactor<v1::ExecuteRequest, v1::ExecuteResponse>* Execute(
      grpc::CallbackServerContext* context) override;

  // No stream is read any further: what was taken is answered, then the stream ends with
  // UNAVAILABLE. New streams end at once. Thread-safe, idempotent.
  void Drain();

  // For the streams: false, and nothing is noted, once draining has begun. `drain` is called at
  // most once, without a lock, and may come after Leave.
  bool Enter(const void* stream, std::function<void()> drain);
  void Leave(const void* stream);

 private:
  commands::CommandHandler& handler_;
  const Callers& callers_;
  StreamWarden& warden_;
  std::mutex mutex_;
  bool draining_ = false;
  std::map<const void*, std::function<void()>> running_;
};

}  // namespace caseledger::rpc
