// Three nodes of PostgreSQL under Patroni and etcd, with the configuration that is delivered
// (deploy/postgres/patroni.yml): one is the primary, and Patroni says which.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tests/support/node_networks.h"

namespace caseledger::testing {

// With fsync on and the roles of PostgresCluster; stopped and removed by the
// destructor. Not thread-safe, but what connects to it need not care.
class PatroniCluster {
 public:
  static constexpr size_t kNodes = 3;

  // All nodes run, and commits wait for both standbys. Each on its network of `networks`, of which
  // there are kNodes and which must outlive this, with etcd beside the test; or all on the
  // loopback. NOT_FOUND: says which package is missing.
  static absl::StatusOr<std::unique_ptr<PatroniCluster>> Start(NodeNetworks* networks = nullptr);
  ~PatroniCluster();
  PatroniCluster(const PatroniCluster&) = delete;
  PatroniCluster& operator=(const PatroniCluster&) = delete;

  // A new empty database that PostgresCluster::kOwner owns; its name.
  absl::StatusOr<std::string> CreateDatabase();
  // Of libpq: whichever node is the primary, or what else `target` says.
  std::string Dsn(const std::string& database, const std::string& role,
                  const std::string& target = "read-write") const;

  // Waits for a primary that is none of `others`, and takes writes.
  absl::StatusOr<size_t> AwaitPrimary(const std::vector<size_t>& others = {}) const;
  // Waits until commits wait for so many standbys, each of which would be promoted.
  absl::Status AwaitSynchronous(size_t standbys) const;

  // SIGKILL to all of PostgreSQL's processes on the node at once; its Patroni sees it.
  void KillDatabase(size_t node);
  // With its Patroni, as if the machine had failed. StartNode brings it back.
  void KillNode(size_t node);
  absl::Status StartNode(size_t node);
  // The node does nothing more, its connections stay.
  void Freeze(size_t node);
  // Where there are networks: the node goes on, and nothing it sends arrives anywhere.
  bool CanCut() const { return networks_ != nullptr; }
  void Cut(size_t node);
  void Mend(size_t node);
  // Its PostgreSQL goes on, and its Patroni does not: of version 3.0.2, which Debian 12 has, it may
  // take the other nodes' agreement back that it does not know of. A watchdog would end both.
  void ThawDatabase(size_t node);
  bool SaysItIsPrimary(size_t node) const;
  // What Patroni and PostgreSQL said last, but that nothing happens.
  std::string Logs() const;
  // Every session of PostgresCluster::kServerRole with the node.
  void EndSessions(size_t node);

 private:
  struct Node {
    std::string directory;  // of its configuration, socket, log, and `data`
    std::string host = "127.0.0.1";
    std::vector<std::string> in_front;  // of what runs on it
    int port = 0;                       // of PostgreSQL
    int rest_port = 0;                  // of Patroni
    pid_t patroni = -1;
  };

  PatroniCluster() = default;
  absl::Status StartEtcd(const std::string& host);
  // PostgreSQL's processes on the node, the first one first.
  static std::vector<pid_t> DatabaseOf(const Node& node);
  static std::string DsnOf(const Node& node, const std::string& database, const std::string& role);
  void Stop(Node& node);

  NodeNetworks* networks_ = nullptr;
  std::string directory_;  // of etcd and the archive
  std::string etcd_at_;    // with its port
  pid_t etcd_ = -1;
  std::vector<Node> nodes_;
  int databases_ = 0;
};

}  // namespace caseledger::testing
