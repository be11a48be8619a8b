#include "services/app/cli/import/batch_sender.h"

#include <condition_variable>
#include <mutex>
#include <numeric>
#include <thread>
#include <utility>
#include <vector>

#include "services/app/cli/client/errors.h"

namespace caseledger::cli {
namespace {

using Stream = grpc::ClientReaderWriter<v1::ExecuteRequest, v1::ExecuteResponse>;

// How many commands are on their way. Thread-safe.
class Window {
 public:
  // Takes a place if one is free.
  bool TryEnter() {
    const std::scoped_lock lock(mutex_);
    if (closed_ || in_flight_ >= kMostCommandsInFlight) return false;
    ++in_flight_;
    return true;
  }
  // Waits until one more may be sent. False when the stream is over or nothing moved for too long.
  bool Enter() {
    std::unique_lock lock(mutex_);
    const bool free = changed_.wait_for(
        lock, kStallLimit, [&] { return closed_ || in_flight_ < kMostCommandsInFlight; });
    if (!free || closed_) return false;
    ++in_flight_;
    return true;
  }
  void Leave() {
    const std::scoped_lock lock(mutex_);
    --in_flight_;
    ++answers_;
    changed_.notify_all();
  }
  bool closed() {
    const std::scoped_lock lock(mutex_);
    return closed_;
  }
  void Close() {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }
  // Waits for the answers to everything sent. False when nothing moved for too long.
  bool Drain() {
    std::unique_lock lock(mutex_);
    while (!closed_ && in_flight_ > 0) {
      const size_t before = answers_;
      const bool moved =
          changed_.wait_for(lock, kStallLimit, [&] { return closed_ || answers_ != before; });
      if (!moved) return false;
    }
    return true;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t in_flight_ = 0;
  size_t answers_ = 0;
  bool closed_ = false;
};

// One stream with the commands that still lack their final answer.
class Round {
 public:
  Round(const BatchWork& work, std::vector<size_t> indexes)
      : work_(work), indexes_(std::move(indexes)) {}

  // Runs to the end of the stream. `retry()` tells what has to be sent again.
  grpc::Status Run(const Connection& connection) {
    grpc::ClientContext context;
    connection.PrepareStream(context);
    const auto stub = v1::BatchService::NewStub(connection.channel());
    const std::unique_ptr<Stream> stream = stub->Execute(&context);
    std::thread reader([&] { ReadAnswers(*stream, context); });
    const bool stalled = !WriteCommands(*stream) || !window_.Drain();
    stream->WritesDone();
    if (stalled) context.TryCancel();
    reader.join();
    const grpc::Status status = stream->Finish();
    for (; answered_ < indexes_.size(); ++answered_) retry_.push_back(indexes_[answered_]);
    if (status.error_code() == grpc::StatusCode::CANCELLED && stalled) {
      return {grpc::StatusCode::DEADLINE_EXCEEDED, "the server stopped answering"};
    }
    return status;
  }

  std::vector<size_t> TakeRetry() { return std::move(retry_); }
  // Whether any command got its final answer.
  bool moved() const { return moved_; }
  bool busy() const { return busy_; }
  // Not OK: nothing more is to be sent.
  const absl::Status& stop() const { return stop_; }

 private:
  // False when the answers did not come.
  bool WriteCommands(Stream& stream) {
    v1::ExecuteRequest request;
    size_t bytes = 0;
    const auto flush = [&] {
      const bool written = request.commands_size() == 0 || stream.Write(request);
      request.Clear();
      bytes = 0;
      return written;
    };
    for (const size_t index : indexes_) {
      if (!window_.TryEnter()) {
        // What is held back here would never be answered.
        if (!flush()) return true;  // the stream's status says why
        if (!window_.Enter()) return window_.closed();
      }
      v1::Command command = work_.command(index);
      bytes += command.ByteSizeLong();
      *request.add_commands() = std::move(command);
      const bool full = static_cast<size_t>(request.commands_size()) == kMostCommandsInMessage ||
                        bytes >= kMostMessageBytes;
      if (full && !flush()) return true;
    }
    flush();
    return true;
  }

  void ReadAnswers(Stream& stream, grpc::ClientContext& context) {
    v1::ExecuteResponse response;
    while (stop_.ok() && stream.Read(&response)) {
      for (const v1::CommandAnswer& answer : response.answers()) {
        if (!stop_.ok() || answered_ == indexes_.size()) break;
        Take(indexes_[answered_++], answer);
        window_.Leave();
      }
    }
    window_.Close();
    if (!stop_.ok()) context.TryCancel();
  }

  void Take(size_t index, const v1::CommandAnswer& answer) {
    const bool refused = answer.has_error();
    const bool exhausted = refused && answer.error().code() == grpc::StatusCode::RESOURCE_EXHAUSTED;
    busy_ = busy_ || exhausted;
    if (refused && busy_) {
      retry_.push_back(index);
    } else {
      moved_ = true;
      stop_ = work_.answered(index, answer);
    }
  }

  const BatchWork& work_;
  const std::vector<size_t> indexes_;
  Window window_;
  size_t answered_ = 0;  // only the reader's until it has been joined
  std::vector<size_t> retry_;
  bool busy_ = false;
  bool moved_ = false;
  absl::Status stop_;  // only the reader's until it has been joined
};

bool MayTryAgain(const grpc::Status& status) {
  return status.ok() || status.error_code() == grpc::StatusCode::UNAVAILABLE ||
         status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED;
}

}  // namespace

absl::Status SendBatch(const Connection& connection, const BatchWork& work) {
  std::vector<size_t> open(work.count);
  std::iota(open.begin(), open.end(), size_t{0});
  std::chrono::milliseconds pause{100};
  grpc::Status status;
  for (int round = 1; !open.empty() && round <= kMostRounds; ++round) {
    if (round > 1) std::this_thread::sleep_for(pause);
    Round current(work, std::move(open));
    status = current.Run(connection);
    if (!current.stop().ok()) return current.stop();
    open = current.TakeRetry();
    if (!MayTryAgain(status)) break;
    if (current.busy() && status.ok()) {
      status = {grpc::StatusCode::RESOURCE_EXHAUSTED, "the server stayed too busy"};
    }
    pause = current.moved() ? std::chrono::milliseconds(100) : pause * 2;
  }
  if (open.empty()) return absl::OkStatus();
  if (status.ok()) status = {grpc::StatusCode::INTERNAL, "the server left commands unanswered"};
  return ToAbslStatus(status, connection.options().server, connection.options().vietnamese);
}

}  // namespace caseledger::cli
