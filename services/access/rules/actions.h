// What a rule can be about: everything that can be asked of a server.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "caseledger/options/v1/options.pb.h"
#include "google/protobuf/descriptor.h"

namespace caseledger::access {

// Methods of the services in these files, and `Import` and `Refer`.
std::set<std::string> ActionsOf(const std::vector<const google::protobuf::FileDescriptor*>& files);

// The files of all public services.
const std::vector<const google::protobuf::FileDescriptor*>& PublicFiles();

// The action that a command for a record of `kind` is asked about: its method, or `Import` when it
// carries an import source. What can give rights stays under its own name whoever imports it: on
// agencies everything but what describes them (roles, and corrections of roles), on definitions
// everything. Else the right to import would be the right to everything.
std::string_view ActionOfCommand(std::string_view method, options::v1::RecordKind kind,
                                 bool imported);

// Methods of all public services, and `Import` and `Refer`. Health and reflection are not among
// them.
const std::set<std::string>& PublicActions();

}  // namespace caseledger::access
