// A server stream of pages: reads a page on the pool, writes it, and reads the next only when it is
// written, so a slow reader holds one page and nothing more.
#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <functional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/rpc/executor.h"
#include "services/rpc/status.h"

namespace caseledger::rpc {

template <typename Page>
class PageStream final : public grpc::ServerWriteReactor<Page> {
 public:
  // Fills the page; false at the end (the page is then not sent).
  using Source = std::function<absl::StatusOr<bool>(Page& page)>;

  PageStream(Executor& executor, Source source) : executor_(executor), source_(std::move(source)) {
    PostNext();
  }

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
  const Source source_;
  Page page_;
  std::atomic<bool> cancelled_ = false;
};

}  // namespace caseledger::rpc
