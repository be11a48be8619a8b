// Who is at the other end of a call.
#pragma once

#include <grpcpp/grpcpp.h>

#include "services/access/call.h"

namespace caseledger::rpc {

access::Call CallOf(const grpc::CallbackServerContext& context);
// The same for who only reads: on plain text they need not say who they are.
access::Call ReaderOf(const grpc::CallbackServerContext& context);

}  // namespace caseledger::rpc
