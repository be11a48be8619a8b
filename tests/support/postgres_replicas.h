// A PostgreSQL of several nodes that replicate: one is the primary, and a COMMIT waits for one of
// the others. The test is what Patroni is elsewhere: it kills, promotes and brings back.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace caseledger::testing {

// As PostgresCluster: on sockets alone, with fsync on, its roles, and stopped and removed by the
// destructor. Not thread-safe, but what connects to it need not care.
class PostgresReplicas {
 public:
  static constexpr int kNodes = 3;

  // All nodes run, and commits wait for a standby.
  static absl::StatusOr<std::unique_ptr<PostgresReplicas>> Start();
  ~PostgresReplicas();
  PostgresReplicas(const PostgresReplicas&) = delete;
  PostgresReplicas& operator=(const PostgresReplicas&) = delete;

  // A new empty database that PostgresCluster::kOwner owns; its name.
  absl::StatusOr<std::string> CreateDatabase();
  // Of libpq: whichever node is the primary.
  std::string Dsn(const std::string& database, const std::string& role) const;
  int primary() const { return primary_; }

  // SIGKILL to all of the primary's processes at once.
  void KillPrimary();
  // The standby that has most of the log becomes the primary, as it has all that was acknowledged;
  // the other one follows it.
  absl::Status Promote();
  // The node that was killed becomes a standby of the primary, from nothing.
  absl::Status BringBack();

 private:
  struct Node {
    std::string directory;  // of its socket, log, and `data`
    pid_t server = -1;
  };

  PostgresReplicas() = default;
  absl::Status MakeFirst();
  absl::Status MakeStandby(int node);
  absl::Status StartServer(int node);
  // Where a node takes the log from, and whom it waits for when it is the primary.
  absl::Status Configure(int node, const std::string& lines);
  std::string FollowingLines(int node) const;
  std::string DsnOf(int node, const std::string& database, const std::string& role) const;
  void Stop(Node& node);

  std::vector<Node> nodes_;
  int primary_ = 0;
  int killed_ = -1;
  int databases_ = 0;
};

}  // namespace caseledger::testing
