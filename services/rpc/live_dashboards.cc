#include "services/rpc/live_dashboards.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <string_view>
#include <utility>

#include "services/rpc/live_watch.h"
#include "services/rpc/query_runner.h"
#include "services/rpc/refuse.h"
#include "services/rpc/status.h"

namespace caseledger::rpc {
namespace {

using std::chrono::milliseconds;
using Reactor = grpc::ServerWriteReactor<v1::WatchDashboardResponse>;

constexpr milliseconds kShortestRest{250};
constexpr milliseconds kLongestRest{60'000};
// All of them share it, so that they never have all query threads.
constexpr std::string_view kLane = "live dashboards";
constexpr int kRestsPerWork = 4;

absl::Status Ending() {
  return absl::UnavailableError("UNAVAILABLE: the server is ending; watch again");
}

// What streams of a server share.
struct Hosts {
  Executor& executor;
  StreamWarden& warden;
  StreamPlaces& places;
  Pacer& pacer;
};

// One thing happens at a time: it rests in the pacer, waits in the executor, is looked at, or its
// message is on its way. Whoever has it then either hands it on or finishes it.
class DashboardStream final : public Reactor, private StreamWarden::Stream, private Pacer::Paced {
 public:
  DashboardStream(const Hosts& hosts, access::AgencyLimits::Place place, LiveWatch watch,
                  milliseconds interval, absl::Duration wait)
      : hosts_(hosts),
        place_(std::move(place)),
        watch_(std::move(watch)),
        interval_(interval),
        wait_(wait) {
    hosts_.warden.Enter(this);
    Rest(milliseconds(0));
  }
  ~DashboardStream() override { GiveBack(); }

  void OnWriteDone(bool ok) override {
    if (!write_.End()) return;  // the warden's
    if (!ok || cancelled_) return this->Finish(grpc::Status::CANCELLED);
    Rest(rest_);
  }
  void OnCancel() override {
    cancelled_ = true;
    hosts_.pacer.Hurry(this);
  }
  void OnDone() override {
    hosts_.warden.Leave(this);
    delete this;
  }

 private:
  bool ClaimIfSlow(SteadyTime now, milliseconds slow) override { return write_.Claim(now, slow); }
  // The message waits in gRPC until the client reads, leaves or meets its deadline: the places do
  // not.
  void EndSlow() override {
    GiveBack();
    this->Finish(ToGrpcStatus(SlowReader()));
  }

  // The last thing that whoever has the stream does.
  void Rest(milliseconds rest) { hosts_.pacer.In(rest, this, cancelled_); }

  void Due() override {
    if (cancelled_) return this->Finish(grpc::Status::CANCELLED);
    if (hosts_.pacer.ending()) return this->Finish(ToGrpcStatus(Ending()));
    due_ = std::chrono::steady_clock::now();
    // A full executor has better things to do; the next time then.
    if (!hosts_.executor.Post(kLane, [this] { Look(); })) Rest(kShortestRest);
  }

  void Look() {
    if (hosts_.warden.IsOld(begun_)) return End(StreamIsOld());
    const absl::StatusOr<bool> tell =
        watch_.Next(std::chrono::steady_clock::now(), wait_, message_);
    if (!tell.ok()) return End(tell.status());
    const SteadyTime now = std::chrono::steady_clock::now();
    rest_ = std::clamp(std::chrono::ceil<milliseconds>(kRestsPerWork * (now - due_)), interval_,
                       kLongestRest);
    if (!*tell) return Rest(rest_);
    write_.Begin(now);
    this->StartWrite(&message_);
  }

  void End(absl::Status why) {
    const absl::Status ended = watch_.End();
    if (!ended.ok()) why = ended;
    GiveBack();  // gRPC may keep what a slow reader has not read
    this->Finish(ToGrpcStatus(why));
  }

  void GiveBack() {
    if (!place_.has_value()) return;
    place_.reset();
    hosts_.places.GiveBack();
  }

  const Hosts hosts_;
  std::optional<access::AgencyLimits::Place> place_;
  LiveWatch watch_;
  const milliseconds interval_;
  const absl::Duration wait_;
  const SteadyTime begun_ = std::chrono::steady_clock::now();
  SteadyTime due_;
  milliseconds rest_{0};
  v1::WatchDashboardResponse message_;
  WriteWatch write_;
  std::atomic<bool> cancelled_ = false;
};

}  // namespace

Reactor* LiveDashboards::Start(const grpc::CallbackServerContext& context,
                               const v1::WatchDashboardRequest& request) {
  absl::StatusOr<Admitted> admitted = callers_.Admit(context, Callers::Use::kStream, &request);
  if (!admitted.ok()) {
    return callers_.refusals().FinishStream<v1::WatchDashboardResponse>(admitted.status());
  }
  absl::StatusOr<LiveWatch::Request> asked = LiveWatch::RequestOf(clock_, request);
  if (!asked.ok()) return Refuse<v1::WatchDashboardResponse>(ToGrpcStatus(asked.status()));
  if (!places_.Take()) {
    return Refuse<v1::WatchDashboardResponse>(ToGrpcStatus(absl::ResourceExhaustedError(
        "OVERLOADED: too many dashboards are watched; try again later")));
  }
  LiveWatch watch(
      ledgers_, answers_, std::move(admitted->call), *std::move(asked),
      [this, &context] { return callers_.Recheck(context); }, clock_);
  return new DashboardStream(
      {executor_, warden_, places_, pacer_}, std::move(admitted->place), std::move(watch),
      std::max(kShortestRest, milliseconds(request.interval_ms())), WaitLimit(context));
}

}  // namespace caseledger::rpc
