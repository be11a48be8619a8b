#include "tests/support/node_networks.h"

#include <unistd.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "tests/support/postgres_programs.h"

namespace caseledger::testing {
namespace {

constexpr char kIp[] = "/usr/sbin/ip";

}  // namespace

NodeNetworks::NodeNetworks(size_t nodes)
    // An interface's name has at most 15 bytes.
    : nodes_(nodes), bridge_(StrCat("cl", getpid(), "b")) {}

absl::StatusOr<std::unique_ptr<NodeNetworks>> NodeNetworks::Make(size_t nodes) {
  if (geteuid() != 0) return absl::FailedPreconditionError("only root can make networks");
  if (access(kIp, X_OK) != 0) {
    return absl::FailedPreconditionError(
        StrCat("there is no ", kIp, ": install the Debian package iproute2"));
  }
  std::unique_ptr<NodeNetworks> networks(new NodeNetworks(nodes));
  ASSIGN_OR_RETURN(networks->directory_, MakePostgresDirectory());
  const absl::Status made = networks->MakeAll();
  if (made.ok()) return networks;
  return absl::FailedPreconditionError(
      StrCat("this machine gives no networks: ", FromAbsl(made.message())));
}

absl::Status NodeNetworks::MakeAll() {
  RETURN_IF_ERROR(Ip({"link", "add", bridge_, "type", "bridge"}));
  RETURN_IF_ERROR(Ip({"address", "add", host() + "/24", "dev", bridge_}));
  RETURN_IF_ERROR(Ip({"link", "set", bridge_, "up"}));
  for (size_t node = 0; node < nodes_; ++node) {
    const std::string name = NameOf(node);
    RETURN_IF_ERROR(Ip({"netns", "add", name}));
    RETURN_IF_ERROR(
        Ip({"link", "add", name, "type", "veth", "peer", "name", "cable", "netns", name}));
    RETURN_IF_ERROR(Ip({"link", "set", name, "master", bridge_, "up"}));
    RETURN_IF_ERROR(Ip({"-n", name, "link", "set", "lo", "up"}));
    RETURN_IF_ERROR(Ip({"-n", name, "address", "add", address(node) + "/24", "dev", "cable"}));
    RETURN_IF_ERROR(Ip({"-n", name, "link", "set", "cable", "up"}));
  }
  return absl::OkStatus();
}

NodeNetworks::~NodeNetworks() {
  if (directory_.empty()) return;
  for (size_t node = 0; node < nodes_; ++node) {
    // The cable goes with it.
    Ip({"netns", "delete", NameOf(node)}).IgnoreError();
  }
  Ip({"link", "delete", bridge_}).IgnoreError();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

std::string NodeNetworks::AddressOf(size_t number) const {
  // Of the private addresses, as different for two tests as is easily had.
  return StrCat("10.231.", getpid() % 256, ".", number);
}

std::string NodeNetworks::NameOf(size_t node) const { return StrCat("cl", getpid(), "n", node); }

std::vector<std::string> NodeNetworks::in_front(size_t node) const {
  return {kIp, "netns", "exec", NameOf(node)};
}

absl::Status NodeNetworks::Cut(size_t node) {
  return Ip({"link", "set", NameOf(node), "nomaster"});
}

absl::Status NodeNetworks::Mend(size_t node) {
  return Ip({"link", "set", NameOf(node), "master", bridge_});
}

absl::Status NodeNetworks::Ip(std::vector<std::string> words) const {
  words.insert(words.begin(), kIp);
  return RunProgram(std::move(words), directory_ + "/ip.log");
}

}  // namespace caseledger::testing
