// What clients sent and what they were told: the truth that a restarted server is held to.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "caseledger/v1/common.pb.h"

namespace caseledger::testing {

struct Sent {
  v1::Command command;
  // The answer; nothing when the connection was lost before it came.
  std::optional<v1::CommandResult> result;
};

// How often somebody asked for a case, and how often they heard an answer.
struct Looks {
  int asked = 0;
  int answered = 0;
};
// By the actor who looked and the case.
using LooksByCase = std::map<std::pair<std::string, std::string>, Looks>;

// Thread-safe.
class Journal {
 public:
  // What was in the ledger before anybody wrote, and must stay: rules, roles, agencies.
  void SetBeginning(std::vector<v1::RecordedEvent> events) {
    const std::lock_guard lock(mutex_);
    beginning_ = std::move(events);
  }
  std::vector<v1::RecordedEvent> beginning() const {
    const std::lock_guard lock(mutex_);
    return beginning_;
  }

  // Notes a command before it is sent and returns its index.
  size_t Begin(const v1::Command& command) {
    const std::lock_guard lock(mutex_);
    sent_.push_back({command, std::nullopt});
    return sent_.size() - 1;
  }

  void Acknowledge(size_t index, const v1::CommandResult& result) {
    const std::lock_guard lock(mutex_);
    sent_[index].result = result;
    ++acknowledged_;
    changed_.notify_all();
  }

  // Before a case is asked for, and when an answer came, a refusal or not.
  void BeginLook(const std::string& actor, const std::string& case_id) {
    const std::lock_guard lock(mutex_);
    ++looks_[{actor, case_id}].asked;
  }
  void EndLook(const std::string& actor, const std::string& case_id) {
    const std::lock_guard lock(mutex_);
    ++looks_[{actor, case_id}].answered;
  }
  LooksByCase looks() const {
    const std::lock_guard lock(mutex_);
    return looks_;
  }

  size_t acknowledged() const {
    const std::lock_guard lock(mutex_);
    return acknowledged_;
  }

  // Waits until so many answers came, or every writer has given up.
  void WaitForAcknowledged(size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return acknowledged_ >= count || writers_ == 0; });
  }

  void WriterBegins() {
    const std::lock_guard lock(mutex_);
    ++writers_;
  }
  void WriterEnds() {
    const std::lock_guard lock(mutex_);
    --writers_;
    changed_.notify_all();
  }

  // In the order of sending.
  std::vector<Sent> All() const {
    const std::lock_guard lock(mutex_);
    return {sent_.begin(), sent_.end()};
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<v1::RecordedEvent> beginning_;
  std::deque<Sent> sent_;
  LooksByCase looks_;
  size_t acknowledged_ = 0;
  int writers_ = 0;
};

}  // namespace caseledger::testing
