// A PostgreSQL of several nodes that replicate: one is the primary, and a COMMIT waits for one of
// the others. The test is what Patroni is elsewhere: it kills, promotes and brings back.
#pragma once

#include <sys/types.h>

#include <cstddef>
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
  static constexpr size_t kNodes = 3;

  // All nodes run, and commits wait for a standby.
  static absl::StatusOr<std::unique_ptr<PostgresReplicas>> Start();
  ~PostgresReplicas();
  PostgresReplicas(const PostgresReplicas&) = delete;
  PostgresReplicas& operator=(const PostgresReplicas&) = delete;

  // A new empty database that PostgresCluster::kOwner owns; its name.
  absl::StatusOr<std::string> CreateDatabase();
  // Of libpq: whichever node is the primary.
  std::string Dsn(const std::string& database, const std::string& role) const;
  size_t primary() const { return primary_; }

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
  absl::Status MakeStandby(size_t node);
  absl::Status StartServer(size_t node);
  // Where a node takes the log from, and whom it waits for when it is the primary.
  absl::Status Configure(size_t node, const std::string& lines);
  std::string FollowingLines(size_t node) const;
  std::string DsnOf(size_t node, const std::string& database, const std::string& role) const;
  void Stop(Node& node);

  std::vector<Node> nodes_;
  size_t primary_ = 0;
  size_t killed_ = kNodes;  // none
  int databases_ = 0;
};

}  // namespace caseledger::testing
