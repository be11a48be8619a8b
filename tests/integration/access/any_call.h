// Calls of every rpc that a server has, whatever its shape: for tests of who gets in.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <vector>

namespace caseledger::testing {

// All public methods, health, reflection, and one that is not there.
std::vector<std::string> EveryPath();

enum class Deadline { kSet, kNone };

// An empty request: what is refused at the door is not read. OK as soon as anything is answered,
// for some streams never end. `authorizations`: `Bearer TOKEN` each.
grpc::Status CallAny(const std::shared_ptr<grpc::Channel>& channel, const std::string& path,
                     const std::vector<std::string>& authorizations,
                     Deadline deadline = Deadline::kSet);

}  // namespace caseledger::testing
