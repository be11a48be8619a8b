// Machines of a test that have a network of their own each, and a cable that can be pulled: Linux
// network namespaces, joined by a bridge that the test stands on as well.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace caseledger::testing {

// Removed by the destructor. Not thread-safe.
class NodeNetworks {
 public:
  // FAILED_PRECONDITION: says why this machine has none to give, which takes root and the package
  // iproute2.
  static absl::StatusOr<std::unique_ptr<NodeNetworks>> Make(size_t nodes);
  ~NodeNetworks();
  NodeNetworks(const NodeNetworks&) = delete;
  NodeNetworks& operator=(const NodeNetworks&) = delete;

  // IPv4, of the test itself as all nodes see it.
  std::string host() const { return AddressOf(1); }
  std::string address(size_t node) const { return AddressOf(node + 2); }
  // What to put in front of a command, of root's, that is to run on the node.
  std::vector<std::string> in_front(size_t node) const;

  // Nothing goes in or out, and nobody is told: what was sent is lost.
  absl::Status Cut(size_t node);
  absl::Status Mend(size_t node);

 private:
  explicit NodeNetworks(size_t nodes);
  absl::Status MakeAll();
  std::string AddressOf(size_t number) const;
  // Namespace and, in the test's own network, the end of its cable.
  std::string NameOf(size_t node) const;
  // Of the program `ip`.
  absl::Status Ip(std::vector<std::string> words) const;

  const size_t nodes_;
  std::string directory_;
  std::string bridge_;
};

}  // namespace caseledger::testing
