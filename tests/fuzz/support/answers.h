// What every answer looks like to a client.
#pragma once

#include "absl/status/status.h"
#include "google/protobuf/message.h"

namespace caseledger::fuzz {

// A refusal has a code that a client can act upon, a known reason, and fits the metadata of a call.
void CheckRefusal(const absl::Status& status);

// A response reaches the client: its texts are texts.
void CheckResponse(const google::protobuf::Message& response);

}  // namespace caseledger::fuzz
