// A bounded number of sessions, lent out one at a time, with a bound on waiting for one.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "eventstore/base/mutex.h"
#include "eventstore/postgres/connection.h"

namespace caseledger::eventstore::postgres {

// Thread-safe. Must outlive its leases.
class ConnectionPool {
 public:
  // A session on loan; given back by the destructor, without a transaction left open.
  class Lease {
   public:
    Lease(ConnectionPool& pool, std::unique_ptr<Connection> connection)
        : pool_(&pool), connection_(std::move(connection)) {}
    Lease(Lease&&) = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (connection_ != nullptr) pool_->GiveBack(std::move(connection_));
    }
    Connection& operator*() const { return *connection_; }
    Connection* operator->() const { return connection_.get(); }

   private:
    ConnectionPool* pool_;
    std::unique_ptr<Connection> connection_;
  };

  // What Take says then.
  static constexpr char kAllInUse[] = "all connections to PostgreSQL are in use";

  ConnectionPool(PostgresSession session, size_t max_connections, Micros max_wait)
      : session_(std::move(session)), max_connections_(max_connections), max_wait_(max_wait) {}

  // UNAVAILABLE: all are in use for too long, or no session can be opened.
  absl::StatusOr<Lease> Take() ABSL_LOCKS_EXCLUDED(mutex_);

  // Ends the sessions that nobody uses.
  void DropIdle() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  bool HasRoom() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return !idle_.empty() || open_ < max_connections_;
  }
  void DropIdleOfOldPrimaries() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void GiveBack(std::unique_ptr<Connection> connection) ABSL_LOCKS_EXCLUDED(mutex_);

  const PostgresSession session_;
  const size_t max_connections_;
  const Micros max_wait_;
  Mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_ ABSL_GUARDED_BY(mutex_);
  size_t open_ ABSL_GUARDED_BY(mutex_) = 0;  // idle and lent
};

}  // namespace caseledger::eventstore::postgres
