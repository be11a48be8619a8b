// A server stream of pages: reads a page on the pool, writes it, and reads the next only when it is
// written, so a slow reader holds one page and nothing more. So many slow readers, so many pages:
// their number is bounded, too.
#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <mutex>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/rpc/executor.h"
#include "services/rpc/status.h"

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

template <typename Page>
class PageStream final : public grpc::ServerWriteReactor<Page> {
 public:
  // Fills the page; false at the end (the page is then not sent).
  using Source = std::function<absl::StatusOr<bool>(Page& page)>;

  // Needs a place that was taken, and gives it back. Executor and places must outlive it.
  PageStream(Executor& executor, StreamPlaces& places, Source source)
      : executor_(executor), places_(places), source_(std::move(source)) {
    PostNext();
  }
  ~PageStream() override { places_.GiveBack(); }

  void OnWriteDone(bool ok) override {
    if (!ok || cancelled_) {
      this->Finish(grpc::Status::CANCELLED);
    } else {
      PostNext();
    }
  }
  void OnCancel() override { cancelled_ = true; }
  void OnDone() override { delete this; }

 private:
  void PostNext() {
    if (!executor_.Post([this] { Next(); })) {
      this->Finish(ToGrpcStatus(
          absl::ResourceExhaustedError("OVERLOADED: too many queries are waiting; try again")));
    }
  }

  void Next() {
    page_.Clear();
    const absl::StatusOr<bool> more = source_(page_);
    if (more.ok() && *more && !cancelled_) {
      this->StartWrite(&page_);
    } else {
      this->Finish(cancelled_ ? grpc::Status::CANCELLED : ToGrpcStatus(more.status()));
    }
  }

  Executor& executor_;
  StreamPlaces& places_;
  const Source source_;
  Page page_;
  std::atomic<bool> cancelled_ = false;
};

}  // namespace caseledger::rpc
