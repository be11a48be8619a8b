#include "eventstore/postgres/connection_pool.h"

#include <chrono>
#include <utility>

namespace caseledger::eventstore::postgres {

absl::StatusOr<ConnectionPool::Lease> ConnectionPool::Take() {
  {
    MutexLock lock(&mutex_);
    mutex_.AwaitFor(this, &ConnectionPool::HasRoom, std::chrono::microseconds(max_wait_));
    DropIdleOfOldPrimaries();
    if (!idle_.empty()) {
      Lease lease(*this, std::move(idle_.back()));
      idle_.pop_back();
      return lease;
    }
    if (open_ >= max_connections_) {
      return absl::UnavailableError(kAllInUse);
    }
    ++open_;
  }
  absl::StatusOr<std::unique_ptr<Connection>> opened = Connection::Open(session_);
  if (opened.ok()) return Lease(*this, *std::move(opened));
  MutexLock lock(&mutex_);
  --open_;
  return std::move(opened).status();
}

void ConnectionPool::GiveBack(std::unique_ptr<Connection> connection) {
  if (connection->Reset() && !connection->IsOfOldPrimary()) {
    MutexLock lock(&mutex_);
    idle_.push_back(std::move(connection));
    return;
  }
  connection.reset();
  {
    MutexLock lock(&mutex_);
    --open_;
  }
  // What ended one session has probably ended all: a server that restarted or lost its role.
  DropIdle();
}

void ConnectionPool::DropIdleOfOldPrimaries() {
  open_ -= std::erase_if(idle_, [](const auto& session) { return session->IsOfOldPrimary(); });
}

void ConnectionPool::DropIdle() {
  std::vector<std::unique_ptr<Connection>> dropped;
  MutexLock lock(&mutex_);
  dropped.swap(idle_);
  open_ -= dropped.size();
}

}  // namespace caseledger::eventstore::postgres
