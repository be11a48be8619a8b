// A standby of a cluster that tests start by themselves.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tests/support/postgres_cluster.h"

namespace caseledger::testing {

// Follows the cluster as it is, and asynchronously: what the cluster commits comes a moment later.
// Where and under whom it runs, and how it ends, as of the cluster, which must outlive it. Not
// thread-safe.
class PostgresStandby {
 public:
  // Has all that the cluster has.
  static absl::StatusOr<std::unique_ptr<PostgresStandby>> Start(const PostgresCluster& cluster);
  ~PostgresStandby();
  PostgresStandby(const PostgresStandby&) = delete;
  PostgresStandby& operator=(const PostgresStandby&) = delete;

  std::string Dsn(const std::string& database, const std::string& role) const;

  // Waits until it shows what the cluster has committed.
  absl::Status CatchUp() const;
  // It receives, and shows nothing new.
  absl::Status Pause() const;
  absl::Status GoOn() const;
  // A primary of its own from now on, which knows nothing more of the cluster.
  absl::Status Promote() const;
  // After that: a standby as it is, which cannot follow the cluster.
  absl::Status BeStandbyAgain();
  void Stop();

 private:
  explicit PostgresStandby(const PostgresCluster& cluster) : cluster_(cluster) {}
  absl::Status StartServer();
  absl::Status Tell(const std::string& sql) const;

  const PostgresCluster& cluster_;
  std::string directory_;
  pid_t server_ = -1;
};

}  // namespace caseledger::testing
