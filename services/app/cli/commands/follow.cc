#include "services/app/cli/commands/follow.h"

#include <fmt/format.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <optional>

#include "caseledger/v1/dashboard.grpc.pb.h"
#include "eventstore/base/random.h"
#include "eventstore/base/status_macros.h"
#include "services/app/cli/client/backoff.h"
#include "services/app/cli/client/errors.h"
#include "services/app/cli/commands/commands.h"
#include "services/app/cli/commands/interrupts.h"
#include "services/app/cli/print/json.h"

namespace caseledger::cli {
namespace {

constexpr char kClearScreen[] = "\x1b[H\x1b[2J";

// Whether watching again may go better. Of refusals for want of room only those of this moment: an
// answer that is too large stays so.
bool MayWatchAgain(const grpc::Status& ended) {
  if (!MayTryAgain(ended.error_code())) return false;
  const std::string reason = Explain(DetailsOf(ended), /*vietnamese=*/false).reason;
  return reason != "TOO_MANY_GROUPS";
}

// The stream that runs, or the pause between two: a signal ends either.
class Running {
 public:
  void Begin(grpc::ClientContext* context) {
    const std::lock_guard lock(mutex_);
    context_ = context;
    if (interrupted_) context_->TryCancel();
  }
  void End() {
    const std::lock_guard lock(mutex_);
    context_ = nullptr;
  }
  void Interrupt() {
    const std::lock_guard lock(mutex_);
    interrupted_ = true;
    if (context_ != nullptr) context_->TryCancel();
    changed_.notify_all();
  }
  void Pause(std::chrono::milliseconds pause) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, pause, [this] { return interrupted_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  grpc::ClientContext* context_ = nullptr;
  bool interrupted_ = false;
};

class Follower {
 public:
  Follower(const v1::DashboardPanel& panel, bool as_lines, const ClientOptions& options,
           const std::function<void(const FollowedPanel&)>& print)
      : as_lines_(as_lines), print_(print), connection_(options) {
    request_.set_ledger(options.ledger);
    *request_.add_panels() = panel;
  }

  // Whether anything was ever shown.
  bool has_shown() const { return has_shown_; }

  // Until the stream ends.
  grpc::Status Once(Running& running, Backoff& backoff) {
    grpc::ClientContext context;
    connection_.PrepareStream(context);
    running.Begin(&context);
    const auto stub = v1::DashboardService::NewStub(connection_.channel());
    const auto reader = stub->WatchDashboard(&context, request_);
    FollowedPanel panel;
    v1::WatchDashboardResponse response;
    absl::Status applied;
    while (applied.ok() && reader->Read(&response)) {
      backoff.Progress();
      applied = Show(response, panel);
    }
    if (!applied.ok()) context.TryCancel();
    const grpc::Status ended = reader->Finish();
    running.End();
    // Begin again rather than show what is not so.
    if (!applied.ok()) return {grpc::StatusCode::UNAVAILABLE, std::string(applied.message())};
    return ended.ok() ? grpc::Status(grpc::StatusCode::UNAVAILABLE, "the server ended the stream")
                      : ended;
  }

 private:
  absl::Status Show(const v1::WatchDashboardResponse& response, FollowedPanel& panel) {
    RETURN_IF_ERROR(panel.Apply(response));
    has_shown_ = true;
    if (as_lines_) {
      fmt::print("{}", ToJsonLine(ToJson(response)));
    } else if (!response.changes().empty()) {
      Print(response, panel);
    }
    std::fflush(stdout);
    return absl::OkStatus();
  }

  void Print(const v1::WatchDashboardResponse& response, const FollowedPanel& panel) const {
    if (isatty(STDOUT_FILENO) != 0) fmt::print("{}", kClearScreen);
    fmt::print("{}, after {} of {} events{}\n", ToText(response.server_time()),
               panel.reflected_events(), response.ledger_events(),
               panel.more() ? ", the first rows" : "");
    print_(panel);
    fmt::print("\n");
  }

  const bool as_lines_;
  const std::function<void(const FollowedPanel&)>& print_;
  const Connection connection_;
  v1::WatchDashboardRequest request_;
  bool has_shown_ = false;
};

}  // namespace

CLI::Option* AddFollow(CLI::App& command, bool& follow) {
  return command.add_flag("--follow", follow,
                          "Go on and print what changes, until Ctrl-C; --format json: a line each");
}

absl::StatusOr<int> Follow(const v1::DashboardPanel& panel, const std::string& format,
                           const ClientOptions& options,
                           const std::function<void(const FollowedPanel& panel)>& print) {
  Running running;
  const Interrupts interrupts([&running] { running.Interrupt(); });
  Follower follower(panel, format == "json", options, print);
  Backoff backoff(SystemRandom());
  while (true) {
    const grpc::Status ended = follower.Once(running, backoff);
    if (interrupts.came()) return kExitGood;
    std::optional<std::chrono::milliseconds> pause;
    if (MayWatchAgain(ended)) {
      pause = backoff.Next(RetryDelay(DetailsOf(ended)));
      // Who has seen it waits for it, however long it is away.
      if (!pause.has_value() && follower.has_shown()) pause = Backoff::kLongest;
    }
    const absl::Status why = CallStatus(ended, options);
    if (!pause.has_value()) return why;
    fmt::print(stderr, "{}; trying again\n", std::string(why.message()));
    running.Pause(*pause);
    if (interrupts.came()) return kExitGood;
  }
}

}  // namespace caseledger::cli
