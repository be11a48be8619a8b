#include "services/app/cli/import/batch_sender.h"

#include <numeric>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "eventstore/base/random.h"
#include "services/app/cli/client/backoff.h"
#include "services/app/cli/client/errors.h"
#include "services/app/cli/import/send_window.h"

namespace caseledger::cli {
namespace {

using Stream = grpc::ClientReaderWriter<v1::ExecuteRequest, v1::ExecuteResponse>;

// One stream with the commands that still lack their final answer.
class Round {
 public:
  Round(const BatchWork& work, std::vector<size_t> indexes, SendPace& pace)
      : work_(work), indexes_(std::move(indexes)), window_(pace) {}

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
  // The first answer that the server cannot take the command now, if any.
  const std::optional<google::rpc::Status>& busy() const { return busy_; }
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
        if (!window_.Enter()) return window_.stopped();
      }
      v1::Command command = work_.command(index);
      request.set_keep_order(true);
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
      }
    }
    window_.Close();
    if (!stop_.ok()) context.TryCancel();
  }

  void Take(size_t index, const v1::CommandAnswer& answer) {
    if (answer.has_error() && MayTryAgain(answer.error().code())) {
      if (!busy_) busy_ = answer.error();
      retry_.push_back(index);
      window_.Stop();  // what is sent from here on would only be refused too
      window_.Leave(false);
    } else {
      moved_ = true;
      stop_ = work_.answered(index, answer);
      window_.Leave(true);
    }
  }

  const BatchWork& work_;
  const std::vector<size_t> indexes_;
  SendWindow window_;
  size_t answered_ = 0;  // only the reader's until it has been joined
  std::vector<size_t> retry_;
  std::optional<google::rpc::Status> busy_;
  bool moved_ = false;
  absl::Status stop_;  // only the reader's until it has been joined
};

// Why commands of a round are still open.
grpc::Status WhyOpen(const Round& round, const grpc::Status& stream) {
  if (!stream.ok()) return stream;
  if (round.busy()) {
    return {static_cast<grpc::StatusCode>(round.busy()->code()), round.busy()->message(),
            round.busy()->SerializeAsString()};
  }
  return {grpc::StatusCode::INTERNAL, "the server left commands unanswered"};
}

}  // namespace

absl::Status SendBatch(const Connection& connection, const BatchWork& work) {
  std::vector<size_t> open(work.count);
  std::iota(open.begin(), open.end(), size_t{0});
  SendPace pace;
  Backoff backoff(SystemRandom());
  while (!open.empty()) {
    Round round(work, std::move(open), pace);
    const grpc::Status stream = round.Run(connection);
    if (!round.stop().ok()) return round.stop();
    open = round.TakeRetry();
    if (open.empty()) break;
    const grpc::Status why = WhyOpen(round, stream);
    if (round.busy()) pace.OnBusy();
    if (round.moved()) backoff.Progress();
    const auto pause = backoff.Next(RetryDelay(DetailsOf(why)));
    if (!MayTryAgain(why.error_code()) || !pause) {
      return ToAbslStatus(why, connection.options().server, connection.options().vietnamese);
    }
    std::this_thread::sleep_for(*pause);
  }
  return absl::OkStatus();
}

}  // namespace caseledger::cli
