// A command that has passed every check that needs no record: ready to be decided inside the
// sequencer.
#pragma once

#include <string>
#include <vector>

#include "caseledger/v1/common.pb.h"
#include "eventstore/base/uuid.h"
#include "services/commands/fact_schema.h"
#include "services/domain/context.h"

namespace caseledger::commands {

struct PreparedCommand {
  v1::Command command;  // normalised; references not resolved yet
  RecordKind kind;      // of the record the command is for
  domain::Caller caller;
  Uuid request_id;
  Uuid new_record_id;  // for a record that the command begins and the client gave no UUID for
  bool imported = false;
  bool from_server = false;  // recorded by the server itself (timers)
  std::vector<std::string> data_quality;
};

}  // namespace caseledger::commands
