// A command that has passed every check that needs no record: ready to be decided inside the
// sequencer.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "caseledger/v1/common.pb.h"
#include "eventstore/base/uuid.h"
#include "services/access/call.h"
#include "services/commands/fact_schema.h"

namespace caseledger::commands {

struct PreparedCommand {
  v1::Command command;  // normalised; references not resolved yet
  RecordKind kind;      // of the record the command is for
  access::Call call;
  std::string_view action;  // method the rules know it by
  Uuid request_id;
  Uuid new_record_id;  // for a record that the command begins and the client gave no UUID for
  bool imported = false;
  // The right to import covers it. What gives rights is never covered: else that would be the right
  // to everything.
  bool by_right_to_import = false;
  bool from_server = false;  // recorded by the server itself (timers)
  std::vector<std::string> data_quality;
};

}  // namespace caseledger::commands
