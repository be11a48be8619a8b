// A server stream of pages: reads a page on the pool, writes it, and reads the next only when it is
// written, so a slow reader holds one page and nothing more. So many slow readers, so many pages:
// their number is bounded, too, and one that does not read at all is sent away.
#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/rpc/peer.h"
#include "services/rpc/status.h"
#include "services/rpc/threads/executor.h"
#include "services/rpc/threads/stream_warden.h"

namespace caseledger::rpc {

// The places of streams that may run at a time. Thread-safe.
class StreamPlaces {
 public:
  explicit StreamPlaces(size_t most) : free_(most) {}

  // False when there is none left.
  bool Take() {
    const std::lock_guard lock(mutex_);
    if (free_ == 0) return false;
    --free_;
    return true;
  }
  void GiveBack() {
    const std::lock_guard lock(mutex_);
    ++free_;
  }

 private:
  std::mutex mutex_;
  size_t free_;
};

// What page streams of a server share. All must outlive them.
struct StreamHosts {
  Executor& executor;
  StreamWarden& warden;
  StreamPlaces& places;
};

template <typename Page>
class PageStream final : public grpc::ServerWriteReactor<Page>, private StreamWarden::Stream {
 public:
  // Fills the page; false at the end (the page is then not sent).
  using Source = std::function<absl::StatusOr<bool>(Page& page)>;

  // Needs one of the places that was taken, and gives it back, as that of the agency.
  PageStream(const StreamHosts& hosts, std::string agency, access::AgencyLimits::Place place,
             Source source)
      : hosts_(hosts),
        agency_(std::move(agency)),
        place_(std::move(place)),
        source_(std::move(source)) {
    hosts_.warden.Enter(this);
    PostNext();
  }
  ~PageStream() override { GiveBack(); }

  void OnWriteDone(bool ok) override {
    if (!watch_.End()) return;
    if (!ok || cancelled_) {
      this->Finish(grpc::Status::CANCELLED);
    } else {
      PostNext();
    }
  }
  void OnCancel() override { cancelled_ = true; }
  void OnDone() override {
    hosts_.warden.Leave(this);
    delete this;
  }

 private:
  bool ClaimIfSlow(SteadyTime now, std::chrono::milliseconds slow) override {
    return watch_.Claim(now, slow);
  }
  // The page waits in gRPC until the client reads, leaves or meets its deadline: the places do not.
  void EndSlow() override {
    GiveBack();
    this->Finish(ToGrpcStatus(SlowReader()));
  }

  void GiveBack() {
    if (!place_.has_value()) return;
    place_.reset();
    hosts_.places.GiveBack();
  }

  void PostNext() {
    if (!hosts_.executor.Post(agency_, [this] { Next(); })) {
      this->Finish(ToGrpcStatus(
          absl::ResourceExhaustedError("OVERLOADED: too many queries are waiting; try again")));
    }
  }

  void Next() {
    page_.Clear();
    if (hosts_.warden.IsOld(begun_)) return this->Finish(ToGrpcStatus(StreamIsOld()));
    const absl::StatusOr<bool> more = source_(page_);
    if (more.ok() && *more && !cancelled_) {
      watch_.Begin(std::chrono::steady_clock::now());
      this->StartWrite(&page_);
    } else {
      this->Finish(cancelled_ ? grpc::Status::CANCELLED : ToGrpcStatus(more.status()));
    }
  }

  const StreamHosts hosts_;
  const std::string agency_;
  std::optional<access::AgencyLimits::Place> place_;
  const Source source_;
  const SteadyTime begun_ = std::chrono::steady_clock::now();
  Page page_;
  WriteWatch watch_;
  std::atomic<bool> cancelled_ = false;
};

}  // namespace caseledger::rpc
