// One who follows a ledger from the beginning, leaves and comes back, and must see everything once.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "caseledger/v1/history.grpc.pb.h"
#include "gtest/gtest.h"
#include "tests/integration/support/client.h"

namespace caseledger::testing {

// An auditor, who sees all that is recorded. Keeps ids only, so that a long ledger fits into
// memory. Not thread-safe.
class Follower {
 public:
  // `filter` are names of facts; empty: all. Begins at position `from` when first resumed.
  explicit Follower(Cast& cast, uint64_t from = 0, std::vector<std::string> filter = {})
      : client_(cast, "", Cast::Auditor()), filter_(std::move(filter)), next_(from) {}
  ~Follower() { Leave(); }

  // Subscribes where it last was.
  void Resume() {
    Leave();
    context_.emplace();
    client_.Prepare(*context_);
    context_->set_deadline(std::chrono::system_clock::now() + std::chrono::minutes(2));
    v1::SubscribeRequest request;
    request.set_from_position(next_);
    for (const std::string& name : filter_) request.add_fact_names(name);
    reader_ = v1::HistoryService::NewStub(client_.channel())->Subscribe(&*context_, request);
    caught_up_ = false;
  }

  // Reads one message; false when the subscription has ended.
  bool ReadOne() {
    v1::SubscribeResponse response;
    if (!reader_->Read(&response)) return false;
    for (const v1::RecordedEvent& event : response.events()) {
      ExpectNext(event.position());
      next_ = event.position() + 1;
      event_ids_.push_back(event.event_id());
    }
    ExpectNext(response.next_position());
    next_ = response.next_position();
    ++messages_;
    if (response.state() == v1::SUBSCRIPTION_STATE_CAUGHT_UP) caught_up_ = true;
    if (response.state() == v1::SUBSCRIPTION_STATE_FELL_BEHIND) {
      EXPECT_TRUE(caught_up_) << "behind twice";
      caught_up_ = false;
      ++fell_behind_;
    }
    return true;
  }
  // Reads until everything before `position` was delivered or left out.
  bool ReadUntil(uint64_t position) {
    while (next_ < position) {
      if (!ReadOne()) return false;
    }
    return true;
  }
  // Reads until everything recorded so far was; what else was sent is thrown away.
  bool ReadUntilCaughtUp() {
    while (!caught_up_) {
      if (!ReadOne()) return false;
    }
    return true;
  }

  // Goes in the middle of things: what is on its way is thrown away.
  void Leave() {
    if (reader_ == nullptr) return;
    context_->TryCancel();
    reader_->Finish();
    reader_.reset();
  }

  uint64_t next() const { return next_; }
  uint64_t messages() const { return messages_; }
  uint64_t fell_behind() const { return fell_behind_; }
  const std::vector<std::string>& event_ids() const { return event_ids_; }

 private:
  // Without a filter nothing is left out.
  void ExpectNext(uint64_t position) const {
    EXPECT_GE(position, next_) << "doubled or out of order";
    EXPECT_TRUE(!filter_.empty() || position == next_) << "lost: " << next_ << " to " << position;
  }

  const Client client_;
  const std::vector<std::string> filter_;
  uint64_t next_;
  std::optional<grpc::ClientContext> context_;
  std::unique_ptr<grpc::ClientReader<v1::SubscribeResponse>> reader_;
  std::vector<std::string> event_ids_;
  uint64_t messages_ = 0;
  uint64_t fell_behind_ = 0;
  bool caught_up_ = false;
};

}  // namespace caseledger::testing
