// What is read from files that change while the server runs.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "eventstore/base/mutex.h"

namespace caseledger::access {

// Files are compared by what they hold, each time: their times of change can lie, and they are
// small. Thread-safe.
template <typename T>
class Reloaded {
 public:
  using Contents = std::vector<std::string>;
  using Read = std::function<absl::StatusOr<Contents>()>;
  using Parse = std::function<absl::StatusOr<T>(const Contents&)>;

  Reloaded(Read read, Parse parse) : read_(std::move(read)), parse_(std::move(parse)) {}

  // Takes what changed. An error says why files as they are now cannot be taken; the value stays as
  // it was.
  absl::Status Refresh() {
    MutexLock refresh(&refresh_mutex_);
    absl::StatusOr<Contents> contents = read_();
    if (!contents.ok()) return contents.status();
    if (looked_ && *contents == seen_) return seen_status_;
    looked_ = true;
    seen_ = *std::move(contents);
    absl::StatusOr<T> parsed = parse_(seen_);
    seen_status_ = parsed.status();
    if (!parsed.ok()) return seen_status_;
    MutexLock lock(&mutex_);
    value_ = std::make_shared<const T>(*std::move(parsed));
    return absl::OkStatus();
  }

  // Null until a first Refresh() was OK.
  std::shared_ptr<const T> value() const {
    MutexLock lock(&mutex_);
    return value_;
  }

 private:
  const Read read_;
  const Parse parse_;
  Mutex refresh_mutex_;  // before mutex_
  bool looked_ ABSL_GUARDED_BY(refresh_mutex_) = false;
  Contents seen_ ABSL_GUARDED_BY(refresh_mutex_);
  absl::Status seen_status_ ABSL_GUARDED_BY(refresh_mutex_);
  mutable Mutex mutex_;
  std::shared_ptr<const T> value_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace caseledger::access
