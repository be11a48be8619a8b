// What a rule can be about: everything that can be asked of a server.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"

namespace caseledger::access {

// Methods of the services in these files, and `Import` and `Refer`.
std::set<std::string> ActionsOf(const std::vector<const google::protobuf::FileDescriptor*>& files);

// Methods of all public services, and `Import` and `Refer`. Health and reflection are not among
// them.
const std::set<std::string>& PublicActions();

}  // namespace caseledger::access
